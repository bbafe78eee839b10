"""Cheap checks of a finished clip: does it move, is there anything to see, are its numbers numbers."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

_STILL = 0.25
"""Mean change between frames, in steps of eight bits, below which nobody sees motion."""


def frozen(frames: Tensor | NDArray[np.uint8]) -> bool:
    """True where a clip cannot be a motion: frames all alike or only one, nothing visible, or values not finite.

    Frames are uint8 RGBA (F,H,W,4), or floats (F,4,H,W) in [-1,1].
    """
    clip = torch.as_tensor(frames)
    if len(clip) < 2:
        return True
    if clip.is_floating_point():
        if not bool(torch.isfinite(clip).all()):
            return True
        bytes_per_unit, alpha = 127.5, clip[:, 3] + 1
    else:
        bytes_per_unit, alpha = 1.0, clip[..., 3]
    if float(alpha.max()) * bytes_per_unit < 8:
        return True
    change = (clip[1:].float() - clip[:1].float()).abs().flatten(1).mean(1).max()
    return float(change) * bytes_per_unit < _STILL
