"""The one door to a checkpoint folder, whatever kind of model is in it, public pipelines included."""

from pathlib import Path

import torch

from sticker_diffusion.animator import Animator
from sticker_diffusion.checkpoint import CheckpointError, kind_of
from sticker_diffusion.sampler_settings import DType
from sticker_diffusion.sticker_animator import StickerAnimator

ENGINE = "engine.json"
"""Is there where the checkpoint is a public pipeline."""
KINDS = ("demo", "latent")


def load_animator(folder: Path, device: str | torch.device = "cpu", dtype: DType | None = None) -> StickerAnimator:
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
