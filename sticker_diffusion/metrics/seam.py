"""Does the loop close? The step from the last frame to the first beside the clip's usual step."""

from __future__ import annotations

from torch import Tensor


def steps(frames: Tensor) -> Tensor:
    """Mean absolute change (B,F) from each frame of (B,F,4,H,W) to the next; the last is that back to the first."""
    return (frames.roll(-1, dims=1) - frames).abs().mean(dim=(2, 3, 4))


def seam_ratio(frames: Tensor) -> Tensor:
    """Last→first step over the median step, (B,): about 1 in a loop, large where it jumps, 0 for a still."""
    change = steps(frames)
    return change[:, -1] / change.median(dim=1).values.clamp(min=1e-6)
