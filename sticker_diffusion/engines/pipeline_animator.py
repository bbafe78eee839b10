"""Animate stickers with a public image-to-video pipeline: on a key colour, generated, cut to a loop, keyed back."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import diffusers
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from sticker_diffusion.checkpoint import CheckpointError
from sticker_diffusion.engines.adapter import Adapter, Pipeline
from sticker_diffusion.engines.canvas import compose, square
from sticker_diffusion.engines.description import EngineDescription, read_description
from sticker_diffusion.engines.key_colour import KeyColour, choose_key, palette_of
from sticker_diffusion.engines.keying import Backgrounds, basis, follow_background, unmix
from sticker_diffusion.engines.loop import Loop, choose_loop, longest_loop
from sticker_diffusion.engines.statement import Statement
from sticker_diffusion.sampler import Cancelled
from sticker_diffusion.sampler_settings import DType, SamplerSettings
from sticker_diffusion.sticker_animator import OnStep, StickerAnimator
from sticker_diffusion.stickers.image import premultiplied_square, resize

SMALL = 64


class PipelineAnimator(StickerAnimator):
    """A loaded pipeline that animates stickers one by one: a clip's frames depend on its own seed only."""

    def __init__(
        self, folder: Path, description: EngineDescription, adapter: Adapter, device: str | torch.device, dtype: DType
    ) -> None:
        self.folder = folder
        self.description = description
        self.adapter = adapter
        self.device = torch.device(device)
        self.default_settings = description.defaults
        self.bucket_edges = description.bucket_edges
        self._dtype = dtype
        self._pipeline = self._loaded(dtype)

    @classmethod
    def load(cls, folder: Path, device: str | torch.device = "cpu", dtype: DType | None = None) -> "PipelineAnimator":
        """From a folder with an engine.json, in `dtype` or that of its defaults. Raises CheckpointError."""
        description, adapter = read_description(folder)
        return cls(folder, description, adapter, device, dtype or description.defaults.dtype)

    def passes(self, settings: SamplerSettings) -> None:
        """A pipeline counts its own."""

    def animate_premultiplied(
        self,
        stickers: Sequence[Image.Image | Tensor],
        captions: Sequence[str],
        settings: SamplerSettings,
        seeds: list[int],
        on_step: OnStep | None = None,
    ) -> Tensor:
        """As StickerAnimator says."""
        return self.animate_with_statements(stickers, captions, settings, seeds, on_step)[0]

    def animate_with_statements(
        self,
        stickers: Sequence[Image.Image | Tensor],
        captions: Sequence[str],
        settings: SamplerSettings,
        seeds: list[int],
        on_step: OnStep | None = None,
    ) -> tuple[Tensor, list[Statement]]:
        """As animate_premultiplied, and what is to be said about each clip.

        on_step(i, n) is called before the first step and after each, n being all steps of all clips; returning False
        raises Cancelled. Raises ValueError for unequal counts or more frames than a loop of this engine can have.
        """
        count = len(captions)
        if not len(stickers) == count == len(seeds) or count == 0:
            raise ValueError(f"one sticker, caption and seed a clip: got {len(stickers)}, {count} and {len(seeds)}")
        most = longest_loop(self.adapter.frames)
        if not 2 <= settings.frames <= most:
            raise ValueError(
                f"this engine generates {self.adapter.frames} frames, for clips of 2…{most}, not {settings.frames}"
            )
        if settings.dtype != self._dtype:
            # Loaded anew and not converted: what was rounded once would stay rounded.
            self._pipeline = self._loaded(settings.dtype)
            self._dtype = settings.dtype
        clips = []
        for index, (sticker, caption, seed) in enumerate(zip(stickers, captions, seeds, strict=True)):
            clips.append(self._clip(sticker, caption, settings, seed, _progress(on_step, index, count)))
        frames, statements = zip(*clips, strict=True)
        return torch.stack(frames), list(statements)

    def _clip(
        self,
        sticker: Image.Image | Tensor,
        caption: str,
        settings: SamplerSettings,
        seed: int,
        progress: Callable[[int, int], None],
    ) -> tuple[Tensor, Statement]:
        adapter = self.adapter
        side = min(adapter.width, adapter.height)
        source = premultiplied_square(sticker, side) if isinstance(sticker, Image.Image) else resize(sticker, side)
        source = ((source.cpu().float() + 1) / 2).clamp(0, 1)
        palette = palette_of(source)
        key = choose_key(palette)

        def on_step_end(pipeline: Pipeline, step: int, _: Any, tensors: dict[str, Any]) -> dict[str, Any]:
            progress(step + 1, pipeline.num_timesteps)
            return tensors

        progress(0, settings.steps)
        video = adapter.generate(
            self._pipeline,
            image=compose(source, key.rgb, width=adapter.width, height=adapter.height),
            caption=caption,
            settings=settings,
            generator=torch.Generator("cpu").manual_seed(seed),
            on_step_end=on_step_end,
        )
        clip, loop, backgrounds = keyed_loop(
            video,
            key,
            palette,
            settings,
            motion_size=self._motion_wanted(settings.bucket),
            stride=max(1, round(adapter.frame_rate / settings.frame_rate)),
        )
        return clip, self._statement(caption, settings, key, loop, backgrounds, frames=len(video))

    def _motion_wanted(self, bucket: int | None) -> float | None:
        """The motion score in the middle of a bucket; the outer ones are taken to be as wide as half an edge."""
        if bucket is None:
            return None
        edges = [self.bucket_edges[0] / 2, *self.bucket_edges, self.bucket_edges[-1] * 1.5]
        return (edges[bucket - 1] + edges[bucket]) / 2

    def _statement(
        self,
        caption: str,
        settings: SamplerSettings,
        key: KeyColour,
        loop: Loop,
        backgrounds: Backgrounds,
        *,
        frames: int,
    ) -> Statement:
        return Statement(
            engine=self.description.engine,
            adapter=self.adapter.name,
            pipeline=self.adapter.pipeline,
            source=self.description.source,
            revision=self.description.revision,
            diffusers=diffusers.__version__,
            ignored=self.adapter.ignored,
            prompt=self.adapter.arguments(caption, settings).get("prompt"),
            canvas=(self.adapter.width, self.adapter.height),
            key_colour=key.hex,
            key_distance=key.distance,
            background_seen=round(backgrounds.seen, 4),
            background_drift=round(backgrounds.drift(torch.tensor(key.rgb)), 4),
            source_frames=frames,
            source_frame_rate=self.adapter.frame_rate,
            sampled=loop.indices,
            loop=loop.method,
            seam_ratio=loop.seam_ratio,
            motion_wanted=self._motion_wanted(settings.bucket),
            motion_size=loop.motion_size,
            dtype=settings.dtype,
        )

    def _loaded(self, dtype: DType) -> Pipeline:
        place = self.description.place(self.folder)
        named = diffusers.DiffusionPipeline.load_config(place, revision=self.description.revision).get("_class_name")
        if named not in self.adapter.folders:
            raise CheckpointError(
                f"{place}: model_index.json names {named}; the adapter {self.adapter.name} "
                f"needs {' or '.join(self.adapter.folders)}"
            )
        dtypes = {"default": getattr(torch, dtype), **dict.fromkeys(self.adapter.float32_parts, torch.float32)}
        pipeline = getattr(diffusers, self.adapter.pipeline).from_pretrained(
            place,
            revision=self.description.revision,
            variant=self.description.variant,
            dtype=dtypes,
            use_safetensors=True,
        )
        refusal = self.adapter.refusal(pipeline)
        if refusal is not None:
            raise CheckpointError(f"{place}: {refusal}")
        pipeline.set_progress_bar_config(disable=True)
        return pipeline.to(self.device)


