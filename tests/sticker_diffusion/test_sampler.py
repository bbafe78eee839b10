"""The solver recovers what a perfect denoiser knows, and stops when it is told to."""

import pytest
import torch

from sticker_diffusion.sampler import Cancelled, clip_noise, sample, solver
from sticker_diffusion.schedule import ScheduleSettings

TARGET = torch.rand(2, 3, 4, 8, 8, generator=torch.Generator().manual_seed(0)) * 2 - 1


@pytest.mark.parametrize("steps", [1, 2, 4, 8, 25, 50])
def test_a_perfect_denoiser_is_recovered_and_every_x_t_is_on_its_path(steps: int) -> None:
    schedule = ScheduleSettings()
    alphas_cumprod = solver(schedule, steps).alphas_cumprod
    noise = clip_noise([1, 2], TARGET.shape[1:])
    seen = []

    def perfect(x_t: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        alpha_bar = alphas_cumprod[t[0]]
        torch.testing.assert_close(
            x_t, alpha_bar.sqrt() * TARGET + (1 - alpha_bar).sqrt() * noise, atol=2e-3, rtol=1e-3
        )
        seen.append(int(t[0]))
        return TARGET

    made = sample(noise=noise, steps=steps, schedule=schedule, denoise=perfect, finish=perfect)
    torch.testing.assert_close(made, TARGET)
    assert seen[0] == 999
    assert len(seen) == steps
    assert seen == sorted(seen, reverse=True)


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
