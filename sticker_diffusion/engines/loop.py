"""A loop of a few frames out of a longer video: which ones, so that it moves as much as wanted and closes."""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from sticker_diffusion.stickers.score import shift_response

SEAM_LIMIT = 1.5
PING_PONG_PRICE = 1.0
_STILL = 1e-3


@dataclass(frozen=True)
class Loop:
    """indices into the video; seam_ratio is last→first step over the median step; motion_size as stickers/score.py."""

    indices: tuple[int, ...]
    method: Literal["cut", "ping_pong"]
    seam_ratio: float
    motion_size: float


def choose_loop(frames: Tensor, count: int, *, motion_size: float | None, stride: int = 1) -> Loop:
    """`count` of the frames (N, 4, h, w), premultiplied, whose loop moves by nearly `motion_size`.

    A cut takes every s-th frame from some frame on, for all s and starts; it is a loop if its seam ratio is at most
    1.5. A ping-pong goes there and back along such a row. The cost is the distance of motion sizes in octaves, and
    one octave more for a ping-pong; the smallest cost wins, of equals the smaller seam. So the sampling rate is
    normalised against the motion score, as in Animated Stickers (arXiv 2402.06088). Without `motion_size` it is that
    of every `stride`-th frame, the video's own. Raises ValueError for a video that is too short.
    """
    most = longest_loop(len(frames))
    if not 2 <= count <= most:
        raise ValueError(f"a video of {len(frames)} frames gives loops of 2…{most} frames, not {count}")
    flat = frames.float().flatten(1)
    steps = torch.cdist(flat, flat, p=1).cpu() / flat.shape[1]
    unit = shift_response(frames.float()).cpu()
    if motion_size is None:
        stride = min(stride, len(frames) - 1)
        motion_size = float((steps.diagonal(stride).mean() / unit[0]).clamp(min=_STILL))
    rows = [(torch.tensor(row), False) for row in _cuts(len(frames), count)]
    rows += [(torch.tensor(row), True) for row in _ping_pongs(len(frames), count)]
    indices = torch.stack([row for row, _ in rows])
    there_and_back = torch.tensor([back for _, back in rows])
    change = steps[indices, indices.roll(-1, dims=1)]
    seam = change[:, -1] / change.median(dim=1).values.clamp(min=1e-6)
    moved = change.mean(1) / unit[indices[:, 0]]
    octaves = (moved.clamp(min=_STILL) / motion_size).log2().abs()
    cost = octaves + torch.where(there_and_back, PING_PONG_PRICE, torch.where(seam <= SEAM_LIMIT, 0.0, torch.inf))
    best = min(range(len(rows)), key=lambda row: (float(cost[row]), float(seam[row])))
    return Loop(
        indices=tuple(indices[best].tolist()),
        method="ping_pong" if there_and_back[best] else "cut",
        seam_ratio=round(float(seam[best]), 4),
        motion_size=round(float(moved[best]), 4),
    )


def longest_loop(frames: int) -> int:
    """What a ping-pong over the whole video has: its ends are shown once."""
    return 2 * (frames - 1)


def _cuts(frames: int, count: int) -> list[list[int]]:
    return [
        [start + stride * i for i in range(count)]
        for stride in range(1, (frames - 1) // (count - 1) + 1)
        for start in range(frames - stride * (count - 1))
    ]


def _ping_pongs(frames: int, count: int) -> list[list[int]]:
    """start + stride · a triangle wave of height count / 2; in an odd count two middle frames are neighbours."""
    wave = [count / 2 - abs(i - count / 2) for i in range(count)]
    rows = []
    for stride in range(1, frames):
        row = [int(stride * height) for height in wave]
        rows += [[start + i for i in row] for start in range(frames - max(row))]
    return rows
