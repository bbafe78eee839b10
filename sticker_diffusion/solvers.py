"""Solvers of the probability-flow ODE on a zero-terminal-SNR schedule: one network evaluation a step, no noise added.

    dpm++   Lu et al. 2022 (arXiv 2211.01095), DPM-Solver++(2M): multistep, second order
    ddim    Song et al. 2020 (arXiv 2010.02502), eta = 0: its first-order case, and Euler's method in sigma / alpha
    unipc   Zhao et al. 2023 (arXiv 2302.04867), UniPC-2: the same predictor with a corrector

All take x0 and step over trailing timesteps (Lin et al. 2023, arXiv 2305.08891, section 3.3), so that sampling starts
at the timestep whose input is pure noise.
"""

from collections.abc import Callable
from typing import Any, Literal, Protocol, cast

from diffusers import DPMSolverMultistepScheduler, UniPCMultistepScheduler
from torch import Tensor

from sticker_diffusion.schedule import ScheduleSettings

SolverName = Literal["dpm++", "ddim", "unipc"]


class Stepped(Protocol):
    prev_sample: Tensor


class Solver(Protocol):
    """A solver set to its timesteps, for one clip or micro-batch: it remembers the steps it has made."""

    timesteps: Tensor
    """(steps,) on the CPU, falling, from the schedule's last."""
    alphas_cumprod: Tensor

    def step(self, model_output: Tensor, timestep: Tensor, sample: Tensor) -> Stepped:
        """From x_t and its x0, both (B, …) fp32, to `prev_sample` at the next timestep."""
        ...


MAKERS: dict[SolverName, tuple[Callable[..., Any], dict[str, Any]]] = {
    "dpm++": (DPMSolverMultistepScheduler, {"algorithm_type": "dpmsolver++", "solver_order": 2}),
    "ddim": (DPMSolverMultistepScheduler, {"algorithm_type": "dpmsolver++", "solver_order": 1}),
    "unipc": (UniPCMultistepScheduler, {"solver_order": 2, "predict_x0": True}),
}


def new_solver(settings: ScheduleSettings, steps: int, name: SolverName = "dpm++") -> Solver:
    """diffusers' solver `name` for x0 predictions, set to `steps` trailing timesteps of the schedule."""
    maker, options = MAKERS[name]
    scheduler = maker(
        num_train_timesteps=settings.timesteps,
        beta_start=settings.beta_start,
        beta_end=settings.beta_end,
        beta_schedule="scaled_linear",
        prediction_type="sample",
        rescale_betas_zero_snr=True,
        timestep_spacing="trailing",
        **options,
    )
    scheduler.set_timesteps(steps)
    return cast(Solver, scheduler)
