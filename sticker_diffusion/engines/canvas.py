"""The sticker's square in the middle of a pipeline's canvas, there and back."""

import torch
from PIL import Image
from torch import Tensor


def compose(sticker: Tensor, colour: tuple[float, float, float], *, width: int, height: int) -> Image.Image:
    """RGB image of a sticker (4, s, s), premultiplied in [0, 1], s = min(width, height), on a colour in [0, 1]."""
    key = torch.tensor(colour)[:, None, None]
    canvas = key.expand(3, height, width).clone()
    square(canvas).copy_(sticker[:3] + (1 - sticker[3:]) * key)
    return Image.fromarray((canvas * 255).round().to(torch.uint8).permute(1, 2, 0).contiguous().numpy(), "RGB")


def square(frames: Tensor) -> Tensor:
    """The middle square (…, s, s) of (…, H, W), s = min(H, W), as a view."""
    height, width = frames.shape[-2:]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    return frames[..., top : top + side, left : left + side]
