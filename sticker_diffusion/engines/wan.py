"""Wan image-to-video (Wan Team, 2025, arXiv 2503.20314): the first frame and a caption."""

from dataclasses import dataclass
from typing import Any, ClassVar

from sticker_diffusion.engines.adapter import CaptionedAdapter, Pipeline


@dataclass(frozen=True, kw_only=True)
class Wan(CaptionedAdapter):
    """The defaults are those of Wan 2.1 I2V at 480p; 2.2 has two transformers, and both are guided by text_scale.

    It was trained at 16 frames a second and hears neither frame rate nor bucket: both act on which frames are taken.
    """

    width: int = 832
    height: int = 480
    frames: int = 81
    frame_rate: int = 16

    name: ClassVar[str] = "wan"
    pipeline: ClassVar[str] = "WanImageToVideoPipeline"
    folders: ClassVar[tuple[str, ...]] = ("WanImageToVideoPipeline", "WanPipeline")
    side_multiple: ClassVar[int] = 16
    frame_multiple: ClassVar[int] = 4
    float32_parts: ClassVar[tuple[str, ...]] = ("vae", "image_encoder")
    sampler: ClassVar[dict[str, Any]] = {"steps": 50, "text_scale": 5.0, "dtype": "bfloat16"}

    def refusal(self, pipeline: Pipeline) -> str | None:
        latent = pipeline.vae.config.z_dim
        transformer = pipeline.transformer if pipeline.transformer is not None else pipeline.transformer_2
        channels = transformer.config.in_channels
        if pipeline.config.expand_timesteps or channels > latent:
            return None
        return (
            f"its transformer takes {channels} channels, no more than the {latent} of its latents: it is a "
            "text-to-video model; an image-to-video one is needed"
        )
