"""The engines: which library loads a checkpoint folder and animates with it."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from PIL import Image
from torch import Tensor

from inference_worker.weights import WeightsError
from sticker_diffusion.engines.pipeline_animator import PipelineAnimator
from sticker_diffusion.loading import load_animator
from sticker_diffusion.sampler_settings import DType, SamplerSettings
from sticker_diffusion.sticker_animator import OnStep, StickerAnimator

ENGINES: dict[str, Callable[[Path, str, DType], StickerAnimator]] = {
    "sticker_diffusion": lambda folder, device, _: load_animator(folder, device),
    "diffusers": PipelineAnimator.load,
}


def check_engine(engine: str) -> None:
    if engine not in ENGINES:
        raise WeightsError(f"this worker has no engine {engine!r}, only {', '.join(map(repr, ENGINES))}")


def animate(
    model: StickerAnimator,
    *,
    stickers: Sequence[Image.Image],
    captions: Sequence[str],
    settings: SamplerSettings,
    seeds: list[int],
    on_step: OnStep,
) -> tuple[Tensor, list[dict[str, Any]]]:
    """The clips of animate_premultiplied, and what the engine says of each clip's making."""
    if isinstance(model, PipelineAnimator):
        clips, statements = model.animate_with_statements(stickers, captions, settings, seeds, on_step)
        return clips, [{"pipeline": statement.to_json()} for statement in statements]
    said = {"passes": model.passes(settings)}
    return model.animate_premultiplied(stickers, captions, settings, seeds, on_step), [said for _ in captions]
