"""Every solver recovers what a perfect denoiser knows, and its order is what its paper says."""

import pytest
import torch

from sticker_diffusion.sampler import clip_noise, sample
from sticker_diffusion.sampler_settings import SamplerSettings
from sticker_diffusion.schedule import NoiseSchedule, ScheduleSettings
from sticker_diffusion.settings import SettingsError, read_settings
from sticker_diffusion.solvers import MAKERS, SolverName, new_solver

SOLVERS: list[SolverName] = list(MAKERS)
SCHEDULE = ScheduleSettings()
TARGET = torch.rand(2, 3, 4, 2, 2, generator=torch.Generator().manual_seed(0)) * 2 - 1


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("steps", range(1, 51))
def test_a_perfect_denoiser_is_recovered_and_every_x_t_is_on_its_path(solver: SolverName, steps: int) -> None:
    alphas_cumprod = new_solver(SCHEDULE, steps, solver).alphas_cumprod
    noise = clip_noise([1, 2], TARGET.shape[1:])
    seen = []

    def perfect(x_t: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        alpha_bar = alphas_cumprod[t[0]]
        torch.testing.assert_close(
            x_t, alpha_bar.sqrt() * TARGET + (1 - alpha_bar).sqrt() * noise, atol=2e-3, rtol=1e-3
        )
        seen.append(int(t[0]))
        return TARGET

    made = sample(noise=noise, steps=steps, schedule=SCHEDULE, denoise=perfect, finish=perfect, solver=solver)
    torch.testing.assert_close(made, TARGET)
    assert seen[0] == 999
    assert len(seen) == steps
    assert seen == sorted(set(seen), reverse=True)


def error_of(solver: SolverName, steps: int) -> float:
    """How far the last step's input is from the exact flow, where clips are normal with mean m and deviation s.

    There the perfect denoiser is x0(x_t) = m + alpha s² (x_t − alpha m) / (alpha² s² + sigma²), and x_t − alpha m
    stays in proportion to its deviation, sqrt(alpha² s² + sigma²), along the flow.
    """
    schedule, s = NoiseSchedule(SCHEDULE), 0.5
    mean = torch.randn(1, 64, generator=torch.Generator().manual_seed(2))
    noise = clip_noise([1], (64,))

    def spread(t: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        alpha, sigma = schedule.coefficients(t, mean)
        return alpha, (alpha**2 * s**2 + sigma**2).sqrt()

    def perfect(x_t: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        alpha, deviation = spread(t)
        return mean + alpha * s**2 * (x_t - alpha * mean) / deviation**2

    def distance(x_t: torch.Tensor, t: torch.Tensor) -> float:
        (alpha, deviation), (first_alpha, first_deviation) = spread(t), spread(torch.tensor([999]))
        exact = alpha * mean + deviation * (noise - first_alpha * mean) / first_deviation
        return float((x_t - exact).abs().max())

    return sample(noise=noise, steps=steps, schedule=SCHEDULE, denoise=perfect, finish=distance, solver=solver)


@pytest.mark.parametrize("solver", SOLVERS)
def test_more_steps_follow_the_exact_flow_more_closely(solver: SolverName) -> None:
    assert error_of(solver, 50) < 0.5 * error_of(solver, 4)


def test_second_order_beats_first_order_at_eight_steps() -> None:
    first, *second = (error_of(solver, 8) for solver in ("ddim", "dpm++", "unipc"))
    assert max(second) < 0.3 * first


def test_a_clip_takes_the_same_steps_alone_and_in_company() -> None:
    pair = clip_noise([7, 8], (3, 4))

    def pull(x_t: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        return (x_t * 0.3).tanh()

    for solver in SOLVERS:
        both, alone = (
            sample(noise=x, steps=5, schedule=SCHEDULE, denoise=pull, finish=pull, solver=solver)
            for x in (pair, pair[1:])
        )
        assert torch.equal(both[1:], alone), solver


def test_an_unknown_solver_is_refused_with_the_known_ones() -> None:
    with pytest.raises(SettingsError, match=r"'dpm\+\+', 'ddim', 'unipc'"):
        read_settings(SamplerSettings, {"solver": "euler"}, where="options")
