"""The spatiotemporal UNet: diffusers' UNet2DConditionModel with temporal layers of ours."""

from dataclasses import dataclass

from diffusers import UNet2DConditionModel

from sticker_diffusion.attention import ClipAttention
from sticker_diffusion.temporal import add_temporal_layers


@dataclass(frozen=True)
class UNetSettings:
    """`widths` of the stages from fine to coarse; stages in `attention` (by index) have spatial transformers."""

    widths: tuple[int, ...] = (48, 96)
    attention: tuple[int, ...] = (1,)
    layers: int = 1
    heads: int = 4
    groups: int = 8

    def __post_init__(self) -> None:
        bad = [w for w in self.widths if w % self.groups or w % self.heads]
        if bad:
            raise ValueError(f"widths {bad} must be multiples of groups ({self.groups}) and heads ({self.heads})")
        if any(stage not in range(len(self.widths)) for stage in self.attention):
            raise ValueError(f"attention stages {self.attention} must be in 0…{len(self.widths) - 1}")


def build_image_unet(
    settings: UNetSettings, *, in_channels: int, out_channels: int, text_width: int, condition_width: int
) -> UNet2DConditionModel:
    """The image model: diffusers' own class, frame by frame.

    Conditions enter through timestep_cond, and with the pooled text appended also through an MLP of their own
    (class_embedding), because timestep_cond is squeezed through widths[0] numbers.
    """
    with_attention = [stage in settings.attention for stage in range(len(settings.widths))]
    unet = UNet2DConditionModel(
        in_channels=in_channels,
        out_channels=out_channels,
        block_out_channels=settings.widths,
        layers_per_block=settings.layers,
        down_block_types=tuple("CrossAttnDownBlock2D" if a else "DownBlock2D" for a in with_attention),
        up_block_types=tuple("CrossAttnUpBlock2D" if a else "UpBlock2D" for a in reversed(with_attention)),
        cross_attention_dim=text_width,
        attention_head_dim=settings.heads,
        norm_num_groups=settings.groups,
        resnet_time_scale_shift="scale_shift",
        time_cond_proj_dim=condition_width,
        class_embed_type="projection",
        projection_class_embeddings_input_dim=condition_width + text_width,
    )
    unet.set_attn_processor(ClipAttention())
    return unet


def build_video_unet(
    settings: UNetSettings, *, frames: int, in_channels: int, out_channels: int, text_width: int, condition_width: int
) -> UNet2DConditionModel:
    """The image model with temporal layers, which reproduces it frame by frame until they are trained."""
    unet = build_image_unet(
        settings,
        in_channels=in_channels,
        out_channels=out_channels,
        text_width=text_width,
        condition_width=condition_width,
    )
    add_temporal_layers(unet, frames=frames, groups=settings.groups)
    return unet
