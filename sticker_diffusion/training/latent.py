"""Training of the latent model: the velocity of noisy clips, with conditions dropped by one categorical draw."""

from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from sticker_diffusion.conditioning import Conditions, DropoutRates, Kept, draw_dropout
from sticker_diffusion.latent.checkpoint import LatentModel
from sticker_diffusion.sampler_settings import DType
from sticker_diffusion.schedule import NoiseSchedule, ScheduleSettings
from sticker_diffusion.training.clip_folder import ClipSource, ShownFrame, TrainingClips
from sticker_diffusion.training.config import OptimiserSettings
from sticker_diffusion.training.loss import draw_timesteps
from sticker_diffusion.training.mixed_precision import Precision
from sticker_diffusion.training.parts import part_of
from sticker_diffusion.training.run_settings import check_budget


def _gentle() -> OptimiserSettings:
    return OptimiserSettings(lr=2e-5, warmup_steps=500, ema=0.9995)


@dataclass(frozen=True)
class LatentSettings:
    """A run over `clips` clips or `minutes`, from the latent checkpoint folder `initial`.

    `clip_folder` is a folder of clips to train on (clip_folder.py), in which the sticker is the `shown` frame; without
    it, procedural clips are drawn, `mirror_probability` of them mirrored. `snr_cap` bounds the weight of nearly clean
    clips. `gradient_checkpointing` spends time to save memory.
    """

    initial: str
    clips: int | None = None
    minutes: float | None = None
    batch: int = 1
    accumulate: int = 1
    seed: int = 0
    device: str = "auto"
    dtype: DType = "bfloat16"
    clip_folder: str | None = None
    shown: ShownFrame = "first"
    mirror_probability: float = 0.5
    snr_cap: float = 5.0
    gradient_checkpointing: bool = True
    save_minutes: float = 10.0
    dropout: DropoutRates = field(default_factory=DropoutRates)
    optimiser: OptimiserSettings = field(default_factory=_gentle)

    def __post_init__(self) -> None:
        check_budget(self, self.batch, self.accumulate)


def velocity_loss(v: Tensor, x0: Tensor, eps: Tensor, t: Tensor, *, schedule: NoiseSchedule, snr_cap: float) -> Tensor:
    """Weighted mean square error of v (B, …) against alpha eps − sigma x0.

    The weight is min(1 + SNR, cap) / (1 + SNR): min-SNR weighting (Hang et al. 2023, arXiv 2303.09556) of the x0 error,
    which is sigma² times that of v, with 1 + SNR in place of SNR, so that pure noise counts as well.
    """
    alpha, sigma = schedule.coefficients(t, x0)
    error = (v - (alpha * eps - sigma * x0)).square().flatten(1).mean(dim=1)
    gain = 1 + schedule.snr(t)
    loss: Tensor = (error * gain.clamp(max=snr_cap) / gain).mean()
    return loss


@dataclass(frozen=True)
class NoiseOfClips:
    """Clips, timesteps t (B,), noise eps (B, F, c, S/d, S/d) of their latents, and which conditions are kept."""

    clips: TrainingClips
    t: Tensor
    eps: Tensor
    kept: Kept
    rate_kept: Tensor


class LatentTraining:
    """A Recipe; all randomness of the loss comes from one generator and the clips' own numbers."""

    def __init__(
        self, settings: LatentSettings, model: LatentModel, schedule: ScheduleSettings, clips: ClipSource
    ) -> None:
        self.settings = settings
        self.clips = clips
        self.precision = Precision.of(settings.dtype, settings.device)
        self.model = model.to(self.precision.device, torch.float32)
        self.model.autoencoder.requires_grad_(False)
        self.network = model.network.train()
        if settings.gradient_checkpointing:
            self.network.unet.enable_gradient_checkpointing()
        self.schedule = NoiseSchedule(schedule)
        self.generator = torch.Generator().manual_seed(settings.seed)

    def parameters(self) -> list[nn.Parameter]:
        return list(self.network.parameters())

    def draw(self) -> NoiseOfClips:
        s = self.settings
        batch = self.clips.batch(s.batch)
        kept = draw_dropout(s.batch, s.dropout, self.generator)
        rate_kept = torch.rand(s.batch, generator=self.generator) >= s.dropout.bucket
        t = draw_timesteps(s.batch, self.schedule.settings.timesteps, self.generator)
        autoencoder = self.model.autoencoder
        count, frames, _, height, width = batch.frames.shape
        side = height // autoencoder.factor, width // autoencoder.factor
        eps = torch.randn(count, frames, autoencoder.latent_channels, *side, generator=self.generator)
        return NoiseOfClips(batch, t, eps, kept, rate_kept)

    def loss(self, drawn: NoiseOfClips, clips: slice, *, progress: float) -> tuple[Tensor, dict[str, float]]:
        s, device = self.settings, self.precision.device
        seen = part_of(drawn, clips, device)
        batch, kept, t = seen.clips, seen.kept, seen.t
        captions = [caption if keep else "" for caption, keep in zip(batch.captions, kept.text.tolist(), strict=True)]
        with self.precision.autocast():
            with torch.no_grad():
                x0 = self.model.autoencoder.encode(batch.frames.flatten(0, 1)).float()
            x0 = x0.unflatten(0, (len(captions), -1))  # (b f) c h w -> b f c h w
            conditions = Conditions(
                sticker=x0[:, 0],
                has_image=kept.image.float(),
                text=self.model.text(captions),
                bucket=batch.bucket * kept.bucket,
                frame_rate=batch.frame_rate * seen.rate_kept,
                manner=torch.zeros(len(captions), dtype=torch.long, device=device),
            )
            v = self.network(self.schedule.add_noise(x0, seen.eps, t), t, conditions)
        loss = velocity_loss(v, x0, seen.eps, t, schedule=self.schedule, snr_cap=s.snr_cap)
        return loss, {"velocity": float(loss.detach())}

    def state_dict(self) -> dict[str, Any]:
        return {"generator": self.generator.get_state(), "clips": self.clips.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.generator.set_state(state["generator"].cpu())
        self.clips.load_state_dict(state["clips"])
