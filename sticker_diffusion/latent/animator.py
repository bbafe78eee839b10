"""Animate stickers with a latent checkpoint: RGBA in, latents, sampled, decoded, RGBA frames out."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor

from sticker_diffusion.compiled import compiled
from sticker_diffusion.conditioning import Conditions
from sticker_diffusion.guidance import clamp_premultiplied, guided_x0, rescale
from sticker_diffusion.latent.checkpoint import LatentCheckpoint, LatentModel, load_latent_checkpoint
from sticker_diffusion.latent.network import LatentNetwork
from sticker_diffusion.sampler import clip_noise, sample
from sticker_diffusion.sampler_settings import DType, SamplerSettings
from sticker_diffusion.schedule import NoiseSchedule
from sticker_diffusion.sticker_animator import OnStep, StickerAnimator
from sticker_diffusion.stickers.image import premultiplied_square, resize


class LatentAnimator(StickerAnimator):
    """A loaded latent checkpoint. All its parts compute in the settings' precision, the solver in float32."""

    def __init__(
        self, checkpoint: LatentCheckpoint, device: str | torch.device = "cpu", dtype: DType | None = None
    ) -> None:
        self.checkpoint = checkpoint
        self.device = torch.device(device)
        self.dtype = dtype
        self.default_settings = checkpoint.sampler
        self.bucket_edges = checkpoint.description.bucket_edges
        self._model = checkpoint.model
        self._in: DType | None = None  # not moved yet
        self._compiled: dict[tuple[bool, bool], LatentNetwork] = {}

    @classmethod
    def load(cls, folder: Path, device: str | torch.device = "cpu", dtype: DType | None = None) -> "LatentAnimator":
        """From a checkpoint folder; `dtype` overrides that of the settings. Raises CheckpointError."""
        return cls(load_latent_checkpoint(folder), device, dtype)

    @torch.no_grad()
    def animate_premultiplied(
        self,
        stickers: Sequence[Image.Image | Tensor],
        captions: Sequence[str],
        settings: SamplerSettings,
        seeds: list[int],
        on_step: OnStep | None = None,
    ) -> Tensor:
        """As StickerAnimator says."""
        count, architecture = len(captions), self.checkpoint.architecture
        if not len(stickers) == count == len(seeds) or count == 0:
            raise ValueError(f"one sticker, caption and seed a clip: got {len(stickers)}, {count} and {len(seeds)}")
        if settings.frames != architecture.frames:
            raise ValueError(f"this checkpoint makes clips of {architecture.frames} frames, not {settings.frames}")
        settings = settings if self.dtype is None else replace(settings, dtype=self.dtype)
        model, dtype = self._model_in(settings.dtype), getattr(torch, settings.dtype)
        size = architecture.size
        pixels = torch.stack(
            [premultiplied_square(s, size) if isinstance(s, Image.Image) else resize(s.float(), size) for s in stickers]
        )
        conditions = Conditions(
            sticker=model.autoencoder.encode(pixels.to(self.device, dtype)).float(),
            has_image=torch.ones(count, device=self.device),
            text=model.text(captions),
            bucket=torch.full((count,), settings.bucket or 0, dtype=torch.long, device=self.device),
            frame_rate=torch.full((count,), float(settings.frame_rate), device=self.device),
            manner=torch.zeros(count, dtype=torch.long, device=self.device),
        )
        latents = self._sampled(model, conditions, settings, seeds, on_step)
        # Clip by clip: at 512 pixels the decoder's features of one clip are gigabytes.
        clips = [clamp_premultiplied(model.autoencoder.decode(clip.to(dtype)).float()) for clip in latents]
        return torch.stack([torch.stack([resize(frame, settings.size) for frame in clip]) for clip in clips])

    def _sampled(
        self,
        model: LatentModel,
        conditions: Conditions,
        settings: SamplerSettings,
        seeds: list[int],
        on_step: OnStep | None,
    ) -> Tensor:
        """Latents (B, F, c, h, w) in fp32."""
        schedule = NoiseSchedule(self.checkpoint.schedule)
        network = self._prepared(model.network, settings)
        null_text = model.text([""] * len(seeds))

        def x0_of(x_t: Tensor, t: Tensor, c: Conditions) -> Tensor:
            if settings.cuda_graphs:
                torch.compiler.cudagraph_mark_step_begin()
            return schedule.to_x0(network(x_t, t, c), x_t, t)

        def guided(x_t: Tensor, t: Tensor) -> Tensor:
            x0, conditional = guided_x0(
                x0_of, x_t, t, conditions=conditions, null_text=null_text, scales=settings.guidance
            )
            return rescale(x0, conditional, settings.rescale)

        return sample(
            noise=clip_noise(seeds, self.checkpoint.architecture.latent_shape).to(self.device),
            steps=settings.steps,
            schedule=self.checkpoint.schedule,
            denoise=guided,
            finish=lambda x_t, t: x0_of(x_t, t, conditions),
            on_step=on_step,
            solver=settings.solver,
        )

    def _model_in(self, dtype: DType) -> LatentModel:
        if dtype != self._in:
            if self._in is not None:
                # Loaded anew and not converted: what was rounded once would stay rounded.
                self._model = load_latent_checkpoint(self.checkpoint.folder).model
            self._model.to(self.device, getattr(torch, dtype))
            self._in = dtype
            self._compiled.clear()
        return self._model

    def _prepared(self, network: LatentNetwork, settings: SamplerSettings) -> LatentNetwork:
        how = (settings.compile, settings.cuda_graphs)
        if how not in self._compiled:
            self._compiled[how] = compiled(network, fuse=settings.compile, cuda_graphs=settings.cuda_graphs)
        return self._compiled[how]
