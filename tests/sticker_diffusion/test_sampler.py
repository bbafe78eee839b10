"""Sampling reports its steps, stops when it is told to, and starts from noise that is the seed's alone."""

import pytest
import torch

from sticker_diffusion.sampler import Cancelled, clip_noise, sample
from sticker_diffusion.schedule import ScheduleSettings

TARGET = torch.rand(2, 3, 4, 8, 8, generator=torch.Generator().manual_seed(0)) * 2 - 1


def test_saying_no_between_steps_cancels_before_the_next_pass() -> None:
    passes = []

    def denoise(x_t: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        passes.append(int(t[0]))
        return TARGET

    with pytest.raises(Cancelled, match="step 2 of 8"):
        sample(
            noise=torch.zeros_like(TARGET),
            steps=8,
            schedule=ScheduleSettings(),
            denoise=denoise,
            finish=denoise,
            on_step=lambda i, n: i < 2,
        )
    assert len(passes) == 2


def test_steps_are_reported_in_order_and_the_end_once() -> None:
    heard: list[tuple[int, int]] = []
    sample(
        noise=torch.zeros_like(TARGET),
        steps=3,
        schedule=ScheduleSettings(),
        denoise=lambda x_t, t: TARGET,
        finish=lambda x_t, t: TARGET,
        on_step=lambda i, n: heard.append((i, n)) is None,
    )
    assert heard == [(0, 3), (1, 3), (2, 3), (3, 3)]


def test_a_clip_s_noise_is_its_seed_s_alone() -> None:
    pair = clip_noise([7, 8], (3, 4))
    torch.testing.assert_close(pair[1:], clip_noise([8], (3, 4)), atol=0, rtol=0)
    assert (pair[0] != pair[1]).all()
