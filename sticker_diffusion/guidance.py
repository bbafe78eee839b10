"""Guidance with two scales, on x0, and what is done to a guided x0 before the solver sees it.

InstructPix2Pix (Brooks et al. 2022, arXiv 2211.09800, equation 3), written for x0, which is affine in e at a given x_t:
    x0 = x0(∅, ∅) + s_I (x0(c_I, ∅) − x0(∅, ∅)) + s_T (x0(c_I, c_T) − x0(c_I, ∅)).
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from sticker_diffusion.conditioning import Conditions
from sticker_diffusion.text import TextStates

Denoiser = Callable[[Tensor, Tensor, Conditions], Tensor]
"""(x_t (B, F, C, H, W), t (B,), conditions) → x0 of x_t's shape."""


@dataclass(frozen=True)
class GuidanceScales:
    """s_T and s_I; (1, 1) is the conditional output in one pass, s_I = 1 takes two, anything else three."""

    text: float = 1.0
    image: float = 1.0

    def coefficients(self) -> dict[str, float]:
        """The weight of each pass that counts; they sum to one."""
        weights = {"both": self.text, "image": self.image - self.text, "none": 1 - self.image}
        return {name: weight for name, weight in weights.items() if weight != 0}


def guided_x0(
    denoise: Denoiser,
    x_t: Tensor,
    t: Tensor,
    *,
    conditions: Conditions,
    null_text: TextStates,
    scales: GuidanceScales,
) -> tuple[Tensor, Tensor]:
    """(guided x0, conditional x0), with the passes that count in one batch. `null_text` is the text '' for B clips."""
    without_text = replace(conditions, text=null_text)
    without_both = replace(without_text, has_image=torch.zeros_like(conditions.has_image))
    inputs = {"both": conditions, "image": without_text, "none": without_both}
    weights = scales.coefficients()
    outputs = denoise(
        x_t.repeat(len(weights), 1, 1, 1, 1), t.repeat(len(weights)), stacked([inputs[name] for name in weights])
    ).chunk(len(weights))
    guided = sum((weight * x0 for weight, x0 in zip(weights.values(), outputs, strict=True)), torch.zeros_like(x_t))
    return guided, outputs[0]


def stacked(conditions: list[Conditions]) -> Conditions:
    """One batch of several, each clip with its own text; the conditioned frame is the first's."""
    texts = [c.text for c in conditions]
    longest = max(text.states.shape[1] for text in texts)

    def pad(x: Tensor) -> Tensor:
        return torch.cat([x, x.new_zeros(x.shape[0], longest - x.shape[1], *x.shape[2:])], dim=1)

    return Conditions(
        sticker=torch.cat([c.sticker for c in conditions]),
        has_image=torch.cat([c.has_image for c in conditions]),
        text=TextStates(
            torch.cat([pad(text.states) for text in texts]),
            torch.cat([pad(text.mask) for text in texts]),
            torch.cat([text.pooled for text in texts]),
        ),
        bucket=torch.cat([c.bucket for c in conditions]),
        frame_rate=torch.cat([c.frame_rate for c in conditions]),
        manner=torch.cat([c.manner for c in conditions]),
        conditioned_frame=conditions[0].conditioned_frame,
    )


def rescale(guided: Tensor, conditional: Tensor, share: float) -> Tensor:
    """Lin et al. 2023 (arXiv 2305.08891), equations 15 and 16: undo what guidance did to the deviation, by `share`."""
    if share == 0:
        return guided
    dims = tuple(range(1, guided.ndim))
    matched = guided * conditional.std(dims, keepdim=True) / guided.std(dims, keepdim=True).clamp(min=1e-6)
    return share * matched + (1 - share) * guided


def clamp_premultiplied(x0: Tensor) -> Tensor:
    """0 ≤ rgb ≤ alpha ≤ 1, for premultiplied RGBA scaled to [−1, 1] with channels at dimension −3."""
    alpha = x0[..., -1:, :, :].clamp(-1, 1)
    rgb = torch.minimum(x0[..., :-1, :, :].clamp(min=-1), alpha)
    return torch.cat([rgb, alpha], dim=-3)
