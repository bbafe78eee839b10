import math

import pytest
import torch
from torch import Tensor

from sticker_diffusion.engines.loop import SEAM_LIMIT, choose_loop, longest_loop
from sticker_diffusion.metrics.seam import seam_ratio
from sticker_diffusion.stickers.score import motion_score


def video(shifts: list[float]) -> Tensor:
    """(N, 4, 64, 64), premultiplied in [0, 1]: a soft disc shifted sideways, in pixels."""
    y, x = torch.meshgrid(torch.arange(64.0), torch.arange(64.0), indexing="ij")
    discs = [torch.sigmoid(14 - ((x - 32 - shift) ** 2 + (y - 32) ** 2).sqrt()) for shift in shifts]
    return torch.stack([disc.expand(4, 64, 64) for disc in discs])


def swing(frames: int, period: int, height: int = 8) -> Tensor:
    return video([height * math.sin(2 * math.pi * i / period) for i in range(frames)])


def test_a_periodic_motion_is_cut_at_its_period() -> None:
    loop = choose_loop(swing(33, period=16), 8, motion_size=None, stride=2)
    assert loop.method == "cut"
    assert {after - before for before, after in zip(loop.indices, loop.indices[1:], strict=False)} == {2}
    assert loop.seam_ratio <= SEAM_LIMIT


def test_a_motion_that_never_comes_back_goes_there_and_back() -> None:
    loop = choose_loop(video([i * 1.2 - 10 for i in range(17)]), 8, motion_size=2.0)
    assert loop.method == "ping_pong"
    there = loop.indices[:5]
    assert loop.indices == (*there, *there[-2:0:-1])
    assert loop.seam_ratio <= SEAM_LIMIT


def test_the_sampling_rate_follows_the_wanted_motion() -> None:
    frames = swing(65, period=64, height=12)
    wanted = [0.5, 1.0, 2.0]
    sizes = [choose_loop(frames, 8, motion_size=size).motion_size for size in wanted]
    assert sizes == pytest.approx(wanted, rel=0.35)
    assert sizes == sorted(sizes)


def test_a_jump_as_large_as_a_step_is_no_loop() -> None:
    frames = swing(65, period=32, height=16)
    loop = choose_loop(frames, 8, motion_size=6.0)
    first, second, last = loop.indices[0], loop.indices[1], loop.indices[-1]
    missed = frames[last + second - first] - frames[first]
    assert float(missed.abs().mean()) < 0.3 * float((frames[second] - frames[first]).abs().mean())


def test_what_is_said_is_what_is_measured() -> None:
    frames = swing(33, period=16)
    for wanted in (1.0, 4.0):
        loop = choose_loop(frames, 8, motion_size=wanted)
        clip = frames[list(loop.indices)][None] * 2 - 1
        assert loop.motion_size == pytest.approx(float(motion_score(clip)), rel=1e-3)
        assert loop.seam_ratio == pytest.approx(float(seam_ratio(clip)), rel=1e-3)


@pytest.mark.parametrize("count", [2, 5, 7, 8, 16])
def test_every_length_up_to_the_longest_is_found(count: int) -> None:
    loop = choose_loop(video([0, 1, 2, 3, 4, 5, 6, 7, 8]), count, motion_size=None)
    assert len(loop.indices) == count
    assert set(loop.indices) <= set(range(9))


def test_a_longer_loop_than_there_is_is_refused() -> None:
    assert longest_loop(9) == 16
    with pytest.raises(ValueError, match=r"9 frames gives loops of 2…16 frames, not 17"):
        choose_loop(video([0.0] * 9), 17, motion_size=None)


def test_a_still_video_gives_a_still_and_no_error() -> None:
    assert choose_loop(video([0.0] * 9), 8, motion_size=2.0).motion_size == 0
