"""Animate stickers with a checkpoint: sticker and caption in, looping frames out, at any size."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import cast

import torch
from PIL import Image
from torch import Tensor

from sticker_diffusion.checkpoint import Checkpoint, load_checkpoint
from sticker_diffusion.compiled import compiled
from sticker_diffusion.conditioning import Conditions, is_mirrored, manner_of
from sticker_diffusion.distilled import Distilled
from sticker_diffusion.guidance import clamp_premultiplied, guided_x0, rescale
from sticker_diffusion.network import AnimationNetwork, Prediction
from sticker_diffusion.outline import find_outline, raised, redrawn
from sticker_diffusion.sampler import Cancelled, clip_noise, sample
from sticker_diffusion.sampler_settings import DType, SamplerSettings
from sticker_diffusion.schedule import NoiseSchedule, ScheduleSettings
from sticker_diffusion.sticker_animator import OnStep, StickerAnimator
from sticker_diffusion.stickers.image import premultiplied_square, resize

__all__ = ["Animator", "Cancelled", "SamplerSettings", "generate"]


@torch.no_grad()
def generate(
    network: AnimationNetwork,
    schedule: ScheduleSettings,
    *,
    stickers: Tensor,
    captions: Sequence[str],
    settings: SamplerSettings,
    seeds: list[int],
    on_step: OnStep | None = None,
    distilled: Distilled | None = None,
) -> Prediction:
    """The last conditional prediction for `stickers` (B, C, S, S), premultiplied in [−1, 1], at the network's own size.

    A `distilled` network hears the guidance scales in each of its passes, one a step. Raises Cancelled when
    on_step(i, steps) returns False, and ValueError for unequal counts, a frame count that is not the network's, or
    settings that it was not distilled for.
    """
    count = len(captions)
    if not len(stickers) == count == len(seeds) or count == 0:
        raise ValueError(f"one sticker, caption and seed a clip: got {len(stickers)}, {count} and {len(seeds)}")
    architecture = network.architecture
    if settings.frames != architecture.frames:
        raise ValueError(f"this checkpoint makes clips of {architecture.frames} frames, not {settings.frames}")
    if distilled is not None:
        distilled.check(settings)
    device = next(network.parameters()).device
    heard = (
        None
        if distilled is None
        else torch.tensor([[settings.text_scale, settings.image_scale]], device=device).expand(count, 2)
    )
    noise_schedule = NoiseSchedule(schedule)
    half = settings.dtype != "float32"
    dtype = getattr(torch, settings.dtype)

    def run(x_t: Tensor, t: Tensor, conditions: Conditions) -> Prediction:
        if settings.cuda_graphs:
            torch.compiler.cudagraph_mark_step_begin()
        with torch.autocast(device.type, dtype=dtype, enabled=half):
            return cast(Prediction, network(x_t, t, conditions, heard))

    def x0_of(x_t: Tensor, t: Tensor, conditions: Conditions) -> Tensor:
        return noise_schedule.to_x0(run(x_t, t, conditions).x0, x_t, t)

    with torch.autocast(device.type, dtype=dtype, enabled=half):
        text, null_text = network.text(captions), network.text([""] * count)
    conditions = Conditions(
        sticker=stickers.to(device, torch.float32),
        has_image=torch.ones(count, device=device),
        text=text,
        bucket=torch.full((count,), settings.bucket or 0, dtype=torch.long, device=device),
        frame_rate=torch.full((count,), float(settings.frame_rate), device=device),
        manner=torch.tensor([manner_of(seed) for seed in seeds], device=device),
    )

    def guided(x_t: Tensor, t: Tensor) -> Tensor:
        if distilled is not None:
            return clamp_premultiplied(x0_of(x_t, t, conditions))
        x0, conditional = guided_x0(x0_of, x_t, t, conditions=conditions, null_text=null_text, scales=settings.guidance)
        return clamp_premultiplied(rescale(x0, conditional, settings.rescale))

    shape = (architecture.frames, *stickers.shape[1:])
    return sample(
        noise=clip_noise(seeds, shape).to(device),
        steps=settings.steps,
        schedule=schedule,
        denoise=guided,
        finish=lambda x_t, t: run(x_t, t, conditions),
        on_step=on_step,
        solver=settings.solver,
    )


class Animator(StickerAnimator):
    """A loaded checkpoint that animates micro-batches of stickers."""

    def __init__(self, checkpoint: Checkpoint, device: str | torch.device = "cpu", dtype: DType | None = None) -> None:
        self.checkpoint = checkpoint
        self.device = torch.device(device)
        self.dtype = dtype
        if self.device.type == "cpu":
            torch.set_flush_denormal(True)
        self.network = checkpoint.network.to(self.device).eval()
        if self.device.type == "cuda":
            # On the CPU, group norm in channels_last costs more than the convolutions gain.
            self.network.to(memory_format=torch.channels_last)  # type: ignore[call-overload] # not in torch's stubs
        self.default_settings = checkpoint.sampler
        self.bucket_edges = checkpoint.description.bucket_edges
        self._ways: dict[tuple[bool, bool], AnimationNetwork] = {}

    @classmethod
    def load(cls, folder: Path, device: str | torch.device = "cpu", dtype: DType | None = None) -> "Animator":
        """From a checkpoint folder; `dtype` overrides that of the settings. Raises CheckpointError."""
        return cls(load_checkpoint(folder), device, dtype)

    def animate_premultiplied(
        self,
        stickers: Sequence[Image.Image | Tensor],
        captions: Sequence[str],
        settings: SamplerSettings,
        seeds: list[int],
        on_step: OnStep | None = None,
    ) -> Tensor:
        """As StickerAnimator says."""
        if self.dtype is not None:
            settings = replace(settings, dtype=self.dtype)
        mirrored = torch.tensor([is_mirrored(seed) for seed in seeds], device=self.device)
        prediction = generate(
            self._prepared(settings),
            self.checkpoint.schedule,
            stickers=_flip(self._resized(stickers, self.checkpoint.architecture.size), mirrored),
            captions=captions,
            settings=settings,
            seeds=seeds,
            on_step=on_step,
            distilled=self.checkpoint.description.distilled,
        )
        source = (_flip(self._resized(stickers, settings.size), mirrored) + 1) / 2
        # A painted layer would lie over the outline, which knows nothing of it.
        outlines = [find_outline(s) if prediction.particles is not None else None for s in source]
        frames = _flip(redrawn(prediction.body(raised(source, outlines), settings.size), outlines), mirrored)
        if prediction.particles is not None:
            frames = prediction.particles.mirrored(mirrored).over(frames)
        return clamp_premultiplied(frames * 2 - 1)

    def passes(self, settings: SamplerSettings) -> int:
        """As StickerAnimator says; a distilled network has one pass a step, whatever the scales."""
        guided = 1 if self.checkpoint.description.distilled else len(settings.guidance.coefficients())
        return (settings.steps - 1) * guided + 1

    def _prepared(self, settings: SamplerSettings) -> AnimationNetwork:
        """The network as `compile` and `cuda_graphs` ask for it, compiled once."""
        way = (settings.compile, settings.cuda_graphs)
        if way not in self._ways:
            self._ways[way] = compiled(self.network, fuse=settings.compile, cuda_graphs=settings.cuda_graphs)
        return self._ways[way]

    def _resized(self, stickers: Sequence[Image.Image | Tensor], size: int) -> Tensor:
        """(B, C, size, size) premultiplied in [−1, 1]."""
        return torch.stack(
            [premultiplied_square(s, size) if isinstance(s, Image.Image) else resize(s.float(), size) for s in stickers]
        ).to(self.device)


def _flip(x: Tensor, chosen: Tensor) -> Tensor:
    """The chosen clips of x (B, …, W) with left and right exchanged."""
    return torch.where(chosen.view(-1, *[1] * (x.ndim - 1)), x.flip(-1), x)
