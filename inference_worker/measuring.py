"""What is measured of every clip and stored with it."""

import dataclasses
import logging

import torch
from PIL import Image

from inference_worker.encoding import Frames
from inference_worker.messages import Json
from sticker_diffusion.metrics.clip_metrics import ClipError, measure

log = logging.getLogger(__name__)


def clip_metrics(frames: Frames, *, sticker: Image.Image, caption: str, bucket_edges: torch.Tensor) -> Json:
    """The figures of ClipMetrics by name; only `error` where the clip cannot be measured, as it is a clip all the same.

    frames (F,S,S,4), uint8 RGBA with straight alpha; bucket_edges (15,) are the checkpoint's own.
    """
    # Of this thread alone. More are slower at this size, and take the cores from whoever samples.
    torch.set_num_threads(1)
    try:
        return dataclasses.asdict(measure(frames, sticker, caption, bucket_edges=bucket_edges))
    except ClipError as error:
        log.warning("a clip cannot be measured: %s", error)
        return {"error": str(error)}
