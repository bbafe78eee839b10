"""Stable Video Diffusion (Blattmann et al., 2023, arXiv 2311.15127): the image alone. It ignores the caption."""

from dataclasses import dataclass
from typing import Any, ClassVar

from sticker_diffusion.engines.adapter import NEVER_HEARD, Adapter
from sticker_diffusion.sampler_settings import SamplerSettings
from sticker_diffusion.stickers.score import BUCKETS

_MOTION_BUCKETS = 255


@dataclass(frozen=True, kw_only=True)
class StableVideoDiffusion(Adapter):
    """frames: 14 for img2vid, 25 for img2vid-xt.

    The pipeline hears frame_rate. Guidance grows from 1 at the first frame to image_scale at the last. bucket 1…16 is
    its motion_bucket_id 15…255, and 8 its default of 127. decode_chunk_size frames are decoded at once.
    """

    width: int = 1024
    height: int = 576
    frames: int = 25
    frame_rate: int = 7
    noise_aug_strength: float = 0.02
    decode_chunk_size: int = 8

    name: ClassVar[str] = "svd"
    pipeline: ClassVar[str] = "StableVideoDiffusionPipeline"
    folders: ClassVar[tuple[str, ...]] = ("StableVideoDiffusionPipeline",)
    side_multiple: ClassVar[int] = 64
    frame_multiple: ClassVar[int] = 1
    ignored: ClassVar[tuple[str, ...]] = ("caption", "text_scale", "rescale", *NEVER_HEARD)
    sampler: ClassVar[dict[str, Any]] = {"steps": 25, "image_scale": 3.0, "dtype": "float16"}

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.decode_chunk_size < 1 or self.noise_aug_strength < 0:
            raise ValueError(
                "decode_chunk_size must be at least 1 and noise_aug_strength at least 0, "
                f"got {self.decode_chunk_size} and {self.noise_aug_strength}"
            )

    def arguments(self, caption: str, settings: SamplerSettings) -> dict[str, Any]:
        bucket = BUCKETS // 2 if settings.bucket is None else settings.bucket
        return {
            "fps": self.frame_rate,
            "motion_bucket_id": _MOTION_BUCKETS * bucket // BUCKETS,
            "noise_aug_strength": self.noise_aug_strength,
            "decode_chunk_size": self.decode_chunk_size,
            "min_guidance_scale": min(1.0, settings.image_scale),
            "max_guidance_scale": settings.image_scale,
        }
