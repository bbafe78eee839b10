"""A pose: where a sticker stands, how it is turned, squashed and bent, and the backward warp that draws it.

Coordinates are grid_sample's: x right, y down, -1…1 over the canvas, pixel centres at -1+1/S…1-1/S.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, fields

import torch
from torch import Tensor

WAVE_NUMBER = 4.0
"""Radians of a ripple from the sticker's middle to its edge."""


@dataclass(frozen=True)
class Pose:
    """Channels of a motion over time, each (N,F) or a plain 0. All zeros is the sticker at rest.

    Lengths are in canvas units (the canvas is 2 wide), angles in radians clockwise, `wide` and `tall` natural
    logarithms of the scale, `lean` a shear (top to the right), `bend` the sideways shift of the sticker's top with its
    foot at rest, `wave_sine` and `wave_cosine` the two parts of a ripple that runs along the height.
    """

    x: Tensor | float = 0.0
    y: Tensor | float = 0.0
    turn: Tensor | float = 0.0
    wide: Tensor | float = 0.0
    tall: Tensor | float = 0.0
    lean: Tensor | float = 0.0
    bend: Tensor | float = 0.0
    wave_sine: Tensor | float = 0.0
    wave_cosine: Tensor | float = 0.0

    def stacked(self, like: Tensor) -> Tensor:
        """All channels as (N,F,9) in the order of declaration."""
        channels = [getattr(self, channel.name) for channel in fields(self)]
        return torch.stack([torch.as_tensor(c, dtype=like.dtype).expand_as(like) for c in channels], dim=-1)


CHANNELS = tuple(channel.name for channel in fields(Pose))
MIRRORED = torch.tensor(
    [-1.0 if name in {"x", "turn", "lean", "bend", "wave_sine", "wave_cosine"} else 1.0 for name in CHANNELS]
)


@dataclass(frozen=True)
class Box:
    """Bounding box of stickers in canvas coordinates: middles and half sides, each (N,)."""

    x: Tensor
    y: Tensor
    half_width: Tensor
    half_height: Tensor

    @classmethod
    def of(cls, alpha: Tensor) -> Box:
        """Box of what is visible in alpha (N,H,W) in [0,1]; the whole canvas where nothing is."""
        height, width = alpha.shape[1:]
        visible = alpha > 0.1
        left, right = _span(visible.any(1), width)
        top, bottom = _span(visible.any(2), height)
        return cls((left + right) / 2, (top + bottom) / 2, (right - left) / 2, (bottom - top) / 2)

    def anchor(self, at: tuple[float, float]) -> Tensor:
        """Points (N,2) at `at` in box coordinates: (0, 1) is the middle of the foot, (0, -1) of the top."""
        return torch.stack([self.x + at[0] * self.half_width, self.y + at[1] * self.half_height], dim=-1)


def _span(occupied: Tensor, length: int) -> tuple[Tensor, Tensor]:
    edges = torch.arange(length + 1, dtype=torch.float32, device=occupied.device) / length * 2 - 1
    some = occupied.any(1)
    first = occupied.int().argmax(1)
    last = length - occupied.flip(1).int().argmax(1)
    return torch.where(some, edges[first], edges[0]), torch.where(some, edges[last], edges[-1])


def keys(phase: Tensor, *values: float) -> Tensor:
    """Closed Catmull-Rom spline through evenly spaced keyframes; `phase` in loops (1 is once round), any shape."""
    knots = torch.tensor(values, dtype=phase.dtype)
    count = len(values)
    position = phase * count
    start = position.floor()
    u = position - start
    i = start.long()
    a, b, c, d = (knots[(i + offset) % count] for offset in (-1, 0, 1, 2))
    return b + 0.5 * u * (c - a + u * (2 * a - 5 * b + 4 * c - d + u * (3 * (b - c) + d - a)))


