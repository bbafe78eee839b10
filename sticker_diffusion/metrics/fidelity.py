"""Signal-to-noise ratios between clips, on premultiplied RGBA over the whole canvas."""

from __future__ import annotations

import torch
from torch import Tensor

CEILING_DB = 60.0
"""What equal pictures get: beyond it, differences are below one step of eight bits."""


def psnr(a: Tensor, b: Tensor) -> Tensor:
    """PSNR in dB of a and b, (…,4,H,W) in [-1,1], over the last three axes; at most CEILING_DB."""
    error = (a - b).square().mean(dim=(-3, -2, -1))
    return ratio_db(error)


def ratio_db(error: Tensor) -> Tensor:
    """dB of mean squared errors of pixels in [-1,1]."""
    return (10 * torch.log10(4 / error.clamp(min=1e-12))).clamp(max=CEILING_DB)
