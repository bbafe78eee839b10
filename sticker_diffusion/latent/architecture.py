"""What a latent checkpoint is built of, as its checkpoint.json says it."""

from dataclasses import dataclass
from typing import Any

from sticker_diffusion.pretrained_unet import check_unet_config
from sticker_diffusion.text.pretrained import TextModel


@dataclass(frozen=True)
class TextSource:
    """A pretrained text encoder and the width of its states."""

    model: TextModel
    width: int


@dataclass(frozen=True)
class LatentArchitecture:
    """Clips of `frames` frames of `size` × `size` pixels, in latents of the autoencoder.

    `unet` and `autoencoder` are the public models' own configs (diffusers' config.json). The text encoders' tokens
    follow one another; one whose width is not the UNet's cross_attention_dim gets a projection.
    """

    unet: dict[str, Any]
    autoencoder: dict[str, Any]
    text: tuple[TextSource, ...]
    frames: int = 8
    size: int = 512
    harmonics: int = 4
    bucket_width: int = 32

    def __post_init__(self) -> None:
        check_unet_config(self.unet, where="unet")
        channels, latents = self.unet.get("in_channels", 4), self.autoencoder.get("latent_channels", 4)
        if channels != latents:
            raise ValueError(f"the UNet takes {channels} channels and the autoencoder gives {latents}; they must agree")
        step = self.factor * 2 ** (len(self.unet["block_out_channels"]) - 1)
        if self.size % step:
            raise ValueError(f"size {self.size} must be a multiple of {step} (autoencoder's factor × UNet's)")
        if self.frames < 3:
            raise ValueError(f"a loop needs at least 3 frames, got {self.frames}")
        if not self.text or len({source.model for source in self.text}) != len(self.text):
            raise ValueError("text must name one text encoder or more, each once")

    @property
    def factor(self) -> int:
        """Pixels that a latent's side stands for."""
        return int(2 ** (len(self.autoencoder["block_out_channels"]) - 1))

    @property
    def latent_shape(self) -> tuple[int, int, int, int]:
        """(F, c, h, w) of a clip."""
        side = self.size // self.factor
        return self.frames, self.unet.get("in_channels", 4), side, side
