"""The rival: the loop that one writes with diffusers alone, over a UNet3DConditionModel of about the same size."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from diffusers import DPMSolverMultistepScheduler, UNet3DConditionModel
from torch import Tensor

from sticker_diffusion.schedule import ScheduleSettings


@dataclass(frozen=True)
class LoopSettings:
    """`channels` of a frame's latent; widths are `width` times `multiples`, from fine to coarse; all stages but the
    last attend to text of `text_width` numbers."""

    channels: int
    text_width: int
    multiples: tuple[int, ...]
    layers: int
    head_width: int
    groups: int

    def config(self, width: int) -> dict[str, Any]:
        stages = len(self.multiples) - 1
        return {
            "in_channels": 2 * self.channels,
            "out_channels": self.channels,
            "block_out_channels": tuple(width * multiple for multiple in self.multiples),
            "down_block_types": (*["CrossAttnDownBlock3D"] * stages, "DownBlock3D"),
            "up_block_types": ("UpBlock3D", *["CrossAttnUpBlock3D"] * stages),
            "layers_per_block": self.layers,
            "cross_attention_dim": self.text_width,
            "attention_head_dim": self.head_width,
            "norm_num_groups": self.groups,
        }


def parameters_of(config: dict[str, Any]) -> int:
    """Counted on the meta device: nothing is allocated."""
    with torch.device("meta"):
        unet = UNet3DConditionModel(**config)
    return sum(parameter.numel() for parameter in unet.parameters())


def nearest_unet(settings: LoopSettings, *, parameters: int, widths: Sequence[int]) -> UNet3DConditionModel:
    """A UNet3DConditionModel with random weights, of that of the rising `widths` whose parameters are nearest."""
    above = bisect_left(widths, parameters, key=lambda width: parameters_of(settings.config(width)))
    configs = [settings.config(width) for width in widths[max(0, above - 1) : above + 1]]
    return UNet3DConditionModel(**min(configs, key=lambda config: abs(parameters_of(config) - parameters)))


class DiffusersLoop:
    """Sampling without this library: conditions concatenated along channels, DPM-Solver++, every frame's text anew."""

    def __init__(self, unet: UNet3DConditionModel, device: torch.device, dtype: torch.dtype) -> None:
        self.unet = unet.to(device, dtype).eval()
        self.device, self.dtype = device, dtype

    @property
    def parameters(self) -> int:
        return sum(parameter.numel() for parameter in self.unet.parameters())

    @torch.no_grad()
    def latents(
        self, condition: Tensor, text: Tensor, *, frames: int, steps: int, schedule: ScheduleSettings
    ) -> Tensor:
        """(B, C, F, h, w) from condition (B, C, h, w) and text (B, L, D)."""
        scheduler = DPMSolverMultistepScheduler(
            beta_start=schedule.beta_start,
            beta_end=schedule.beta_end,
            beta_schedule="scaled_linear",
            prediction_type="v_prediction",
            rescale_betas_zero_snr=True,
            timestep_spacing="trailing",
        )
        scheduler.set_timesteps(steps)
        given = condition.to(self.dtype)[:, :, None].expand(-1, -1, frames, -1, -1)
        x = torch.randn(given.shape, generator=torch.Generator().manual_seed(0)).to(self.device)
        for t in scheduler.timesteps:
            model_input = torch.cat([x.to(self.dtype), given], dim=1)
            v = self.unet(model_input, t, encoder_hidden_states=text.to(self.dtype)).sample
            x = scheduler.step(v.float(), t, x).prev_sample
        return x
