"""What a simulated annotator sees: a clip's metrics by the address of its sprite sheet, and nothing of who made it."""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import replace
from io import BytesIO
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from torch import Tensor

from inference_worker.blobs import BlobStore
from sticker_diffusion.metrics.clip_file import read_clip
from sticker_diffusion.metrics.clip_metrics import ClipMetrics
from sticker_diffusion.metrics.probe import FRAMES, SIZE
from sticker_diffusion.metrics.relevance import TemplateBank
from sticker_diffusion.stickers.image import premultiplied_square, resize

Json = dict[str, Any]
Eyes = dict[str, ClipMetrics | None]
"""Address of a sheet → its clip's metrics; None for a clip that could not be measured, which nobody shares."""


def recorded(clips: Sequence[Json]) -> Eyes:
    """As the worker measured every clip, on the frames that people see."""
    return {clip["sheet"]: None if "error" in clip["metrics"] else ClipMetrics(**clip["metrics"]) for clip in clips}


def with_nearest(eyes: Eyes, nearest: dict[str, str]) -> Eyes:
    """The same with the nearest motion by sheet, which judge B insists on."""
    return {
        sheet: replace(seen, nearest_motion=nearest[sheet]) if seen is not None and sheet in nearest else seen
        for sheet, seen in eyes.items()
    }


def nearest_motions(
    clips: Sequence[Json], *, blobs: str, processes: int, tell: Callable[[int, int], None]
) -> dict[str, str]:
    """By sheet. The templates of a sticker take longer to draw than all of its clips to compare, so clips go together
    by sticker, `processes` stickers at a time."""
    by_sticker: dict[str, list[Json]] = defaultdict(list)
    for clip in clips:
        by_sticker[clip["sticker"]].append(clip)
    found: dict[str, str] = {}
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        asked = [pool.submit(nearest_of_sticker, blobs, sticker, of) for sticker, of in by_sticker.items()]
        for done in as_completed(asked):
            found |= done.result()
            tell(len(found), len(clips))
    return found


def nearest_of_sticker(blobs: str, sticker: str, clips: Sequence[Json]) -> dict[str, str]:
    """As `clip_metrics.measure(…, nearest=True)` names it, from the lossless masters."""
    torch.set_num_threads(1)
    store = BlobStore(blobs)
    templates = TemplateBank(small_sticker(store.get(sticker)))
    return {clip["sheet"]: templates.recognise(small_frames(clip["master"], store)).template.seen_as for clip in clips}


def small_sticker(data: bytes) -> Tensor:
    """(4, 64, 64) premultiplied in [-1, 1], from the sticker's file."""
    image = Image.open(BytesIO(data))
    return resize(premultiplied_square(image, max(image.size)), SIZE)


def small_frames(master: str, store: BlobStore, *, size: int = SIZE) -> Tensor:
    """(8, 4, size, size) premultiplied in [-1, 1], of the lossless master with this name."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "master.webp"
        store.fetch(master, file)
        frames = read_clip(file)
    eight = frames[[place * len(frames) // FRAMES for place in range(FRAMES)]]
    return torch.stack([premultiplied_square(Image.fromarray(frame, "RGBA"), size) for frame in eight])
