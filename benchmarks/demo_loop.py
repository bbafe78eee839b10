"""The plain diffusers loop at demo scale: the size, steps and passes of a checkpoint, its small frames enlarged."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from benchmarks.diffusers_loop import DiffusersLoop, LoopSettings, nearest_unet
from sticker_diffusion.animator import Animator
from sticker_diffusion.network import CHANNELS
from sticker_diffusion.stickers.image import resize, straight_bytes

WIDTHS = range(16, 129, 8)
TEXT_LENGTH = 8


def demo_loop(animator: Animator) -> tuple[Callable[[Tensor], Tensor], int]:
    """(a function from a sticker (4, s, s) in [−1, 1] to uint8 RGBA (passes, F, size, size, 4), its parameters).

    Passes of guidance are clips of one batch, as usual with diffusers, and cost the same without being mixed.
    """
    architecture, settings = animator.checkpoint.architecture, animator.default_settings
    patch, size = architecture.patch, architecture.size
    widths = architecture.unet.widths
    loop_settings = LoopSettings(
        channels=CHANNELS * patch**2,
        text_width=architecture.text.width,
        multiples=tuple(width // widths[0] for width in widths),
        layers=architecture.unet.layers,
        head_width=8,
        groups=architecture.unet.groups,
    )
    parameters = sum(parameter.numel() for parameter in animator.network.parameters())
    unet = nearest_unet(loop_settings, parameters=parameters, widths=WIDTHS)
    loop = DiffusersLoop(unet, animator.device, torch.float32)
    passes = len(settings.guidance.coefficients())
    text = torch.zeros(passes, TEXT_LENGTH, architecture.text.width, device=animator.device)
    dtype = getattr(torch, settings.dtype)

    @torch.no_grad()
    def animate(sticker: Tensor) -> Tensor:
        small = resize(sticker, size).to(animator.device)[None].expand(passes, -1, -1, -1)
        with torch.autocast(animator.device.type, dtype=dtype, enabled=dtype is not torch.float32):
            latents = loop.latents(
                F.pixel_unshuffle(small, patch),
                text,
                frames=architecture.frames,
                steps=settings.steps,
                schedule=animator.checkpoint.schedule,
            )
        frames = F.pixel_shuffle(latents.transpose(1, 2).flatten(0, 1), patch)  # b c f h w -> (b f) c h w
        full = F.interpolate(frames, size=(settings.size, settings.size), mode="bilinear")
        return straight_bytes(full.unflatten(0, (passes, architecture.frames)))

    return animate, loop.parameters