def keyed_loop(
    video: Tensor,
    key: KeyColour,
    palette: Tensor,
    settings: SamplerSettings,
    *,
    motion_size: float | None,
    stride: int = 1,
) -> tuple[Tensor, Loop, Backgrounds]:
    """(clip, loop, backgrounds) of a video (N, 3, H, W) in [0, 1] whose background was the key colour.

    The clip is (F, 4, size, size), premultiplied in [−1, 1]. The background is followed and the loop chosen at SMALL
    pixels; only its frames are keyed at the canvas's own size.
    """
    height, width = video.shape[-2:]
    scale = SMALL / min(height, width)
    coarse = F.interpolate(video, size=(round(height * scale), round(width * scale)), mode="area")
    palette = palette.to(video.device)
    colour = torch.tensor(key.rgb, device=video.device)
    backgrounds = follow_background(coarse, colour)
    at_small = square(basis(*coarse.shape[-2:], device=video.device))
    small = torch.stack([unmix(frame, backgrounds.at(i, at_small), palette) for i, frame in enumerate(square(coarse))])
    loop = choose_loop(small, settings.frames, motion_size=motion_size, stride=stride)
    at_full = square(basis(height, width, device=video.device))
    rendered = {
        i: resize(unmix(square(video[i]), backgrounds.at(i, at_full), palette) * 2 - 1, settings.size)
        for i in sorted(set(loop.indices))
    }
    return torch.stack([rendered[i] for i in loop.indices]), loop, backgrounds


def _progress(on_step: OnStep | None, index: int, count: int) -> Callable[[int, int], None]:
    """Says how far clip `index` of `count` is, counted over all of them; raises Cancelled where that is unwanted."""

    def progress(done: int, steps: int) -> None:
        if on_step is not None and not on_step(index * steps + done, count * steps):
            raise Cancelled

    return progress
