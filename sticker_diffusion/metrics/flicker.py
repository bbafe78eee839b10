"""Do outlines flicker? How much alpha comes and goes beyond what one passing edge needs."""

from __future__ import annotations

import torch
from torch import Tensor


def alpha_flicker(frames: Tensor) -> Tensor:
    """Excess of alpha's changes over the loop, (B,), for frames (B,F,4,H,W) in [-1,1].

    A pixel that an edge enters and leaves once changes by twice its range; Σ changes / Σ 2·range − 1 is 0 then, and
    grows with every further coming and going. Motions to and fro have some: compare with the target's.
    """
    alpha = frames[:, :, 3]
    change = (alpha - torch.roll(alpha, 1, dims=1)).abs().sum(dim=(1, 2, 3))
    extent = (alpha.amax(1) - alpha.amin(1)).sum(dim=(1, 2))
    return torch.where(extent > 1e-3, change / (2 * extent).clamp(min=1e-3) - 1, torch.zeros_like(extent))
