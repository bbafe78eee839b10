"""What differs from one image-to-video pipeline to the next; one subclass a file, its fields are its options."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from PIL import Image
from torch import Tensor

from sticker_diffusion.sampler_settings import SamplerSettings

# diffusers is half annotated: a pipeline is Any.
Pipeline = Any
OnStepEnd = Callable[[Pipeline, int, Any, dict[str, Any]], dict[str, Any]]

# Settings of our own sampler that no pipeline of diffusers has: its scheduler is its folder's.
NEVER_HEARD = ("compile", "cuda_graphs", "solver")


@dataclass(frozen=True, kw_only=True)
class Adapter(ABC):
    """width and height of the canvas in pixels, frames generated, frame_rate that the model is told or was trained at.

    Raises ValueError for a canvas or a frame count that the pipeline cannot do.
    """

    width: int
    height: int
    frames: int
    frame_rate: int

    name: ClassVar[str]
    pipeline: ClassVar[str]
    # The classes that model_index.json may name: text-to-video folders that hold the same parts.
    folders: ClassVar[tuple[str, ...]]
    side_multiple: ClassVar[int]
    frame_multiple: ClassVar[int]
    ignored: ClassVar[tuple[str, ...]]
    sampler: ClassVar[dict[str, Any]]
    # Parts that stay in float32 whatever the rest is loaded in.
    float32_parts: ClassVar[tuple[str, ...]] = ()
    output_type: ClassVar[str] = "pt"

    def __post_init__(self) -> None:
        for side in ("width", "height"):
            pixels = getattr(self, side)
            if pixels < self.side_multiple or pixels % self.side_multiple:
                raise ValueError(f"{side} must be a multiple of {self.side_multiple} pixels, got {pixels}")
        if self.frames < 2 or (self.frames - 1) % self.frame_multiple:
            raise ValueError(f"frames must be {self.frame_multiple}·k + 1, at least 2, got {self.frames}")
        if not 1 <= self.frame_rate <= 60:
            raise ValueError(f"frame_rate must be 1…60 frames a second, got {self.frame_rate}")

    @abstractmethod
    def arguments(self, caption: str, settings: SamplerSettings) -> dict[str, Any]:
        """What the pipeline is called with beyond image, size, frames, steps and generator."""

    def refusal(self, pipeline: Pipeline) -> str | None:
        """Why a loaded pipeline cannot be used, if so."""
        return None

    def generate(
        self,
        pipeline: Pipeline,
        *,
        image: Image.Image,
        caption: str,
        settings: SamplerSettings,
        generator: torch.Generator,
        on_step_end: OnStepEnd,
    ) -> Tensor:
        """One clip: float32 (N, 3, height, width) in [0, 1], on the pipeline's device."""
        output = pipeline(
            image=image,
            width=self.width,
            height=self.height,
            num_frames=self.frames,
            num_inference_steps=settings.steps,
            generator=generator,
            output_type=self.output_type,
            callback_on_step_end=on_step_end,
            **self.arguments(caption, settings),
        )
        return self.decode(pipeline, output.frames, generator)[0].float()

    def decode(self, pipeline: Pipeline, frames: Tensor, generator: torch.Generator) -> Tensor:
        """(1, N, 3, H, W) in [0, 1] from what the pipeline returned."""
        return frames


@dataclass(frozen=True, kw_only=True)
class CaptionedAdapter(Adapter):
    """Of pipelines that read text. `prompt` is said with the caption in place of {caption}."""

    prompt: str = "{caption}"
    negative_prompt: str = ""

    ignored: ClassVar[tuple[str, ...]] = ("image_scale", "rescale", *NEVER_HEARD)

    def __post_init__(self) -> None:
        super().__post_init__()
        if "{caption}" not in self.prompt:
            raise ValueError(f"prompt must contain {{caption}}, got {self.prompt!r}")

    def arguments(self, caption: str, settings: SamplerSettings) -> dict[str, Any]:
        return {
            "prompt": self.prompt.replace("{caption}", caption),
            "negative_prompt": self.negative_prompt,
            "guidance_scale": settings.text_scale,
        }
