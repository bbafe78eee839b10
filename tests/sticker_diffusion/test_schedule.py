"""Zero terminal SNR, and what each prediction type means."""

import pytest
import torch

from sticker_diffusion.schedule import NoiseSchedule, ScheduleSettings
from sticker_diffusion.settings import SettingsError, read_settings
from sticker_diffusion.solvers import MAKERS, SolverName, new_solver


def test_the_last_step_is_pure_noise_and_the_first_nearly_clean() -> None:
    schedule = NoiseSchedule(ScheduleSettings())
    x0, eps = torch.full((2, 3), 5.0), torch.randn(2, 3, generator=torch.Generator().manual_seed(0))
    x_t = schedule.add_noise(x0, eps, torch.tensor([999, 0]))
    torch.testing.assert_close(x_t[0], eps[0], atol=2e-3, rtol=0)
    torch.testing.assert_close(x_t[1], x0[1], atol=0.1, rtol=0)
    snr = schedule.snr(torch.arange(1000))
    assert (snr.diff() < 0).all()
    assert torch.isfinite(snr).all()


@pytest.mark.parametrize("solver", MAKERS)
def test_our_alphas_are_the_solver_s(solver: SolverName) -> None:
    ours = NoiseSchedule(ScheduleSettings()).alphas_cumprod
    theirs = new_solver(ScheduleSettings(), 8, solver).alphas_cumprod
    torch.testing.assert_close(ours, theirs, atol=1e-5, rtol=1e-3)


@pytest.mark.parametrize("t", [0, 500, 999])
def test_v_and_sample_predictions_give_the_same_x0(t: int) -> None:
    g = torch.Generator().manual_seed(1)
    x0, eps, times = torch.randn(1, 8, generator=g), torch.randn(1, 8, generator=g), torch.tensor([t])
    v = NoiseSchedule(ScheduleSettings(prediction_type="v_prediction"))
    x_t = v.add_noise(x0, eps, times)
    alpha, sigma = v.coefficients(times, x0)
    torch.testing.assert_close(v.to_x0(alpha * eps - sigma * x0, x_t, times), x0, atol=1e-5, rtol=1e-5)
    assert NoiseSchedule(ScheduleSettings()).to_x0(x0, x_t, times) is x0


def test_epsilon_is_refused_with_the_reason() -> None:
    with pytest.raises(SettingsError, match="'sample', 'v_prediction'"):
        read_settings(ScheduleSettings, {"prediction_type": "epsilon"}, where="checkpoint.json")
    with pytest.raises(ValueError, match="no signal at its last step"):
        ScheduleSettings(prediction_type="epsilon")  # type: ignore[arg-type]
