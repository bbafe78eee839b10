"""The KL autoencoder of latent diffusion with a fourth channel: transparency.

A public RGB autoencoder gains it as "Text-to-Sticker" (Sinha et al. 2023, arXiv 2311.10794) does: the new row of the
decoder's last convolution begins as the mean of the rows of R, G and B. Ours takes alpha in as well: the new column of
the encoder's first convolution begins at zero. So a new one does to RGB what the public one does, and is then finetuned
(training/autoencoder.py).
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import torch
from diffusers import AutoencoderKL
from diffusers.models.autoencoders.vae import DiagonalGaussianDistribution
from torch import Tensor, nn

from sticker_diffusion.diffusers_folder import CONFIG, plain_config, read_component, read_config
from sticker_diffusion.weights import CheckpointError, load_strictly

CHANNELS = 4
FIRST, LAST = "encoder.conv_in", "decoder.conv_out"
# Attention layers of the public files bear the names that diffusers gave them at first.
FORMER_NAMES = {".query.": ".to_q.", ".key.": ".to_k.", ".value.": ".to_v.", ".proj_attn.": ".to_out.0."}


class AlphaAutoencoder(nn.Module):
    """Premultiplied RGBA (N, 4, H, W) in [−1, 1] to scaled latents (N, c, H/d, W/d) and back."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        """`config` is an AutoencoderKL's; its counts of image channels do not matter."""
        super().__init__()
        self.config = {**plain_config(config), "in_channels": CHANNELS, "out_channels": CHANNELS}
        self.kl: AutoencoderKL = AutoencoderKL.from_config(self.config)
        if self.kl.config.latents_mean or self.kl.config.latents_std:
            raise CheckpointError("the autoencoder scales each latent channel by itself (latents_mean): not known here")

    @classmethod
    def of_image(cls, config: Mapping[str, Any], tensors: Mapping[str, Tensor], *, file: Path) -> "AlphaAutoencoder":
        """From the weights of an RGB autoencoder, which it reproduces. Raises CheckpointError for any key amiss."""
        autoencoder = cls(config)
        load_strictly(
            autoencoder.kl, with_alpha({present_name(n): x for n, x in tensors.items()}), file=file, described_by=CONFIG
        )
        return autoencoder

    @property
    def latent_channels(self) -> int:
        return cast(int, self.kl.config.latent_channels)

    @property
    def factor(self) -> int:
        """Pixels a latent's side stands for, d."""
        return cast(int, 2 ** (len(self.kl.config.block_out_channels) - 1))

    def posterior(self, rgba: Tensor) -> DiagonalGaussianDistribution:
        """The distribution of unscaled latents."""
        return self.kl.encode(rgba).latent_dist

    def encode(self, rgba: Tensor) -> Tensor:
        """The posterior's mode, shifted and scaled to about unit variance."""
        return self.scaled(self.posterior(rgba).mode())

    def scaled(self, latents: Tensor) -> Tensor:
        """What diffusion sees of the autoencoder's own latents."""
        return (latents - (self.kl.config.shift_factor or 0.0)) * cast(float, self.kl.config.scaling_factor)

    def decode(self, latents: Tensor) -> Tensor:
        """RGBA of scaled latents, not clamped."""
        unscaled = latents / self.kl.config.scaling_factor + (self.kl.config.shift_factor or 0.0)
        return cast(Tensor, self.kl.decode(unscaled).sample)

    def taught(self) -> list[nn.Parameter]:
        """What finetuning changes: the decoder, and how the encoder takes the picture in.

        The rest of the encoder stays: a UNet knows its latents.
        """
        post = self.kl.post_quant_conv
        parts = [self.kl.encoder.conv_in, self.kl.decoder, *([] if post is None else [post])]
        return [parameter for part in parts for parameter in part.parameters()]


def present_name(name: str) -> str:
    """A tensor's name of today, from one of the public files."""
    if ".attentions." in name:
        for former, present in FORMER_NAMES.items():
            name = name.replace(former, present)
    return name


def with_alpha(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """RGB weights with a column of zeros for alpha in, and the mean of the rows of R, G and B for alpha out."""
    widened = dict(tensors)
    first = f"{FIRST}.weight"
    if first in tensors:
        widened[first] = torch.cat([tensors[first], torch.zeros_like(tensors[first][:, :1])], dim=1)
    for name in (f"{LAST}.weight", f"{LAST}.bias"):
        if name in tensors:
            rows = tensors[name].float()
            widened[name] = torch.cat([rows, rows.mean(dim=0, keepdim=True)])
    return widened


def load_image_autoencoder(folder: Path) -> AlphaAutoencoder:
    """An RGB AutoencoderKL's folder (config.json and safetensors) with alpha added. Raises CheckpointError."""
    config = read_config(folder)
    channels = config.get("in_channels", 3), config.get("out_channels", 3)
    if channels != (3, 3):
        raise CheckpointError(
            f"{folder / CONFIG}: expected 3 channels in and 3 out, got {channels[0]} and {channels[1]}"
        )
    file, tensors = read_component(folder)
    return AlphaAutoencoder.of_image(config, tensors, file=file)
