"""What a student comes close to: its teacher's guided x0, or the x0 that takes it where two DDIM steps go.

DDIM (Song et al. 2020, arXiv 2010.02502, equation 12, eta = 0) in terms of x0, with x_t = alpha_t x0 + sigma_t eps:
    x_s = alpha_s x0 + (sigma_s / sigma_t) (x_t − alpha_t x0).
"""

from dataclasses import replace

import torch
from torch import Tensor

from sticker_diffusion.checkpoint import Checkpoint
from sticker_diffusion.conditioning import Conditions, Kept
from sticker_diffusion.guidance import clamp_premultiplied, stacked
from sticker_diffusion.schedule import NoiseSchedule, ScheduleSettings
from sticker_diffusion.solvers import new_solver
from sticker_diffusion.stickers.clips import ClipBatch
from sticker_diffusion.training.noising import kept_conditions

CLEAN = -1
"""The timestep where nothing is noise any more, after the last step."""


class Teacher:
    """A checkpoint that is only asked: with its scales as inputs if it is guidance-distilled, guided if it is not."""

    def __init__(self, checkpoint: Checkpoint, schedule: NoiseSchedule, device: torch.device) -> None:
        self.network = checkpoint.network.to(device).eval().requires_grad_(False)
        self.hears_scales = checkpoint.description.distilled is not None
        self.schedule = schedule

    @torch.no_grad()
    def target(self, x_t: Tensor, times: Tensor, *, batch: ClipBatch, kept: Kept, scales: Tensor) -> Tensor:
        """x0 of x_t's shape, fp32. `times` (B, 1) is t, and the target the teacher's x0 there; or (B, 3) is t, the
        middle and the end of the student's step, and the target what one step has to claim to get as far as two."""
        conditions = kept_conditions(self.network, batch, kept)
        x0 = self.x0(x_t, times[:, 0], conditions, scales)
        if times.shape[1] == 1:
            return x0
        t, middle, end = times.unbind(1)
        x_middle = ddim_step(x_t, x0, t, middle, self.schedule)
        x_end = ddim_step(x_middle, self.x0(x_middle, middle, conditions, scales), middle, end, self.schedule)
        return solved_back(x_t, x_end, t, end, self.schedule)

    def x0(self, x_t: Tensor, t: Tensor, conditions: Conditions, scales: Tensor) -> Tensor:
        """The x0 of the sampler's step at scales (B, 2), clamped, fp32."""
        if self.hears_scales:
            x0 = self.network(x_t, t, conditions, scales).x0
        else:
            without_text = replace(conditions, text=self.network.text([""] * len(t)))
            without_both = replace(without_text, has_image=torch.zeros_like(conditions.has_image))
            three = stacked([conditions, without_text, without_both])
            both, image, none = self.network(x_t.repeat(3, 1, 1, 1, 1), t.repeat(3), three).x0.float().chunk(3)
            s_t, s_i = scales[..., None, None, None, None].unbind(1)
            x0 = none + s_i * (image - none) + s_t * (both - image)
        return clamp_premultiplied(x0.float())


def step_grid(settings: ScheduleSettings, steps: int) -> Tensor:
    """(steps, 3): where each of the student's steps begins, where the teacher is halfway, where it ends."""
    times = [*new_solver(settings, 2 * steps, "ddim").timesteps.tolist(), CLEAN]
    return torch.tensor([times[2 * i : 2 * i + 3] for i in range(steps)])


def ddim_step(x_t: Tensor, x0: Tensor, t: Tensor, s: Tensor, schedule: NoiseSchedule) -> Tensor:
    """x_s from x_t and its x0; t, s (B,), and s may be CLEAN."""
    alpha_t, sigma_t = schedule.coefficients(t, x_t)
    alpha_s, sigma_s = _coefficients(s, x_t, schedule)
    return alpha_s * x0 + sigma_s / sigma_t * (x_t - alpha_t * x0)


def solved_back(x_t: Tensor, x_s: Tensor, t: Tensor, s: Tensor, schedule: NoiseSchedule) -> Tensor:
    """The x0 with which one DDIM step leads from x_t to x_s: ddim_step solved for it."""
    alpha_t, sigma_t = schedule.coefficients(t, x_t)
    alpha_s, sigma_s = _coefficients(s, x_t, schedule)
    ratio = sigma_s / sigma_t
    return (x_s - ratio * x_t) / (alpha_s - ratio * alpha_t)


def _coefficients(t: Tensor, like: Tensor, schedule: NoiseSchedule) -> tuple[Tensor, Tensor]:
    clean = (t == CLEAN).view(-1, *[1] * (like.ndim - 1))
    alpha, sigma = schedule.coefficients(t.clamp(min=0), like)
    return torch.where(clean, 1.0, alpha), torch.where(clean, 0.0, sigma)
