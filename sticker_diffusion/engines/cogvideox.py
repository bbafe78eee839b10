"""CogVideoX image-to-video (Yang et al., 2024, arXiv 2408.06072): the first frame and a caption."""

from dataclasses import dataclass
from typing import Any, ClassVar

from sticker_diffusion.engines.adapter import CaptionedAdapter
from sticker_diffusion.sampler_settings import SamplerSettings


@dataclass(frozen=True, kw_only=True)
class CogVideoX(CaptionedAdapter):
    """The defaults are those of CogVideoX-5b-I2V, which has learnt positions and does no other size.

    It was trained at 8 frames a second and hears neither frame rate nor bucket: both act on which frames are taken.
    """

    width: int = 720
    height: int = 480
    frames: int = 49
    frame_rate: int = 8
    use_dynamic_cfg: bool = True

    name: ClassVar[str] = "cogvideox"
    pipeline: ClassVar[str] = "CogVideoXImageToVideoPipeline"
    folders: ClassVar[tuple[str, ...]] = ("CogVideoXImageToVideoPipeline",)
    side_multiple: ClassVar[int] = 16
    frame_multiple: ClassVar[int] = 4
    sampler: ClassVar[dict[str, Any]] = {"steps": 50, "text_scale": 6.0, "dtype": "bfloat16"}

    def arguments(self, caption: str, settings: SamplerSettings) -> dict[str, Any]:
        return {**super().arguments(caption, settings), "use_dynamic_cfg": self.use_dynamic_cfg}
