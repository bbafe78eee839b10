"""Contact sheets: what the model makes of held-out stickers, under what the data would have made."""

from pathlib import Path

import torch
from PIL import Image
from torch import Tensor

BACKGROUND = (205, 220, 235)


def contact_sheet(rows: list[Tensor], path: Path) -> None:
    """Write rows of clips, each (F, 4, H, W) premultiplied in [−1, 1], as one PNG over a flat background."""
    background = torch.tensor(BACKGROUND).view(3, 1, 1) / 255
    strips = []
    for clip in rows:
        unit = ((clip.float() + 1) / 2).clamp(0, 1)
        over = (unit[:, :3] + (1 - unit[:, 3:]) * background).clamp(0, 1)
        strips.append(over.permute(1, 2, 0, 3).flatten(2))  # f c h w -> c h (f w)
    sheet = torch.cat(strips, dim=1)
    pixels = (sheet * 255).round().to(torch.uint8).permute(1, 2, 0).contiguous().numpy()
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)
