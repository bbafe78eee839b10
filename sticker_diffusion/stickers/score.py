"""How large a clip's motion is, and the sixteen buckets that make it a dial."""

from __future__ import annotations

import torch
from torch import Tensor

BUCKETS = 16
FRAME_RATE = 8.0
"""Frames a second of a clip of typical motion."""
RATES = (4.0, 16.0)
_UNIT = 64  # the score's unit is 1/64 of the canvas's side


def motion_score(frames: Tensor) -> Tensor:
    """Size of motion of clips (B,F,4,H,W), premultiplied, in [-1,1] or [0,1]: (B,), 0 for a still.

    The mean absolute step over the closed loop, divided by what a shift by 1/64 of the canvas would change in the
    first frame. So the unit is 1/64 of the canvas per frame, and a pale sticker's jump counts like a colourful one's.
    """
    step = (frames - frames.roll(1, dims=1)).abs().mean(dim=(1, 2, 3, 4))
    return step / shift_response(frames[:, 0])


def shift_response(sticker: Tensor) -> Tensor:
    """Mean absolute change of stickers (B,4,H,W) when shifted by 1/64 of the canvas, over both directions: (B,)."""
    pixels = max(1, round(sticker.shape[-1] / _UNIT))
    change = sum((sticker - sticker.roll(pixels, dims=axis)).abs().mean(dim=(1, 2, 3)) for axis in (-1, -2)) / 2
    fraction = pixels * _UNIT / sticker.shape[-1]
    return (torch.as_tensor(change) / fraction).clamp(min=1e-6)


def bucket_edges(scores: Tensor) -> Tensor:
    """The 15 inner edges that share scores (N,) evenly among 16 buckets."""
    return torch.quantile(scores.double(), torch.linspace(0, 1, BUCKETS + 1, dtype=torch.double)[1:-1]).float()


def bucket_of(score: Tensor, edges: Tensor) -> Tensor:
    """Buckets 1…16 (long) of scores; 0 is left for "not given"."""
    return torch.bucketize(score.contiguous(), edges) + 1


def normalised_rate(score: Tensor, edges: Tensor) -> Tensor:
    """Frames a second (B,) at which clips of these scores (B,) all move equally fast, within RATES.

    The score is per frame, so score × rate is per second; a clip of the middle bucket edge keeps FRAME_RATE.
    """
    return (FRAME_RATE * edges[len(edges) // 2] / score.clamp(min=1e-6)).clamp(*RATES)
