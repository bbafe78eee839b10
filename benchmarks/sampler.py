"""Time the sampler: `make bench-sampler`, `SMALL=1` for a quick look.

Every checkpoint in checkpoints/ at its own settings, one clip, sticker in, RGBA frames out; of the fastest, where the
time goes and what changes it; the plain diffusers loop beside it; and the real scale where there is a GPU. Whatever is
compared takes turns. Prints tables and, as the last line, one JSON object.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from diffusers.utils import logging as diffusers_logging
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from benchmarks.demo_loop import demo_loop
from benchmarks.real_scale import Scale, count_operations, measure_real_scale
from benchmarks.sampler_parts import PARTS, Clips, measure_rows, median_parts, rows_of
from benchmarks.shipped import Shipped, load_shipped, speedups
from benchmarks.timing import Clock, Seconds, Turns, machine, processor_seconds, ratio, take_turns
from sticker_diffusion.checkpoint import DESCRIPTION, CheckpointError
from sticker_diffusion.stickers.image import StickerImageError, premultiplied_square, read_sticker

ROOT = Path(__file__).resolve().parent.parent
STICKER_SIZE = 512
NO_GPU = "not run: the real scale needs a CUDA device, and this run was on the CPU"


@dataclass(frozen=True)
class Plan:
    """How much is measured: `rows` are names of sampler_parts.CHANGES; real-scale operations are counted, or not."""

    headline: Turns
    part_rounds: int
    rows: tuple[str, ...]
    batches: tuple[int, ...]
    row_turns: Turns
    loop: Turns
    count: bool


WHOLE = Plan(
    headline=Turns(rounds=7, most=25, seconds=60),
    part_rounds=9,
    rows=(
        *("1 step", "2 steps", "4 steps", "16 steps", "25 steps", "2 passes", "3 passes", "float32", "bfloat16"),
        *("float16", "512 px", "unipc", "compiled", "CUDA graphs", "compiled, CUDA graphs"),
    ),
    batches=(2, 4, 8),
    row_turns=Turns(rounds=3, most=15, seconds=90),
    loop=Turns(rounds=5, most=15, seconds=30),
    count=True,
)
QUICK = Plan(
    headline=Turns(rounds=1, most=9, seconds=5),
    part_rounds=1,
    rows=("1 step", "2 passes"),
    batches=(),
    row_turns=Turns(rounds=1, most=1, seconds=0),
    loop=Turns(rounds=1, most=1, seconds=0),
    count=False,
)


def measure_headline(
    shipped: Sequence[Shipped], clips: Clips, turns: Turns, clock: Clock, progress: Callable[[], object]
) -> Seconds:
    """Seconds of one clip of each checkpoint at its own settings, after one clip that warms up."""
    runs = {one.name: partial(clips.animate, one.animator, one.animator.default_settings) for one in shipped}
    for run in runs.values():
        run()
    return take_turns(runs, turns, clock, progress)


def measure(
    folders: Sequence[Path], plan: Plan, device: torch.device, progress: Callable[[str], object]
) -> dict[str, Any]:
    """Every figure. `progress` is told what has just been done. Raises CheckpointError, StickerImageError."""
    clock = Clock(device)
    stickers = sorted((ROOT / "demo" / "stickers").glob("*.png"))[:4]
    clips = Clips([premultiplied_square(read_sticker(file), STICKER_SIZE) for file in stickers])
    shipped = [load_shipped(folder, device) for folder in folders]
    figures: dict[str, Any] = machine(device)

    taken = measure_headline(shipped, clips, plan.headline, clock, lambda: progress("checkpoints"))
    medians = {name: statistics.median(seconds) for name, seconds in taken.items()}
    fastest = min(shipped, key=lambda one: medians[one.name])
    animator = fastest.animator
    figures["headline_p50_s"] = round(medians[fastest.name], 4)
    figures["headline_processor_s"] = round(
        processor_seconds(lambda: clips.animate(animator, animator.default_settings), plan.part_rounds), 4
    )
    figures["headline_checkpoint"] = fastest.name
    figures["headline_rounds"] = len(taken[fastest.name])
    figures["checkpoints"] = {one.name: {**one.figures(), "p50_s": round(medians[one.name], 4)} for one in shipped}
    figures |= speedups(fastest, shipped, taken)

    parts = median_parts(animator, clips, clock, rounds=plan.part_rounds, progress=lambda: progress("parts"))
    figures["parts_s"] = {part: round(seconds, 4) for part, seconds in parts.items()}
    rows = rows_of(animator.default_settings, plan.rows, plan.batches, device)
    figures["rows"] = measure_rows(
        animator, clips, rows, turns=plan.row_turns, clock=clock, progress=lambda: progress("settings")
    )

    loop, loop_parameters = demo_loop(animator)
    sticker = clips.stickers[0]
    loop(sticker)
    rivals = {
        "ours": lambda: clips.animate(animator, animator.default_settings),
        "diffusers": lambda: loop(sticker),
    }
    against = take_turns(rivals, plan.loop, clock, lambda: progress("diffusers loop"))
    figures["speedup_vs_diffusers_loop"] = round(ratio(against["diffusers"], against["ours"]), 3)
    figures["diffusers_loop_scale"] = "demo"
    figures["diffusers_loop"] = {
        "parameters": loop_parameters,
        "p50_s": round(statistics.median(against["diffusers"]), 4),
        "ours_p50_s": round(statistics.median(against["ours"]), 4),
        "rounds": len(against["ours"]),
    }
    return figures | real_scale(plan, clock, lambda: progress("real scale"))


def real_scale(plan: Plan, clock: Clock, progress: Callable[[], object]) -> dict[str, Any]:
    """On a GPU the real scale's figures, whose speed-up over the diffusers loop replaces the demo scale's; on a CPU
    null, the reason, and how many operations it would take."""
    if clock.device.type != "cuda":
        counted = {"tflop": round(count_operations(Scale())["all"] / 1e12, 2)} if plan.count else {}
        return {"real_scale_s": None, "real_scale": {"reason": NO_GPU, **counted}}
    figures = measure_real_scale(Scale(), clock.device, "bfloat16", turns=plan.loop, progress=progress)
    return {
        "real_scale_s": figures["seconds"][figures["best"]],
        "real_scale": figures,
        "speedup_vs_diffusers_loop": figures["speedup_vs_diffusers_loop"],
        "diffusers_loop_scale": "real",
    }


def print_tables(console: Console, figures: dict[str, Any]) -> None:
    load, load_15 = figures["load"]
    console.print(
        f"{figures['device']}, torch {figures['torch']}, {figures['threads']} threads; "
        f"load {load}, over 15 minutes {load_15}"
    )
    table = Table(title="one clip at the checkpoint's own settings, sticker in, RGBA out", title_justify="left")
    for column in ("checkpoint", "M parameters", "steps", "passes", "size", "dtype", "s, median"):
        table.add_column(column, justify="right")
    for name, row in figures["checkpoints"].items():
        cells = (row["steps"], row["passes"], row["size"], row["dtype"], f"{row['p50_s']:.3f}")
        table.add_row(name, f"{row['parameters'] / 1e6:.2f}", *map(str, cells))
    console.print(table)
    console.print(
        f"{figures['headline_checkpoint']}: {figures['headline_p50_s']:.3f} s a clip by the clock, "
        f"{figures['headline_processor_s']:.3f} s of processor time."
    )
    table = Table(title=f"where the time of {figures['headline_checkpoint']} goes", title_justify="left")
    for column in PARTS:
        table.add_column(f"{column}, ms", justify="right")
    table.add_row(*(f"{1000 * figures['parts_s'][part]:.1f}" for part in PARTS))
    console.print(table)
    table = Table(title="one setting changed", title_justify="left")
    for column in ("", "steps", "passes", "clips at once", "dtype", "s a clip", "against own", "PSNR dB", "rounds"):
        table.add_column(column, justify="right")
    for row in figures["rows"]:
        near = row.get("psnr_db", "")
        table.add_row(
            row["row"],
            *(str(row[key]) for key in ("steps", "passes", "batch", "dtype")),
            f"{row['seconds_per_clip']:.3f}",
            f"{row['against_own']:.2f}",
            "equal" if near is None else str(near),
            str(row["rounds"]),
        )
    console.print(table)
    loop = figures["diffusers_loop"]
    console.print(
        f"Plain diffusers loop over UNet3DConditionModel, {loop['parameters'] / 1e6:.2f} M parameters, demo scale: "
        f"{loop['p50_s']:.3f} s against {loop['ours_p50_s']:.3f} s."
    )
    console.print(f"Real scale: {figures['real_scale']}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status: 0 when everything was measured."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("folders", nargs="*", type=Path, help="checkpoint folders (default: all in checkpoints/)")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--threads", type=int, help="CPU threads (default: torch's own number)")
    parser.add_argument("--small", action="store_true", default=bool(os.environ.get("SMALL")))
    options = parser.parse_args(arguments)
    folders = options.folders or sorted(file.parent for file in (ROOT / "checkpoints").glob(f"*/{DESCRIPTION}"))
    if not folders:
        print(f"No checkpoint to time: {ROOT / 'checkpoints'} has no folder with {DESCRIPTION}.", file=sys.stderr)
        return 1
    if options.threads:
        torch.set_num_threads(options.threads)
    diffusers_logging.set_verbosity_error()
    try:
        with Progress(console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task("checkpoints", total=None)
            figures = measure(
                folders,
                QUICK if options.small else WHOLE,
                torch.device(options.device),
                lambda what: bar.update(task, description=what, advance=1),
            )
    except (CheckpointError, StickerImageError) as error:
        print(error, file=sys.stderr)
        return 1
    print_tables(Console(width=160), figures)
    print(json.dumps({"bench": "sampler", "small": options.small, **figures}, ensure_ascii=False), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
