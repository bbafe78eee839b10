"""Where quality drops with fewer steps and passes: `make steps-report`, `SMALL=1` for a quick look.

Every checkpoint makes the same held-out clips in a grid of steps and guidance scales; a distilled one in what it was
distilled for. Marked is the cheapest undistilled setting whose quality lies within the interval of the best undistilled
one: what a distilled checkpoint has to beat. Prints a table and, as the last line, one JSON object.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from benchmarks.model_report import BUCKET, HELD_OUT, ROOT
from sticker_diffusion.animator import Animator, SamplerSettings
from sticker_diffusion.checkpoint import CheckpointError
from sticker_diffusion.metrics.evaluation import ClipMeasures, Sampled, measure, sample_pairs, summary
from sticker_diffusion.precision import native_dtype
from sticker_diffusion.stickers.clips import held_out_pairs
from sticker_diffusion.stickers.sticker_folder import read_stickers

CHECKPOINTS = ("plain", "demo-teacher", "general-small")
STEPS = (1, 2, 3, 4, 6, 8, 16)
SCALES = ((1.0, 1.0), (2.0, 1.2))
PAIRS, QUICK_PAIRS = 57, 2
QUICK_STEPS = (1, 4)
RESAMPLES = 2000
"""Of pairs, for an interval of 95 %."""
COLUMNS = (
    ("verb", "verb_recognised", "{:.0%}"),
    ("PSNR dB", "psnr_db", "{:.1f}"),
    ("identity dB", "identity_db", "{:.1f}"),
    ("sharpness", "sharpness", "{:.2f}"),
    ("seam", "seam_ratio", "{:.2f}"),
    ("motion", "motion_size", "{:.2f}"),
)


@dataclass(frozen=True)
class Row:
    """One checkpoint at one setting: `passes` of the network and `seconds` for a clip, of a micro-batch of eight."""

    checkpoint: str
    distilled: bool
    settings: SamplerSettings
    passes: int
    seconds: float
    clips: Sequence[ClipMeasures]

    def figures(self) -> dict[str, Any]:
        return {
            "checkpoint": self.checkpoint,
            "distilled": self.distilled,
            "steps": self.settings.steps,
            "text_scale": self.settings.text_scale,
            "image_scale": self.settings.image_scale,
            "passes": self.passes,
            "seconds_per_clip": round(self.seconds, 3),
            **summary(self.clips),
        }


def settings_of(animator: Animator, steps: Sequence[int]) -> Iterator[SamplerSettings]:
    """What is asked of a checkpoint: the grid, or of a distilled one no more than it was distilled for."""
    own = replace(animator.default_settings, bucket=BUCKET)
    distilled = animator.checkpoint.description.distilled
    if distilled is not None and distilled.steps is not None:
        yield own
        return
    for count in steps:
        if distilled is not None:
            yield replace(own, steps=count)
        else:
            for text_scale, image_scale in SCALES:
                # With one step there is only the last, which is not guided.
                if count > 1 or (text_scale, image_scale) == SCALES[0]:
                    yield replace(own, steps=count, text_scale=text_scale, image_scale=image_scale)


def low_end(values: Sequence[float]) -> float:
    """The lower end of the 95 % interval of their mean, by resampling."""
    drawn = np.random.default_rng(0).choice(np.asarray(values, dtype=float), (RESAMPLES, len(values)))
    return float(np.quantile(drawn.mean(axis=1), 0.025))


def recognised(row: Row) -> list[float]:
    return [float(clip.recognised) for clip in row.clips]


def nearness(row: Row) -> list[float]:
    return [clip.psnr_db for clip in row.clips]


def cheapest(rows: Sequence[Row]) -> Row:
    """The one of fewest passes whose share of recognised verbs and PSNR both lie within the intervals of the best."""
    best = max(rows, key=lambda row: (fmean(recognised(row)), fmean(nearness(row))))
    least = [(figure, low_end(figure(best))) for figure in (recognised, nearness)]
    good = [row for row in rows if all(fmean(figure(row)) >= low for figure, low in least)]
    return min(good, key=lambda row: (row.passes, row.seconds))


def rows_of(folders: Sequence[Path], *, pairs: int, steps: Sequence[int], device: str) -> list[Row]:
    """Raises CheckpointError."""
    bank = read_stickers(HELD_OUT)
    chosen = held_out_pairs(bank, pairs)
    made: list[tuple[str, Animator, Sampled, float]] = []
    with Progress(console=Console(stderr=True), transient=True) as progress:
        for folder in folders:
            animator = Animator.load(folder, device=device, dtype=native_dtype("bfloat16", device))
            wanted = list(settings_of(animator, steps))
            bar = progress.add_task(folder.name, total=len(wanted))
            for settings in wanted:
                begun = time.perf_counter()
                sampled = sample_pairs(animator, bank, chosen, settings)
                made.append((folder.name, animator, sampled, (time.perf_counter() - begun) / pairs))
                progress.advance(bar)
    measured = measure([sampled for _, _, sampled, _ in made], bank)
    return [
        Row(
            checkpoint=name,
            distilled=animator.checkpoint.description.distilled is not None,
            settings=sampled.settings,
            passes=animator.passes(sampled.settings),
            seconds=seconds,
            clips=clips,
        )
        for (name, animator, sampled, seconds), clips in zip(made, measured, strict=True)
    ]


def table_of(rows: Sequence[Row], marked: Row | None) -> Table:
    table = Table(title=f"{len(rows[0].clips)} held-out clips each; * cheapest undistilled as good as the best")
    for column in ("checkpoint", "steps", "s_T, s_I", "passes", "s a clip", *(title for title, _, _ in COLUMNS)):
        table.add_column(column, justify="left" if column == "checkpoint" else "right")
    for row in rows:
        figures = row.figures()
        table.add_row(
            f"{row.checkpoint}{' *' if row is marked else ''}",
            str(row.settings.steps),
            f"{row.settings.text_scale:g}, {row.settings.image_scale:g}",
            str(row.passes),
            f"{row.seconds:.3f}",
            *(form.format(figures[key]) for _, key, form in COLUMNS),
        )
    return table


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="*", type=Path, help=f"checkpoint folders (default: {', '.join(CHECKPOINTS)})")
    parser.add_argument("--pairs", type=int, help=f"clips of each setting (default: {PAIRS})")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--small", action="store_true", default=bool(os.environ.get("SMALL")))
    options = parser.parse_args(arguments)
    folders = options.folders or [ROOT / "checkpoints" / name for name in CHECKPOINTS]
    try:
        rows = rows_of(
            folders,
            pairs=options.pairs or (QUICK_PAIRS if options.small else PAIRS),
            steps=QUICK_STEPS if options.small else STEPS,
            device=options.device,
        )
    except CheckpointError as error:
        print(error, file=sys.stderr)
        return 1
    undistilled = [row for row in rows if not row.distilled]
    marked = cheapest(undistilled) if undistilled else None
    Console(width=150).print(table_of(rows, marked))
    said = {
        "report": "steps",
        "small": options.small,
        "device": options.device,
        "cheapest_undistilled": marked.figures() if marked else None,
        "rows": [row.figures() for row in rows],
    }
    print(json.dumps(said, ensure_ascii=False), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
