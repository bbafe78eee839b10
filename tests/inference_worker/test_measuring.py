"""What is stored with a clip: figures of what annotators see, in plain JSON."""

import json

import numpy as np
import torch
from PIL import Image, ImageDraw

from inference_worker.encoding import Frames
from inference_worker.measuring import clip_metrics


def disc(alpha: int = 255) -> Image.Image:
    image = Image.new("RGBA", (96, 96))
    ImageDraw.Draw(image).ellipse((22, 22, 74, 74), fill=(220, 60, 30, alpha))
    return image


def sliding() -> Frames:
    return np.stack([np.roll(np.asarray(disc()), step, axis=1) for step in (0, 4, 8, 12, 16, 12, 8, 4)])


def test_a_clip_gets_figures_that_json_can_hold() -> None:
    measured = clip_metrics(sliding(), sticker=disc(), caption="a ball rolling", bucket_edges=torch.arange(15.0))
    assert json.loads(json.dumps(measured, allow_nan=False)) == measured
    assert measured["frames"] == 8
    assert measured["motion_size"] > 1
    assert measured["bucket"] == 1 + int(measured["motion_size"]) + 1
    assert measured["identity_db"] > 35
    assert (measured["verb_asked"], measured["frozen"]) == ("rolling", False)


def test_a_clip_of_a_sticker_that_can_hardly_be_seen_is_delivered_unmeasured() -> None:
    measured = clip_metrics(sliding(), sticker=disc(alpha=3), caption="roll", bucket_edges=torch.arange(15.0))
    assert measured.keys() == {"error"}
    assert "fully transparent" in measured["error"]
