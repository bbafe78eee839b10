"""Where one clip's time goes, and how it changes with one setting at a time."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import torch
from torch import Tensor

from benchmarks.timing import Clock, Turns, ratio, take_turns, time_in
from inference_worker.encoding import encode
from sticker_diffusion.animator import Animator, SamplerSettings

CAPTIONS = ("a dog jumping", "spin around", "wiggle", "it cries its eyes out")
PARTS = ("text", "prepare", "unet", "head", "solver", "full size", "encode")


@dataclass(frozen=True)
class Clips:
    """What is animated: stickers (C, s, s) premultiplied in [−1, 1], used in turn; clip i has seed i."""

    stickers: Sequence[Tensor]

    def animate(
        self,
        animator: Animator,
        settings: SamplerSettings,
        batch: int = 1,
        on_step: Callable[[int, int], bool] | None = None,
    ) -> Tensor:
        """uint8 RGBA (batch, F, size, size, 4)."""
        chosen = [self.stickers[i % len(self.stickers)] for i in range(batch)]
        captions = [CAPTIONS[i % len(CAPTIONS)] for i in range(batch)]
        return animator.animate(chosen, captions, settings, list(range(batch)), on_step)


def parts_of(animator: Animator, clips: Clips, clock: Clock) -> dict[str, float]:
    """Seconds of each part of one clip at the checkpoint's own settings, measured where they happen.

    prepare: the sticker at the network's size, and noise; unet and head: all passes of all steps; solver: guidance
    too; full size: warp, particles and bytes; encode: sheet, animation and master, as the worker writes them.
    """
    settings = animator.default_settings
    network = animator.network
    marks = []

    def mark(_step: int, _steps: int) -> bool:
        marks.append(clock.now())
        return True

    with time_in({"text": network.text, "unet": network.unet, "network": network}, clock) as spent:
        begun = clock.now()
        frames = clips.animate(animator, settings, on_step=mark)
        ended = clock.now()
    encode(frames[0].numpy(), frame_rate=settings.frame_rate)
    return {
        "text": spent["text"],
        "prepare": marks[0] - begun - spent["text"],
        "unet": spent["unet"],
        "head": spent["network"] - spent["unet"],
        "solver": marks[-1] - marks[0] - spent["network"],
        "full size": ended - marks[-1],
        "encode": clock.now() - ended,
    }


def median_parts(
    animator: Animator, clips: Clips, clock: Clock, *, rounds: int, progress: Callable[[], object]
) -> dict[str, float]:
    """The median of each part over rounds."""
    measured = []
    for _ in range(rounds):
        measured.append(parts_of(animator, clips, clock))
        progress()
    return {part: statistics.median(once[part] for once in measured) for part in PARTS}


@dataclass(frozen=True)
class Row:
    """One setting changed: its name, the settings, and clips at once."""

    name: str
    settings: SamplerSettings
    batch: int = 1


OWN = "own settings"
CHANGES: dict[str, dict[str, Any]] = {
    "1 step": {"steps": 1},
    "2 steps": {"steps": 2},
    "4 steps": {"steps": 4},
    "16 steps": {"steps": 16},
    "25 steps": {"steps": 25},
    "2 passes": {"text_scale": 2.0, "image_scale": 1.0},
    "3 passes": {"text_scale": 2.0, "image_scale": 1.2},
    "float32": {"dtype": "float32"},
    "bfloat16": {"dtype": "bfloat16"},
    "float16": {"dtype": "float16"},
    "512 px": {"size": 512},
    "unipc": {"solver": "unipc"},
    "compiled": {"compile": True},
    "CUDA graphs": {"cuda_graphs": True},
    "compiled, CUDA graphs": {"compile": True, "cuda_graphs": True},
}


def rows_of(own: SamplerSettings, names: Sequence[str], batches: Sequence[int], device: torch.device) -> list[Row]:
    """The checkpoint's own settings first, then each change that is one; CUDA graphs on CUDA only."""
    rows = [Row(OWN, own)]
    for name in names:
        settings = replace(own, **CHANGES[name])
        if settings != own and (device.type == "cuda" or not settings.cuda_graphs):
            rows.append(Row(name, settings))
    return rows + [Row(f"{batch} clips", own, batch) for batch in batches]


def measure_rows(
    animator: Animator, clips: Clips, rows: Sequence[Row], *, turns: Turns, clock: Clock, progress: Callable[[], object]
) -> list[dict[str, Any]]:
    """Seconds a clip of each row, taking turns, and its time against the first row's.

    For rows that should give the first row's frames (in company, in another dtype, compiled), also how near they come:
    PSNR in dB over premultiplied colour and alpha; None where they are equal.
    """
    frames = {row.name: clips.animate(animator, row.settings, row.batch)[0] for row in rows}
    runs = {row.name: partial(clips.animate, animator, row.settings, row.batch) for row in rows}
    taken = take_turns(runs, turns, clock, progress)
    first = rows[0]
    measured = []
    for row in rows:
        clip = [seconds / row.batch for seconds in taken[row.name]]
        figures: dict[str, Any] = {
            "row": row.name,
            "steps": row.settings.steps,
            "passes": len(row.settings.guidance.coefficients()),
            "batch": row.batch,
            "dtype": row.settings.dtype,
            "seconds_per_clip": round(statistics.median(clip), 4),
            "against_own": round(ratio(clip, taken[first.name]), 3),
            "rounds": len(clip),
        }
        if same_request(row.settings, first.settings) and row is not first:
            figures["psnr_db"] = _decibels(frames[row.name], frames[first.name])
        measured.append(figures)
    return measured


def same_request(one: SamplerSettings, other: SamplerSettings) -> bool:
    """Whether two settings should give the same frames, within the tolerance of half precision."""
    return replace(one, dtype=other.dtype, compile=other.compile, cuda_graphs=other.cuda_graphs) == other


def _decibels(one: Tensor, other: Tensor) -> float | None:
    error = float((_premultiplied(one) - _premultiplied(other)).square().mean())
    return round(-10 * math.log10(error), 1) if error else None


def _premultiplied(frames: Tensor) -> Tensor:
    """uint8 RGBA (F, S, S, 4) with straight alpha to premultiplied in [0, 1]."""
    unit = frames.float() / 255
    return torch.cat([unit[..., :3] * unit[..., 3:], unit[..., 3:]], dim=-1)
