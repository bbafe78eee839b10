"""A picture of labelled rows of frames, on one background."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from PIL import Image, ImageDraw
from torch import Tensor

BACKGROUND = (150, 190, 215)
INK = (20, 30, 45)
LABEL = 132


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
