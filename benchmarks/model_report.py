"""Measure the checkpoints on held-out stickers: `make model-report`, `SMALL=1` for a quick look.

For every folder in checkpoints/: how often the caption's verb is recognised, whether the sticker stays itself, and how
near, sharp and seamless the clips are; at several numbers of steps and guidance scales. Prints a table and, as the last
line, one JSON object; writes contact sheets. `--write` also puts the figures into the checkpoints' own files.
`--compare` is for several checkpoints: fewer pairs and 4 steps, a minute or two for each.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean
from typing import Any

import torch
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from benchmarks.model_comparison import by_family, print_comparison, write_comparison
from benchmarks.model_sheets import write_sheets
from sticker_diffusion.animator import Animator, SamplerSettings
from sticker_diffusion.checkpoint import CARD, DESCRIPTION, CheckpointError
from sticker_diffusion.metrics.evaluation import (
    ClipMeasures,
    Sampled,
    by_verb,
    confusions,
    measure,
    rank_correlation,
    sample_pairs,
    summary,
)
from sticker_diffusion.metrics.variety import variety
from sticker_diffusion.precision import native_dtype
from sticker_diffusion.stickers.clips import Pair, held_out_pairs
from sticker_diffusion.stickers.emoji import StickerBank
from sticker_diffusion.stickers.score import motion_score
from sticker_diffusion.stickers.sticker_folder import read_stickers

ROOT = Path(__file__).resolve().parent.parent
HELD_OUT = ROOT / "benchmarks" / "held_out"
BUCKET = 8
CONSOLE_WIDTH = 200
VARIED_SEEDS = (0, 1, 2, 3)
MEASURED_START, MEASURED_END = "<!-- measured -->", "<!-- /measured -->"


@dataclass(frozen=True)
class Plan:
    """How much to sample. The headline is the checkpoint's own default settings at a fixed bucket, or at `steps` where
    given; `others` are (steps, text scale, image scale, pairs); `bucket_pairs` clips are made at each of `buckets`, and
    `varied_pairs` prompts with each of VARIED_SEEDS."""

    pairs: int
    others: tuple[tuple[int, float, float, int], ...]
    buckets: tuple[int, ...]
    bucket_pairs: int
    varied_pairs: int
    steps: int | None = None

    def shared_by(self, checkpoints: int) -> Plan:
        """The same headline, with the others' pairs cut so that several checkpoints take little longer than one."""
        others = tuple(
            (steps, text_scale, image_scale, max(min(pairs, 19), pairs // checkpoints))
            for steps, text_scale, image_scale, pairs in self.others
        )
        return replace(self, others=others)


WHOLE = Plan(
    pairs=133,
    others=((8, 1, 1, 133), (25, 1, 1, 133), (8, 2, 1.2, 133), (8, 3, 1.3, 133)),
    buckets=(1, 4, 8, 12, 16),
    bucket_pairs=19,
    varied_pairs=19,
)
COMPARED = Plan(pairs=38, others=(), buckets=(2, 8, 14), bucket_pairs=4, varied_pairs=2, steps=4)
QUICK = Plan(pairs=4, others=((4, 1, 1, 2),), buckets=(1, 16), bucket_pairs=2, varied_pairs=1)


def headline_settings(animator: Animator, plan: Plan) -> SamplerSettings:
    own = animator.default_settings
    return replace(own, bucket=BUCKET, steps=plan.steps or own.steps)


def sampled_settings(animator: Animator, plan: Plan) -> list[tuple[SamplerSettings, int]]:
    """The headline's settings first, then the others that differ from it; each with its number of pairs."""
    own = headline_settings(animator, plan)
    wanted = [(own, plan.pairs)]
    for steps, text_scale, image_scale, pairs in plan.others:
        settings = replace(own, steps=steps, text_scale=text_scale, image_scale=image_scale)
        if settings not in [already for already, _ in wanted]:
            wanted.append((settings, pairs))
    return wanted


def bucket_correlation(animator: Animator, bank: StickerBank, pairs: Sequence[Pair], plan: Plan) -> float:
    """Mean over pairs of the rank correlation between the bucket asked for and the size of motion made."""
    sizes = []
    for bucket in plan.buckets:
        settings = replace(headline_settings(animator, plan), bucket=bucket)
        sizes.append(motion_score(sample_pairs(animator, bank, pairs, settings).small))
    made = torch.stack(sizes, dim=1)
    asked = torch.tensor(plan.buckets, dtype=torch.float32).expand_as(made)
    return round(float(rank_correlation(asked, made).mean()), 3)


def mean_variety(animator: Animator, bank: StickerBank, pairs: Sequence[Pair], plan: Plan) -> float:
    """Mean over pairs of the least difference between two of a prompt's clips, in 1/64 of the canvas."""
    varied = [replace(pair, seed=4 * pair.seed + seed) for pair in pairs for seed in VARIED_SEEDS]
    clips = sample_pairs(animator, bank, varied, headline_settings(animator, plan)).small.unflatten(
        0, (-1, len(VARIED_SEEDS))
    )
    return round(fmean(variety(own) for own in clips), 3)


def report_of(
    folder: Path, bank: StickerBank, plan: Plan, *, device: str, images: Path | None
) -> tuple[dict[str, Any], Sampled]:
    """Every figure of one checkpoint, and its clips at the default settings; sheets into `images` where given."""
    animator = Animator.load(folder, device=device, dtype=native_dtype("bfloat16", device))
    pairs = held_out_pairs(bank, plan.pairs)
    wanted = sampled_settings(animator, plan)
    sampled: list[Sampled] = []
    seconds: list[float] = []
    with Progress(console=Console(stderr=True), transient=True) as progress:
        bar = progress.add_task(folder.name, total=sum(count for _, count in wanted))
        for settings, count in wanted:
            begun = time.perf_counter()
            sampled.append(
                sample_pairs(animator, bank, pairs[:count], settings, progress=lambda done: progress.advance(bar, done))
            )
            seconds.append((time.perf_counter() - begun) / count)
    measured = measure(sampled, bank)
    headline = measured[0]
    if images is not None:
        write_sheets(sampled[0], bank, name=folder.name, folder=images)
    figures = {
        "parameters": sum(parameter.numel() for parameter in animator.network.parameters()),
        "steps": wanted[0][0].steps,
        "text_scale": wanted[0][0].text_scale,
        "image_scale": wanted[0][0].image_scale,
        "bucket": BUCKET,
        **summary(headline),
        "verbs": {verb: figures["verb_recognised"] for verb, figures in by_verb(headline).items()},
        "by_verb": by_verb(headline),
        "by_family": by_family(headline),
        "confusions": confusions(headline),
        "bucket_rank_correlation": bucket_correlation(animator, bank, pairs[: plan.bucket_pairs], plan),
        "variety": mean_variety(animator, bank, pairs[: plan.varied_pairs], plan),
        "settings": [
            _setting_row(settings, clips, took)
            for (settings, _), clips, took in zip(wanted, measured, seconds, strict=True)
        ],
    }
    return figures, sampled[0]


def _setting_row(settings: SamplerSettings, clips: Sequence[ClipMeasures], seconds: float) -> dict[str, Any]:
    return {
        "steps": settings.steps,
        "text_scale": settings.text_scale,
        "image_scale": settings.image_scale,
        "seconds_per_clip": round(seconds, 3),
        **summary(clips),
    }


COLUMNS = (
    ("verb", "verb_recognised", "{:.1%}"),
    ("identity dB", "identity_db", "{:.1f}"),
    ("(target)", "target_identity_db", "{:.1f}"),
    ("frame 0 dB", "conditioned_db", "{:.1f}"),
    ("PSNR dB", "psnr_db", "{:.1f}"),
    ("static dB", "static_psnr_db", "{:.1f}"),
    ("sharpness", "sharpness", "{:.2f}"),
    ("seam", "seam_ratio", "{:.2f}"),
    ("(target)", "target_seam_ratio", "{:.2f}"),
    ("motion", "motion_size", "{:.2f}"),
    ("flicker", "flicker", "{:.2f}"),
    ("(target)", "target_flicker", "{:.2f}"),
)


def _cells(figures: dict[str, Any]) -> list[str]:
    return [form.format(figures[key]) for _, key, form in COLUMNS]


def print_tables(console: Console, name: str, report: dict[str, Any]) -> None:
    """The settings' table and the verbs' table of one checkpoint."""
    table = Table(title=f"{name}: {report['parameters'] / 1e6:.2f} M parameters", title_justify="left")
    for column in ("steps", "s_T, s_I", "pairs", *(title for title, _, _ in COLUMNS)):
        table.add_column(column, justify="right")
    for row in report["settings"]:
        scales = f"{row['text_scale']:g}, {row['image_scale']:g}"
        table.add_row(str(row["steps"]), scales, str(row["pairs"]), *_cells(row))
    console.print(table)
    table = Table(title="by verb, at the default settings", title_justify="left")
    for column in ("verb", "pairs", *(title for title, _, _ in COLUMNS)):
        table.add_column(column, justify="right")
    for verb, row in report["by_verb"].items():
        table.add_row(verb, str(row["pairs"]), *_cells(row))
    console.print(table)
    wrong = ", ".join(f"{pair} ({count})" for pair, count in report["confusions"].items()) or "none"
    console.print(
        f"Taken for another verb: {wrong}. Bucket rank correlation: {report['bucket_rank_correlation']}. "
        f"Variety: two of {len(VARIED_SEEDS)} clips of one caption differ by {report['variety']} at least, where a "
        f"frame moves by {report['motion_size']}."
    )


def write_into_checkpoint(folder: Path, report: dict[str, Any]) -> None:
    """Put the figures into checkpoint.json and the card."""
    figures = {key: value for key, value in report.items() if key not in {"by_verb", "by_family", "settings"}}
    file = folder / DESCRIPTION
    description = json.loads(file.read_text())
    description["provenance"]["metrics"] = {**description["provenance"]["metrics"], "model_report": figures}
    file.write_text(json.dumps(description, indent=2) + "\n")
    card = folder / CARD
    text = card.read_text() if card.is_file() else f"# {folder.name}\n"
    before, _, rest = text.partition(MEASURED_START)
    after = rest.partition(MEASURED_END)[2]
    card.write_text(f"{before.rstrip()}\n\n{MEASURED_START}\n{_card_section(report)}{MEASURED_END}{after or chr(10)}")


def _card_section(report: dict[str, Any]) -> str:
    titles = ["steps", "s_T, s_I", "pairs", *(title for title, _, _ in COLUMNS)]
    lines = [
        "## Measured",
        "",
        f"`make model-report` on held-out stickers, bucket {BUCKET}, clips averaged down to 64 px; sharpness at 192 px "
        "against the target. (target) is what the procedural target itself gets.",
        "",
        "| " + " | ".join(titles) + " |",
        "|" + " ---: |" * len(titles),
    ]
    for row in report["settings"]:
        scales = f"{row['text_scale']:g}, {row['image_scale']:g}"
        lines.append("| " + " | ".join([str(row["steps"]), scales, str(row["pairs"]), *_cells(row)]) + " |")
    rates = ", ".join(f"{verb} {rate:.0%}" for verb, rate in report["verbs"].items())
    lines += ["", f"Recognised, by verb: {rates}.", ""]
    lines += [
        f"Rank correlation of bucket and size of motion: {report['bucket_rank_correlation']}. Least difference between "
        f"two of {len(VARIED_SEEDS)} clips of one caption: {report['variety']} (1/64 of the canvas).",
        "",
    ]
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status: 0 when every checkpoint was measured."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("folders", nargs="*", type=Path, help="checkpoint folders (default: all in checkpoints/)")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--images", type=Path, default=ROOT / "docs" / "images", help="where the sheets go")
    parser.add_argument("--write", action="store_true", help="put the figures into the checkpoints' own files")
    parser.add_argument("--compare", action="store_true", help="fewer pairs and 4 steps, for several checkpoints")
    parser.add_argument("--small", action="store_true", default=bool(os.environ.get("SMALL")))
    options = parser.parse_args(arguments)
    folders = options.folders or sorted(file.parent for file in (ROOT / "checkpoints").glob(f"*/{DESCRIPTION}"))
    if not folders:
        print(f"No checkpoint to measure: {ROOT / 'checkpoints'} has no folder with {DESCRIPTION}.", file=sys.stderr)
        return 1
    plan = (QUICK if options.small else COMPARED if options.compare else WHOLE).shared_by(len(folders))
    bank = read_stickers(HELD_OUT)
    console = Console(width=CONSOLE_WIDTH)
    images = None if options.small else options.images
    reports: dict[str, dict[str, Any]] = {}
    sampled: dict[str, Sampled] = {}
    for folder in folders:
        try:
            reports[folder.name], sampled[folder.name] = report_of(
                folder, bank, plan, device=options.device, images=images
            )
        except CheckpointError as error:
            print(error, file=sys.stderr)
            return 1
        print_tables(console, folder.name, reports[folder.name])
        if options.write:
            write_into_checkpoint(folder, reports[folder.name])
    if len(reports) > 1:
        print_comparison(console, reports)
        if images is not None:
            write_comparison(sampled, bank, images)
    weakest = min(report["bucket_rank_correlation"] for report in reports.values())
    print(
        json.dumps(
            {
                "report": "model",
                "small": options.small,
                "device": options.device,
                "checkpoints": reports,
                "bucket_rank_correlation": weakest,
            },
            ensure_ascii=False,
        ),
        flush=True,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
