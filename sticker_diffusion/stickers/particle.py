"""Small drawn things that motions emit: one warp from an atlas for all particles of a clip."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image, ImageDraw
from torch import Tensor

from sticker_diffusion.stickers.pose import Box

Point = tuple[float, float]
ATLAS_SHARE = 0.2
"""Side of a particle's sprite as a share of the canvas: about its largest drawn size, so that it is not aliased."""
_SUPERSAMPLE = 8
_OUTLINE = 0.09


def _heart() -> list[Point]:
    turns = [2 * math.pi * i / 80 for i in range(80)]
    return [
        (
            0.95 * math.sin(a) ** 3,
            -(13 * math.cos(a) - 5 * math.cos(2 * a) - 2 * math.cos(3 * a) - math.cos(4 * a)) / 17 - 0.12,
        )
        for a in turns
    ]


def _sparkle() -> list[Point]:
    turns = [2 * math.pi * i / 80 for i in range(80)]
    return [
        (math.copysign(abs(math.cos(a)) ** 2.6, math.cos(a)), math.copysign(abs(math.sin(a)) ** 2.6, math.sin(a)))
        for a in turns
    ]


def _drop() -> list[Point]:
    turns = [2 * math.pi * i / 80 for i in range(80)]
    return [(0.75 * math.sin(a) * math.sin(a / 2) ** 1.4, -math.cos(a)) for a in turns]


def _zed() -> list[Point]:
    return [
        (-0.8, -0.9),
        (0.8, -0.9),
        (0.8, -0.5),
        (-0.1, 0.5),
        (0.8, 0.5),
        (0.8, 0.9),
        (-0.8, 0.9),
        (-0.8, 0.5),
        (0.1, -0.5),
        (-0.8, -0.5),
    ]


SHAPES = {
    "heart": (_heart(), (236, 52, 96)),
    "sparkle": (_sparkle(), (255, 196, 36)),
    "drop": (_drop(), (66, 165, 245)),
    "zed": (_zed(), (92, 100, 210)),
}


@lru_cache(maxsize=64)
def particle_sprite(shape: str, resolution: int) -> Tensor:
    """The particle with a white rim: premultiplied RGBA in [0,1], (4,resolution,resolution)."""
    points, colour = SHAPES[shape]
    side = resolution * _SUPERSAMPLE
    rim = _OUTLINE * side
    reach = side / 2 - rim - 1
    outline = [(side / 2 + x * reach, side / 2 + y * reach) for x, y in points]
    image = Image.new("RGBA", (side, side))
    draw = ImageDraw.Draw(image)
    draw.line([*outline, outline[0], outline[1]], fill=(255, 255, 255, 255), width=round(2 * rim), joint="curve")
    draw.polygon(outline, fill=(*colour, 255))
    pixels = torch.from_numpy(np.asarray(image, dtype=np.float32) / 255).permute(2, 0, 1)
    pixels = torch.cat([pixels[:3] * pixels[3:], pixels[3:]])
    return F.avg_pool2d(pixels[None], _SUPERSAMPLE)[0]


def draw_particles(sprites: Tensor, particles: Tensor, *, size: int) -> Tensor:
    """Layers (N,F,4,size,size), premultiplied in [0,1].

    `sprites` (N,4,R,R); `particles` (N,F,P,5): x, y, size (half side) in canvas units, turn, opacity. Each pixel shows
    the particle whose square it is deepest inside, so that one grid_sample draws them all.
    """
    n, frames, _, _ = particles.shape
    axis = (torch.arange(size, dtype=torch.float32) * 2 + 1) / size - 1
    deepest = torch.full((n, frames, size, size), torch.inf)
    across = torch.full_like(deepest, 2.0)
    down = torch.full_like(deepest, 2.0)
    shown = torch.zeros_like(deepest)
    for particle in particles.unbind(2):
        x, y, half, turn, opacity = (part[..., None, None] for part in particle.unbind(-1))
        half = half.clamp(min=1e-3)
        cosine, sine = torch.cos(turn) / half, torch.sin(turn) / half
        dx, dy = axis - x, axis[:, None] - y
        own_across, own_down = cosine * dx + sine * dy, cosine * dy - sine * dx
        depth = torch.maximum(own_across.abs(), own_down.abs())
        nearer = depth < deepest
        deepest = torch.where(nearer, depth, deepest)
        across = torch.where(nearer, own_across, across)
        down = torch.where(nearer, own_down, down)
        shown = torch.where(nearer, opacity, shown)
    grid = torch.stack([across, down], dim=-1).reshape(n, frames * size, size, 2)
    layer = F.grid_sample(sprites, grid, mode="bilinear", padding_mode="zeros", align_corners=False)
    # (n, 4, frames·size, size) -> (n, frames, 4, size, size)
    return layer.reshape(n, 4, frames, size, size).transpose(1, 2) * shown[:, :, None]


def on_canvas(particles: Tensor, *, box: Box, mirror: Tensor) -> Tensor:
    """Move particles (N,F,P,5) from box coordinates to the canvas; mirror (N,) of -1 swaps left and right."""

    def shaped(values: Tensor) -> Tensor:
        return values[:, None, None]

    x, y, size, turn, opacity = particles.unbind(-1)
    # Square units (the mean half side), so that a long thin sticker's particles keep their spacing.
    unit = (box.half_width + box.half_height) / 2
    return torch.stack(
        [
            shaped(box.x) + shaped(mirror) * x * shaped((box.half_width + unit) / 2),
            shaped(box.y) + y * shaped((box.half_height + unit) / 2),
            size * shaped(unit) / 0.62,
            turn * shaped(mirror),
            opacity,
        ],
        dim=-1,
    )
