"""The one door to a checkpoint folder, whatever kind of model is in it, public pipelines included."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

import torch
from PIL import Image
from torch import Tensor

from sticker_diffusion.animator import Animator
from sticker_diffusion.checkpoint import CheckpointError, kind_of
from sticker_diffusion.sampler_settings import DType, SamplerSettings

ENGINE = "engine.json"
"""Is there where the checkpoint is a public pipeline."""
KINDS = ("demo", "latent")


class AnimatesStickers(Protocol):
    """What every kind of animator does; `bucket_edges` are the 15 inner edges of the motion score."""

    default_settings: SamplerSettings

    @property
    def bucket_edges(self) -> tuple[float, ...]: ...

    def animate(
        self,
        stickers: Sequence[Image.Image | Tensor],
        captions: Sequence[str],
        settings: SamplerSettings,
        seeds: list[int],
        on_step: Callable[[int, int], bool] | None = None,
    ) -> Tensor: ...

    def animate_model_size(
        self,
        stickers: Sequence[Image.Image | Tensor],
        captions: Sequence[str],
        settings: SamplerSettings,
        seeds: list[int],
        on_step: Callable[[int, int], bool] | None = None,
    ) -> tuple[Tensor, Tensor]: ...


def load_animator(folder: Path, device: str | torch.device = "cpu", dtype: DType | None = None) -> AnimatesStickers:
    """The animator of the checkpoint in `folder`; `dtype` overrides that of the settings. Raises CheckpointError."""
    if (folder / ENGINE).is_file():
        from sticker_diffusion.engines.pipeline_animator import PipelineAnimator  # noqa: PLC0415 - brings transformers

        return PipelineAnimator.load(folder, device, dtype)
    kind = kind_of(folder)
    if kind == "demo":
        return Animator.load(folder, device, dtype)
    if kind == "latent":
        from sticker_diffusion.latent.animator import LatentAnimator  # noqa: PLC0415 - brings transformers, seconds

        return LatentAnimator.load(folder, device, dtype)
    raise CheckpointError(f"{folder}: kind {kind!r} is unknown here; known are {', '.join(KINDS)}")
