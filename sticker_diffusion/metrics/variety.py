"""Do the clips of one caption differ from each other, or is one of them enough?"""

from __future__ import annotations

from itertools import combinations

import torch
from torch import Tensor

from sticker_diffusion.stickers.score import shift_response


def variety(clips: Tensor) -> float:
    """The least difference between two of N ≥ 2 clips (N,F,4,H,W) of one sticker, premultiplied in [-1,1].

    The mean absolute difference, in units of a shift by 1/64 of the canvas as in motion_score; of two loops at the
    phases where they are most alike, so that a motion that only starts elsewhere is no other motion.
    """
    unit = shift_response(clips[:1, 0])
    frames = clips.shape[1]
    apart = [
        min(float((first - second.roll(phase, 0)).abs().mean()) for phase in range(frames))
        for first, second in combinations(clips, 2)
    ]
    return float(torch.tensor(apart).min() / unit)
