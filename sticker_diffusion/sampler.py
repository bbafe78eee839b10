"""Sampling: from noise along a solver's timesteps, and one conditional pass at the end.

The last step goes to sigma = 0, where every solver returns the denoiser's x0 itself; so it is a plain conditional pass,
and whatever that pass knows beside x0 can be kept.
"""

from collections.abc import Callable
from typing import TypeVar

import torch
from torch import Tensor

from sticker_diffusion.schedule import ScheduleSettings
from sticker_diffusion.solvers import SolverName, new_solver

R = TypeVar("R")


class Cancelled(Exception):  # noqa: N818 - it is an outcome, not an error
    """Sampling was stopped between two steps because `on_step` said so."""


def clip_noise(seeds: list[int], shape: tuple[int, ...]) -> Tensor:
    """(B, *shape) fp32 on the CPU, one generator a clip: a clip's noise does not depend on its neighbours."""
    return torch.stack([torch.randn(shape, generator=torch.Generator().manual_seed(seed)) for seed in seeds])


def sample(
    *,
    noise: Tensor,
    steps: int,
    schedule: ScheduleSettings,
    denoise: Callable[[Tensor, Tensor], Tensor],
    finish: Callable[[Tensor, Tensor], R],
    on_step: Callable[[int, int], bool] | None = None,
    solver: SolverName = "dpm++",
) -> R:
    """From noise (B, …) at the last timestep to whatever `finish` makes of the last step.

    `denoise` maps (x_t, t (B,)) to x0 for all steps but the last, which is `finish`. on_step(i, steps) is called before
    step i = 0 … steps − 1 and once more when done (i = steps); False raises Cancelled.
    """
    method = new_solver(schedule, steps, solver)

    def report(i: int) -> None:
        if on_step is not None and not on_step(i, steps):
            raise Cancelled(f"cancelled before step {i} of {steps}")

    x = noise.float()
    *earlier, last = method.timesteps
    for i, t in enumerate(earlier):
        report(i)
        x0 = denoise(x, t.to(x.device).expand(x.shape[0]))
        x = method.step(x0.float(), t, x).prev_sample
    report(steps - 1)
    result = finish(x, last.to(x.device).expand(x.shape[0]))
    report(steps)
    return result
