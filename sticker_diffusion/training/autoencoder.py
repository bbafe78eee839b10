"""Finetuning of the autoencoder's transparency: pictures with alpha in, the same pictures out.

Only the decoder and the encoder's first convolution are taught, so that a UNet still knows the latents
("Text-to-Sticker", Sinha et al. 2023, arXiv 2311.10794, teaches the decoder). There is no perceptual loss, as public
autoencoders had: it would need weights of yet another network.
"""

from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from sticker_diffusion.autoencoder import AlphaAutoencoder
from sticker_diffusion.sampler_settings import DType
from sticker_diffusion.training.clip_folder import ClipSource
from sticker_diffusion.training.config import OptimiserSettings
from sticker_diffusion.training.mixed_precision import Precision
from sticker_diffusion.training.parts import part_of
from sticker_diffusion.training.run_settings import check_budget


def _gentle() -> OptimiserSettings:
    return OptimiserSettings(lr=1e-4, ema=0.999)


@dataclass(frozen=True)
class AutoencoderSettings:
    """A run over `clips` clips or `minutes`, from the latent checkpoint folder `initial`, on its frames at `size`.

    The clips are those of `clip_folder` (clip_folder.py), or else procedural. A step sees `frames` frames, spread over
    the loop, of each of `batch` clips. `alpha` weighs transparency against colour.
    """

    initial: str
    clips: int | None = None
    minutes: float | None = None
    batch: int = 2
    accumulate: int = 1
    frames: int = 2
    size: int = 256
    alpha: float = 1.0
    clip_folder: str | None = None
    seed: int = 0
    device: str = "auto"
    dtype: DType = "float32"
    save_minutes: float = 10.0
    optimiser: OptimiserSettings = field(default_factory=_gentle)

    def __post_init__(self) -> None:
        check_budget(self, self.batch, self.accumulate)


@dataclass(frozen=True)
class Pictures:
    """Frames (B, f, 4, S, S) of B clips, and the noise (B, f, c, S/d, S/d) of their latents."""

    frames: Tensor
    noise: Tensor


class AutoencoderFinetuning:
    """A Recipe; all randomness of the loss comes from one generator and the clips' own numbers."""

    def __init__(self, settings: AutoencoderSettings, autoencoder: AlphaAutoencoder, clips: ClipSource) -> None:
        self.settings = settings
        self.clips = clips
        self.precision = Precision.of(settings.dtype, settings.device)
        self.network = autoencoder.to(self.precision.device).train()
        self.network.requires_grad_(False)
        for parameter in self.network.taught():
            parameter.requires_grad_(True)
        self.generator = torch.Generator().manual_seed(settings.seed)

    def parameters(self) -> list[nn.Parameter]:
        return self.network.taught()

    def draw(self) -> Pictures:
        s = self.settings
        frames = self.clips.batch(s.batch).frames
        frames = frames[:, torch.arange(s.frames) * frames.shape[1] // s.frames]
        side = frames.shape[-1] // self.network.factor
        shape = (*frames.shape[:2], self.network.latent_channels, side, side)
        return Pictures(frames, torch.randn(shape, generator=self.generator))

    def loss(self, drawn: Pictures, clips: slice, *, progress: float) -> tuple[Tensor, dict[str, float]]:
        """Mean absolute error of premultiplied colour (RGB·alpha) and of alpha, each in [−1, 1]."""
        seen = part_of(drawn, clips, self.precision.device)
        pictures = seen.frames.flatten(0, 1)
        with self.precision.autocast():
            posterior = self.network.posterior(pictures)
            noisy = posterior.mean + posterior.std * seen.noise.flatten(0, 1)
            made = self.network.decode(self.network.scaled(noisy)).float()
        error = (made - pictures).abs().mean(dim=(0, 2, 3))
        colour, alpha = error[:3].mean(), error[3]
        total = colour + self.settings.alpha * alpha
        return total, {name: float(x.detach()) for name, x in (("total", total), ("colour", colour), ("alpha", alpha))}

    def state_dict(self) -> dict[str, Any]:
        return {"generator": self.generator.get_state(), "clips": self.clips.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.generator.set_state(state["generator"].cpu())
        self.clips.load_state_dict(state["clips"])
