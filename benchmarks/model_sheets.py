"""Pictures for the model's card: what it makes of every verb, and how crisp it is at full size."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch.nn.functional as F
from PIL import Image

from benchmarks.grid_sheet import grid_sheet
from sticker_diffusion.metrics.evaluation import FULL_SIZE, Sampled, stickers_of
from sticker_diffusion.metrics.relevance import TemplateBank
from sticker_diffusion.stickers.clips import render_clip
from sticker_diffusion.stickers.emoji import StickerBank
from sticker_diffusion.stickers.image import resize

CROPPED_VERBS = ("spinning", "jumping", "swinging", "waving", "rippling", "hearts", "tears")
CROPPED_FRAME = 3


def one_of_each_verb(sampled: Sampled) -> dict[str, int]:
    """The position of each verb's first clip."""
    first: dict[str, int] = {}
    for i, pair in enumerate(sampled.pairs):
        first.setdefault(pair.verb, i)
    return dict(sorted(first.items()))


def contact_sheet(sampled: Sampled, bank: StickerBank) -> Image.Image:
    """Verbs × frames: the model's clip, then its procedural target."""
    rows = []
    for verb, i in one_of_each_verb(sampled).items():
        small = resize(stickers_of(bank, [sampled.pairs[i]])[0], sampled.small.shape[-1])
        templates = TemplateBank(small, pose=sampled.pose)
        target = templates.target(templates.fit(sampled.small[i], verb=verb))
        rows.append((verb, [*sampled.small[i], *target]))
    return grid_sheet(rows, heads=((0, "model, held-out stickers"), (sampled.small.shape[1], "procedural target")))


def crop_sheet(sampled: Sampled, bank: StickerBank) -> Image.Image:
    """Full size: sticker, the model's frame, its small frame merely enlarged, the target."""
    rows = []
    for verb, i in one_of_each_verb(sampled).items():
        if verb not in CROPPED_VERBS:
            continue
        sticker = stickers_of(bank, [sampled.pairs[i]])[0]
        templates = TemplateBank(resize(sticker, sampled.small.shape[-1]), pose=sampled.pose)
        match = templates.fit(sampled.small[i], verb=verb)
        drawn = match.template
        target = render_clip(
            sticker,
            verb=verb,
            strength=drawn.strength,
            phase=match.phase,
            mirror=drawn.mirror,
            manner=drawn.manner,
            pose=sampled.pose,
        )
        enlarged = F.interpolate(sampled.small[i], size=FULL_SIZE, mode="bilinear")
        made = sampled.full[i].float() / 127.5 - 1
        rows.append((verb, [sticker, made[CROPPED_FRAME], enlarged[CROPPED_FRAME], target[CROPPED_FRAME]]))
    return grid_sheet(rows, heads=((0, "sticker"), (1, "model, full size"), (2, "enlarged from 64 px"), (3, "target")))


def prompts_sheet(sampled: Mapping[str, Sampled], bank: StickerBank, prompts: int) -> Image.Image:
    """Prompts × checkpoints: the sticker, then each checkpoint's clip of the same prompt with the same seed."""
    first = next(iter(sampled.values()))
    small = first.small.shape[-1]
    rows = []
    for i, pair in enumerate(first.pairs[:prompts]):
        sticker = resize(stickers_of(bank, [pair])[0], small)
        rows.append((pair.verb, [sticker, *(frame for made in sampled.values() for frame in made.small[i])]))
    frames = first.small.shape[1]
    heads = [(1 + frames * place, name) for place, name in enumerate(sampled)]
    return grid_sheet(rows, heads=[(0, "sticker"), *heads])


def write_sheets(sampled: Sampled, bank: StickerBank, *, name: str, folder: Path) -> list[Path]:
    """Write both sheets of a checkpoint as WebP."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for kind, sheet in (("clips", contact_sheet(sampled, bank)), ("crops", crop_sheet(sampled, bank))):
        path = folder / f"{name}-{kind}.webp"
        sheet.save(path, quality=82, method=6)
        written.append(path)
    return written
