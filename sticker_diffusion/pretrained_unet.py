"""A public text-to-image UNet as the start of a video one, which reproduces it frame by frame until it is trained.

What a Stable-Diffusion-style `unet/` folder must give are all spatial keys, strictly. The exceptions are these:
- conv_in.weight has further columns, for the sticker's latent: zeros, so that at first it changes nothing;
- `.temporal.` layers, zero at their last layer (temporal.py);
- time_embedding.cond_proj.weight, through which phase, bucket, frame rate and guidance scales enter: zeros.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from diffusers import UNet2DConditionModel
from torch import nn

from sticker_diffusion.attention import ClipAttention
from sticker_diffusion.diffusers_folder import CONFIG, plain_config, read_component, read_config
from sticker_diffusion.temporal import add_temporal_layers
from sticker_diffusion.weights import CheckpointError, load_strictly

WIDENED = "conv_in.weight"
CONDITION_KEY = "time_embedding.cond_proj.weight"
BLOCKS = frozenset({"CrossAttnDownBlock2D", "DownBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"})
MIDDLE = "UNetMidBlock2DCrossAttn"
# What would bring layers without a temporal one after them, or conditions that nothing here gives.
PLAIN: dict[str, Any] = {
    "mid_block_type": MIDDLE,
    "addition_embed_type": None,
    "attention_type": "default",
    "center_input_sample": False,
    "class_embed_type": None,
    "cross_attention_norm": None,
    "dual_cross_attention": False,
    "encoder_hid_dim": None,
    "encoder_hid_dim_type": None,
    "num_class_embeds": None,
    "time_cond_proj_dim": None,
}


def is_new_key(name: str) -> bool:
    """Whether a key of the video UNet has no counterpart in its text-to-image model."""
    return ".temporal." in name or name == CONDITION_KEY


def check_unet_config(config: Mapping[str, Any], *, where: str) -> None:
    """Raises CheckpointError for a UNet that is no latent text-to-image one with timestep and text alone."""
    for key, plain in PLAIN.items():
        if config.get(key, plain) != plain:
            raise CheckpointError(f"{where}: {key} is {config[key]!r}; only {plain!r} can become a video UNet here")
    blocks = (*config.get("down_block_types", ()), *config.get("up_block_types", ()))
    foreign = sorted(set(blocks) - BLOCKS)
    if foreign:
        raise CheckpointError(f"{where}: block {foreign[0]} is unknown here; known are {', '.join(sorted(BLOCKS))}")
    if config.get("in_channels", 4) != config.get("out_channels", 4):
        raise CheckpointError(
            f"{where}: {config['in_channels']} channels in and {config['out_channels']} out; "
            "expected a text-to-image UNet, with as many out as in (an inpainting UNet has more in)"
        )


def new_video_unet(
    config: Mapping[str, Any], *, frames: int, sticker_channels: int, condition_width: int
) -> UNet2DConditionModel:
    """The text-to-image UNet of `config` with temporal layers, `sticker_channels` more channels in (after the noisy
    ones, zeroed) and conditions ((b f), condition_width) by timestep_cond (zeroed). Raises CheckpointError."""
    check_unet_config(config, where="the UNet's config")
    unet: UNet2DConditionModel = UNet2DConditionModel.from_config(
        {
            **plain_config(config),
            "in_channels": config.get("in_channels", 4) + sticker_channels,
            "out_channels": config.get("out_channels", 4),
            "time_cond_proj_dim": condition_width,
        }
    )
    add_temporal_layers(unet, frames=frames, groups=unet.config.norm_num_groups)
    unet.set_attn_processor(ClipAttention())
    with torch.no_grad():
        unet.conv_in.weight[:, -sticker_channels:] = 0
    nn.init.zeros_(unet.time_embedding.cond_proj.weight)
    return unet


def take_image_weights(unet: UNet2DConditionModel, folder: Path) -> None:
    """Give a new video UNet the weights of the text-to-image UNet in `folder`, in fp32.

    Raises CheckpointError that names the key which is missing, unknown or of another shape.
    """
    file, tensors = read_component(folder)
    if WIDENED in tensors:
        image = tensors[WIDENED]
        new_columns = unet.conv_in.in_channels - image.shape[1]
        tensors[WIDENED] = torch.cat([image, image.new_zeros(len(image), new_columns, *image.shape[2:])], dim=1)
    load_strictly(unet, tensors, file=file, described_by=CONFIG, is_new=is_new_key)


def load_image_unet(folder: Path, *, frames: int, sticker_channels: int, condition_width: int) -> UNet2DConditionModel:
    """A new video UNet with config and weights of the text-to-image UNet in `folder`. Raises CheckpointError."""
    config = read_config(folder)
    check_unet_config(config, where=str(folder / CONFIG))
    unet = new_video_unet(config, frames=frames, sticker_channels=sticker_channels, condition_width=condition_width)
    take_image_weights(unet, folder)
    return unet
