"""How steep edges are, beside those of a target."""

from __future__ import annotations

from torch import Tensor


def edge_steepness(frames: Tensor) -> Tensor:
    """Mean slope met on edges of frames (…,4,H,W): (…,).

    Σ|∇|² / Σ|∇|. Blurring an edge keeps its height, the sum below, and halves the sum above when it doubles the width;
    how many edges there are does not count.
    """
    across = (frames[..., :, 1:] - frames[..., :, :-1]).abs()
    down = (frames[..., 1:, :] - frames[..., :-1, :]).abs()
    over = (-3, -2, -1)
    squares = across.square().sum(over) + down.square().sum(over)
    return squares / (across.sum(over) + down.sum(over)).clamp(min=1e-6)


def sharpness(frames: Tensor, target: Tensor) -> float:
    """Edge steepness of a clip (F,4,H,W) over its target's, without the first frame, which is given: 1 is as sharp."""
    return float((edge_steepness(frames[1:]) / edge_steepness(target[1:]).clamp(min=1e-6)).mean())
