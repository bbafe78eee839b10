"""The UNet configs of the public text-to-image models, as their repositories' unet/config.json have them."""

from typing import Any

SD_1_5: dict[str, Any] = {
    "_class_name": "UNet2DConditionModel",
    "_diffusers_version": "0.6.0",
    "act_fn": "silu",
    "attention_head_dim": 8,
    "block_out_channels": [320, 640, 1280, 1280],
    "center_input_sample": False,
    "cross_attention_dim": 768,
    "down_block_types": ["CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"],
    "downsample_padding": 1,
    "flip_sin_to_cos": True,
    "freq_shift": 0,
    "in_channels": 4,
    "layers_per_block": 2,
    "mid_block_scale_factor": 1,
    "norm_eps": 1e-05,
    "norm_num_groups": 32,
    "out_channels": 4,
    "sample_size": 64,
    "up_block_types": ["UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D"],
}

SD_2_1: dict[str, Any] = {
    **SD_1_5,
    "_diffusers_version": "0.10.0.dev0",
    "attention_head_dim": [5, 10, 20, 20],
    "cross_attention_dim": 1024,
    "dual_cross_attention": False,
    "num_class_embeds": None,
    "only_cross_attention": False,
    "sample_size": 96,
    "upcast_attention": True,
    "use_linear_projection": True,
}

TINY: dict[str, dict[str, Any]] = {
    "like SD 1.5": {
        **SD_1_5,
        "block_out_channels": [16, 32],
        "attention_head_dim": 8,
        "cross_attention_dim": 24,
        "down_block_types": ["CrossAttnDownBlock2D", "DownBlock2D"],
        "up_block_types": ["UpBlock2D", "CrossAttnUpBlock2D"],
        "layers_per_block": 2,
        "norm_num_groups": 4,
        "sample_size": 8,
    },
    "like SD 2.1": {
        **SD_2_1,
        "block_out_channels": [16, 24, 32],
        "attention_head_dim": [2, 3, 4],
        "cross_attention_dim": 40,
        "down_block_types": ["CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"],
        "up_block_types": ["UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D"],
        "layers_per_block": 1,
        "norm_num_groups": 8,
        "sample_size": 8,
    },
    "one stage, two transformers deep": {
        **SD_1_5,
        "block_out_channels": [16],
        "attention_head_dim": 4,
        "cross_attention_dim": 8,
        "down_block_types": ["CrossAttnDownBlock2D"],
        "up_block_types": ["CrossAttnUpBlock2D"],
        "layers_per_block": 1,
        "transformer_layers_per_block": 2,
        "norm_num_groups": 4,
        "sample_size": 8,
    },
}
"""Small ones of other shapes: number of heads and head list, convolution and linear projection, depths."""
