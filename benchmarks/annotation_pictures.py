"""Stickers and loops that a browser can decode, for batches whose clips were only declared ready."""

from itertools import count
from pathlib import Path

import numpy as np
from PIL import Image

from annotator.generation.models import Batch, Clip
from annotator.media import store
from annotator.prompts.models import Prompt
from demo.machine import ROOT
from inference_worker.encoding import EncodedClip, encode

SIDE, FRAMES, FRAME_RATE = 320, 8, 8
DRAWN = 8


def bobbing(sticker: Path) -> EncodedClip:
    """The sticker, moving up and down by a twelfth of the picture."""
    still = np.asarray(Image.open(sticker).convert("RGBA").resize((SIDE, SIDE)))
    moves = [round(SIDE / 12 * np.sin(2 * np.pi * frame / FRAMES)) for frame in range(FRAMES)]
    return encode(np.stack([np.roll(still, move, axis=0) for move in moves]), frame_rate=FRAME_RATE)


def numbered(webp: bytes, number: int) -> bytes:
    """The same picture at another address: with a chunk that decoders pass over."""
    content = webp[8:] + b"NOTE" + (4).to_bytes(4, "little") + number.to_bytes(4, "little")
    return webp[:4] + len(content).to_bytes(4, "little") + content


def draw(batch: Batch) -> None:
    stickers = sorted((ROOT / "demo" / "stickers").glob("*.png"))[:DRAWN]
    loops = [bobbing(sticker) for sticker in stickers]
    numbers = count(1)
    prompts = list(Prompt.objects.filter(prompt_set=batch.prompt_set))
    for prompt in prompts:
        prompt.sticker = store.put(stickers[prompt.pk % DRAWN].read_bytes(), "png")
    Prompt.objects.bulk_update(prompts, ["sticker"])
    clips = list(Clip.objects.filter(candidates__task__batch=batch).distinct())
    for clip in clips:
        loop = loops[clip.pk % DRAWN]
        clip.sheet, clip.media = store.put(numbered(loop.sheet, next(numbers)), "webp"), loop.media
        clip.animation = store.put(numbered(loop.animation, next(numbers)), "webp")
    Clip.objects.bulk_update(clips, ["sheet", "animation", "media"], batch_size=200)
