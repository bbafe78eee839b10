"""Training of the latent model: the velocity of noisy clips, with conditions dropped by one categorical draw."""

from dataclasses import dataclass, field
from typing import Any, Literal

import torch
from torch import Tensor, nn

from sticker_diffusion.conditioning import Conditions, DropoutRates, draw_dropout
from sticker_diffusion.latent.checkpoint import LatentModel
from sticker_diffusion.schedule import NoiseSchedule, ScheduleSettings
from sticker_diffusion.training.clip_folder import ClipSource, ShownFrame
from sticker_diffusion.training.config import OptimiserSettings
from sticker_diffusion.training.loss import draw_timesteps
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
    seed: int = 0
    device: str = "cpu"
    dtype: Literal["float32", "bfloat16"] = "bfloat16"
    clip_folder: str | None = None
    shown: ShownFrame = "first"
    mirror_probability: float = 0.5
    snr_cap: float = 5.0
    gradient_checkpointing: bool = True
    save_minutes: float = 10.0
    dropout: DropoutRates = field(default_factory=DropoutRates)
    optimiser: OptimiserSettings = field(default_factory=_gentle)

    def __post_init__(self) -> None:
        check_budget(self, self.batch)


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


class LatentTraining:
    """A Recipe; all randomness of the loss comes from one generator and the clips' own numbers."""

    def __init__(
        self, settings: LatentSettings, model: LatentModel, schedule: ScheduleSettings, clips: ClipSource
    ) -> None:
        self.settings = settings
        self.clips = clips
        self.model = model.to(torch.device(settings.device), torch.float32)
        self.model.autoencoder.requires_grad_(False)
        self.network = model.network.train()
        if settings.gradient_checkpointing:
            self.network.unet.enable_gradient_checkpointing()
        self.schedule = NoiseSchedule(schedule)
        self.generator = torch.Generator().manual_seed(settings.seed)

    def parameters(self) -> list[nn.Parameter]:
        return list(self.network.parameters())

    def loss(self, *, progress: float) -> tuple[Tensor, dict[str, float]]:
        s, count, device = self.settings, self.settings.batch, self.settings.device
        batch = self.clips.batch(count)
        kept = draw_dropout(count, s.dropout, self.generator)
        rate_kept = torch.rand(count, generator=self.generator) >= s.dropout.bucket
        t = draw_timesteps(count, self.schedule.settings.timesteps, self.generator).to(device)
        captions = [caption if keep else "" for caption, keep in zip(batch.captions, kept.text.tolist(), strict=True)]
        with torch.autocast(torch.device(device).type, dtype=torch.bfloat16, enabled=s.dtype == "bfloat16"):
            with torch.no_grad():
                x0 = self.model.autoencoder.encode(batch.frames.flatten(0, 1).to(device)).float()
            x0 = x0.unflatten(0, (count, -1))  # (b f) c h w -> b f c h w
            eps = torch.randn(x0.shape, generator=self.generator).to(device)
            conditions = Conditions(
                sticker=x0[:, 0],
                has_image=kept.image.float().to(device),
                text=self.model.text(captions),
                bucket=(batch.bucket * kept.bucket).to(device),
                frame_rate=(batch.frame_rate * rate_kept).to(device),
                manner=torch.zeros(count, dtype=torch.long, device=device),
            )
            v = self.network(self.schedule.add_noise(x0, eps, t), t, conditions)
        loss = velocity_loss(v, x0, eps, t, schedule=self.schedule, snr_cap=s.snr_cap)
        return loss, {"velocity": float(loss.detach())}

    def state_dict(self) -> dict[str, Any]:
        return {"generator": self.generator.get_state(), "clips": self.clips.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.generator.set_state(state["generator"].cpu())
        self.clips.load_state_dict(state["clips"])