def wave(phase: Tensor, cycles: int = 1) -> Tensor:
    """sin(2π · cycles · phase)."""
    return torch.sin(2 * math.pi * cycles * phase)


def rise(phase: Tensor) -> Tensor:
    """(1 − cos(2π · phase)) / 2: from 0 up to 1 and back, eased at both ends."""
    return (1 - torch.cos(2 * math.pi * phase)) / 2


def backward_affine(shape: Tensor, *, shift: Tensor, anchor: Tensor) -> Tensor:
    """Maps (…,2,3) from output to sticker coordinates: the inverse of q → A (q − anchor) + anchor + shift.

    A = turn · lean · scale; shape (…,5) holds cosine and sine of the turn, wide, tall and lean (see Pose); shift and
    anchor are (…,2).
    """
    cosine, sine, wide, tall, lean = shape.unbind(-1)
    narrow, flat = torch.exp(-wide), torch.exp(-tall)
    # A⁻¹ = scale⁻¹ · lean⁻¹ · turn⁻¹, with lean = [[1, -lean], [0, 1]] (y points down, so the top goes right).
    a = narrow * (cosine - lean * sine)
    b = narrow * (sine + lean * cosine)
    c = -flat * sine
    d = flat * cosine
    from_x, from_y = (anchor + shift).unbind(-1)
    anchor_x, anchor_y = anchor.expand_as(shift).unbind(-1)
    e = anchor_x - (a * from_x + b * from_y)
    f = anchor_y - (c * from_x + d * from_y)
    return torch.stack([torch.stack([a, b, e], -1), torch.stack([c, d, f], -1)], -2)


@dataclass(frozen=True)
class Warp:
    """Backward warps of a batch: `affine` (N,F,2,3) and the non-rigid part's parameters."""

    affine: Tensor
    bend: Tensor = field(repr=False)
    wave_sine: Tensor = field(repr=False)
    wave_cosine: Tensor = field(repr=False)
    box: Box = field(repr=False)

    @classmethod
    def of(cls, channels: Tensor, *, anchor: Tensor, box: Box) -> Warp:
        """From pose channels (N,F,9) (see Pose.stacked), anchors (N,2) and the stickers' boxes."""
        x, y, turn, wide, tall, lean, bend, wave_sine, wave_cosine = channels.unbind(-1)
        shape = torch.stack([torch.cos(turn), torch.sin(turn), wide, tall, lean], dim=-1)
        affine = backward_affine(shape, shift=torch.stack([x, y], dim=-1), anchor=anchor[:, None])
        return cls(affine, bend, wave_sine, wave_cosine, box)

    def source(self, size: int) -> Tensor:
        """Source coordinates (N,F,size,size,2) in the sticker, for every output pixel."""
        axis = (torch.arange(size, dtype=torch.float32) * 2 + 1) / size - 1
        affine = self.affine[..., None, None]
        x = affine[:, :, 0, 0] * axis + affine[:, :, 0, 1] * axis[:, None] + affine[:, :, 0, 2]
        y = affine[:, :, 1, 0] * axis + affine[:, :, 1, 1] * axis[:, None] + affine[:, :, 1, 2]
        moved = (self.bend.abs() + self.wave_sine.abs() + self.wave_cosine.abs()).amax(1) > 0
        if bool(moved.any()):
            x[moved] = x[moved] + self._sideways(y[moved], moved)
        return torch.stack([x, y], dim=-1)

    def _sideways(self, y: Tensor, chosen: Tensor) -> Tensor:
        def shaped(values: Tensor) -> Tensor:
            return values[chosen].reshape(len(y), -1, 1, 1)

        along = (y - shaped(self.box.y)) / shaped(self.box.half_height)
        height = ((1 - along) / 2).clamp(0, 1.5)
        ripple = WAVE_NUMBER * along
        return (
            shaped(self.wave_sine) * torch.sin(ripple)
            + shaped(self.wave_cosine) * torch.cos(ripple)
            - shaped(self.bend) * height**2
        )
