"""Pictures for the model's card: what it makes of every verb, and how crisp it is at full size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
import torch.nn.functional as F
from PIL import Image, ImageDraw
from torch import Tensor

from sticker_diffusion.metrics.evaluation import FULL_SIZE, Sampled, stickers_of
from sticker_diffusion.metrics.relevance import TemplateBank
from sticker_diffusion.stickers.clips import render_clip
from sticker_diffusion.stickers.emoji import StickerBank
from sticker_diffusion.stickers.image import resize

BACKGROUND = (150, 190, 215)
INK = (20, 30, 45)
LABEL = 132
CROPPED_VERBS = ("spinning", "jumping", "swinging", "waving", "rippling", "hearts", "tears")
CROPPED_FRAME = 3


def _picture(frame: Tensor) -> Image.Image:
    """(4,H,W) premultiplied in [-1,1] over the sheet's background."""
    unit = ((frame.float() + 1) / 2).clamp(0, 1)
    background = torch.tensor(BACKGROUND).view(3, 1, 1) / 255
    over = (unit[:3] + (1 - unit[3:]) * background).clamp(0, 1)
    return Image.fromarray((over * 255).round().byte().permute(1, 2, 0).contiguous().numpy())


def grid_sheet(rows: Sequence[tuple[str, Sequence[Tensor]]], *, heads: Sequence[tuple[int, str]]) -> Image.Image:
    """Labelled rows of frames (4,S,S), premultiplied in [-1,1], all of one size; `heads` are (column, title)."""
    side = rows[0][1][0].shape[-1]
    top = 16
    sheet = Image.new("RGB", (LABEL + side * len(rows[0][1]), top + side * len(rows)), BACKGROUND)
    draw = ImageDraw.Draw(sheet)
    for column, text in heads:
        draw.text((LABEL + column * side + 4, 2), text, fill=INK)
    for r, (label, frames) in enumerate(rows):
        draw.text((4, top + r * side + side // 2 - 6), label, fill=INK)
        for c, frame in enumerate(frames):
            sheet.paste(_picture(frame), (LABEL + c * side, top + r * side))
    return sheet


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
