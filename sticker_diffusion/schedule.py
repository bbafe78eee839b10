"""The noise schedule: scaled-linear betas rescaled to zero terminal SNR.

Lin et al. 2023 (arXiv 2305.08891), "Common Diffusion Noise Schedules and Sample Steps Are Flawed": algorithm 1 rescales
the betas so that the last step is pure noise; sampling then has to start at the last step (trailing timesteps).
"""

from dataclasses import dataclass
from typing import Literal

import torch
from diffusers.schedulers.scheduling_ddim import rescale_zero_terminal_snr
from torch import Tensor

PredictionType = Literal["sample", "v_prediction"]
# diffusers' DPMSolverMultistepScheduler puts the same floor under its last cumulative alpha (sigma = 4096 there).
LAST_ALPHA_CUMPROD = 2.0**-24


@dataclass(frozen=True)
class ScheduleSettings:
    """`prediction_type` is what the network's output means; epsilon says nothing at zero SNR and is refused."""

    timesteps: int = 1000
    beta_start: float = 0.00085
    beta_end: float = 0.012
    prediction_type: PredictionType = "sample"

    def __post_init__(self) -> None:
        if self.prediction_type not in ("sample", "v_prediction"):
            raise ValueError(
                f"prediction_type must be 'sample' or 'v_prediction', got {self.prediction_type!r}: "
                "a zero-terminal-SNR schedule carries no signal at its last step for anything else"
            )


class NoiseSchedule:
    """alpha_bar(t) for t in 0 … T − 1; x_t = sqrt(alpha_bar) x0 + sqrt(1 − alpha_bar) eps."""

    def __init__(self, settings: ScheduleSettings) -> None:
        self.settings = settings
        s = settings
        betas = torch.linspace(s.beta_start**0.5, s.beta_end**0.5, s.timesteps, dtype=torch.float64) ** 2
        alphas_cumprod = (1 - rescale_zero_terminal_snr(betas)).cumprod(0)
        self.alphas_cumprod = alphas_cumprod.clamp(min=LAST_ALPHA_CUMPROD).float()

    def coefficients(self, t: Tensor, like: Tensor) -> tuple[Tensor, Tensor]:
        """(sqrt(alpha_bar), sqrt(1 − alpha_bar)) of t (B,), shaped to multiply `like` (B, …)."""
        alpha_bar = self.alphas_cumprod.to(like.device)[t].view(-1, *[1] * (like.ndim - 1))
        return alpha_bar.sqrt(), (1 - alpha_bar).sqrt()

    def add_noise(self, x0: Tensor, eps: Tensor, t: Tensor) -> Tensor:
        alpha, sigma = self.coefficients(t, x0)
        return alpha * x0 + sigma * eps

    def snr(self, t: Tensor) -> Tensor:
        """alpha_bar / (1 − alpha_bar) of t (B,)."""
        alpha_bar: Tensor = self.alphas_cumprod.to(t.device)[t]
        return alpha_bar / (1 - alpha_bar)

    def to_x0(self, output: Tensor, x_t: Tensor, t: Tensor) -> Tensor:
        """The clean clip that a network output claims: itself, or for v (Salimans & Ho 2022, arXiv 2202.00512,
        v = alpha eps − sigma x0) alpha x_t − sigma v."""
        if self.settings.prediction_type == "sample":
            return output
        alpha, sigma = self.coefficients(t, x_t)
        return alpha * x_t - sigma * output
