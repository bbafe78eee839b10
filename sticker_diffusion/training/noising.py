"""What the network is given in training: a noisy clip, and those of its conditions that were not dropped."""

from dataclasses import dataclass

import torch
from torch import Tensor

from sticker_diffusion.conditioning import Conditions, DropoutRates, Kept, draw_dropout
from sticker_diffusion.network import AnimationNetwork
from sticker_diffusion.schedule import NoiseSchedule
from sticker_diffusion.stickers.clips import ClipBatch
from sticker_diffusion.training.loss import draw_timesteps


@dataclass(frozen=True)
class Noised:
    """Clips, x_t (B, F, C, S, S) of them at timesteps t (B,), and the conditions kept."""

    batch: ClipBatch
    x_t: Tensor
    t: Tensor
    kept: Kept


def noised(batch: ClipBatch, *, dropout: DropoutRates, schedule: NoiseSchedule, generator: torch.Generator) -> Noised:
    """The batch at timesteps drawn where sampling lives; all chance comes from `generator`."""
    count = len(batch.captions)
    kept = draw_dropout(count, dropout, generator)
    t = draw_timesteps(count, schedule.settings.timesteps, generator)
    noise = torch.randn(batch.frames.shape, generator=generator)
    return Noised(batch, schedule.add_noise(batch.frames, noise, t), t, kept)


def kept_conditions(
    network: AnimationNetwork, batch: ClipBatch, kept: Kept, *, frame_rate: Tensor | None = None
) -> Conditions:
    """The conditions of a batch as `network` hears them; `frame_rate` (B,) in place of the true ones."""
    captions = [caption if keep else "" for caption, keep in zip(batch.captions, kept.text.tolist(), strict=True)]
    return Conditions(
        sticker=batch.sticker,
        has_image=kept.image.float(),
        text=network.text(captions),
        bucket=batch.bucket * kept.bucket,
        frame_rate=batch.frame_rate if frame_rate is None else frame_rate,
        manner=batch.manner * kept.manner,
    )
