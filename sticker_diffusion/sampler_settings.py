"""How a clip is sampled."""

from dataclasses import dataclass
from typing import Literal

from sticker_diffusion.conditioning import BUCKETS
from sticker_diffusion.guidance import GuidanceScales
from sticker_diffusion.solvers import SolverName

DType = Literal["bfloat16", "float32", "float16"]
MAX_STEPS = 100
MAX_SIZE = 1024


@dataclass(frozen=True)
class SamplerSettings:
    """How a clip is sampled; all clips of a micro-batch share it.

    steps 1…100; text_scale and image_scale are s_T and s_I of guidance (1, 1: none); rescale in [0, 1]; bucket 1…16 is
    the size of motion, None leaves it to the model; frame_rate in frames a second; size in pixels of the square frames.
    dtype, compile and cuda_graphs (CUDA only) change how fast the frames come, and the frames within rounding only.
    """

    steps: int = 8
    text_scale: float = 1.0
    image_scale: float = 1.0
    rescale: float = 0.0
    bucket: int | None = 8
    frame_rate: int = 8
    frames: int = 8
    size: int = 320
    dtype: DType = "bfloat16"
    compile: bool = False
    cuda_graphs: bool = False
    solver: SolverName = "dpm++"

    def __post_init__(self) -> None:
        if not 1 <= self.steps <= MAX_STEPS:
            raise ValueError(f"steps must be 1…{MAX_STEPS}, got {self.steps}")
        if not (0 <= self.text_scale <= 30 and 0 <= self.image_scale <= 30):
            raise ValueError(f"guidance scales must be 0…30, got text {self.text_scale}, image {self.image_scale}")
        if not 0 <= self.rescale <= 1:
            raise ValueError(f"rescale must be 0…1, got {self.rescale}")
        if self.bucket is not None and not 1 <= self.bucket <= BUCKETS:
            raise ValueError(f"bucket must be 1…{BUCKETS} or null, got {self.bucket}")
        if not 1 <= self.frame_rate <= 60:
            raise ValueError(f"frame_rate must be 1…60 frames a second, got {self.frame_rate}")
        if not 16 <= self.size <= MAX_SIZE:
            raise ValueError(f"size must be 16…{MAX_SIZE} pixels, got {self.size}")

    @property
    def guidance(self) -> GuidanceScales:
        return GuidanceScales(text=self.text_scale, image=self.image_scale)
