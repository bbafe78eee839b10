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

    A cut takes every s-th frame from some frame on, for all s and starts. It closes as far as the frame that would come
    next looks like its first, in median steps, and is refused where its seam ratio is above 1.5. A ping-pong goes there
    and back along such a row. The cost is the distance of motion sizes in octaves, plus for a cut what it fails to
    close by, for a ping-pong 1; the smallest wins, of equals the smaller seam. So the sampling rate is
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
    cuts, ping_pongs = _cuts(len(frames), count), _ping_pongs(len(frames), count)
    indices = torch.tensor(cuts + ping_pongs)
    there_and_back = torch.arange(len(indices)) >= len(cuts)
    change = steps[indices, indices.roll(-1, dims=1)]
    usual = change.median(dim=1).values.clamp(min=1e-6)
    seam = change[:, -1] / usual
    following = (2 * indices[:, -1] - indices[:, -2]).clamp(0, len(frames) - 1)
    unclosed = steps[following, indices[:, 0]] / usual
    moved = change.mean(1) / unit[indices[:, 0]]
    octaves = (moved.clamp(min=_STILL) / motion_size).log2().abs()
    cost = octaves + torch.where(there_and_back, PING_PONG_PRICE, torch.where(seam <= SEAM_LIMIT, unclosed, torch.inf))
    best = min(range(len(indices)), key=lambda row: (float(cost[row]), float(seam[row])))
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
    """Rows after which the video goes on by one more stride at least."""
    return [
        [start + stride * i for i in range(count)]
        for stride in range(1, (frames - 1) // count + 1)
        for start in range(frames - stride * count)
    ]


def _ping_pongs(frames: int, count: int) -> list[list[int]]:
    """start + stride · a triangle wave of height count / 2; an odd count shows its middle frame twice."""
    wave = [count / 2 - abs(i - count / 2) for i in range(count)]
    rows = []
    for stride in range(1, frames):
        row = [int(stride * height) for height in wave]
        rows += [[start + i for i in row] for start in range(frames - max(row))]
    return rows
