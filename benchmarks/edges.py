"""Measure what redrawing the outline does: `python -m benchmarks.edges`; needs the emoji font.

The same predictions of a checkpoint on held-out stickers, with the outline warped along (before) and redrawn around the
warped body (after), beside the procedural target. Prints a table and one JSON object as the last line; writes a sheet.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from statistics import fmean

import torch
from rich.console import Console
from rich.progress import track
from rich.table import Table
from torch import Tensor

from benchmarks.free_text import HELD_OUT, ROOT
from benchmarks.grid_sheet import grid_sheet
from sticker_diffusion.animator import Animator, generate
from sticker_diffusion.guidance import clamp_premultiplied
from sticker_diffusion.metrics.evaluation import MODEL_SIZE
from sticker_diffusion.metrics.identity import identity_db
from sticker_diffusion.metrics.relevance import TemplateBank
from sticker_diffusion.metrics.sharpness import edge_steepness
from sticker_diffusion.outline import Outline, find_outline, raised, redrawn
from sticker_diffusion.precision import native_dtype
from sticker_diffusion.stickers.clips import Pair, held_out_pairs, render_clips
from sticker_diffusion.stickers.emoji import render_emoji
from sticker_diffusion.stickers.image import resize
from sticker_diffusion.stickers.sticker_folder import read_stickers

SIZE = 512
STEPS = 4
BUCKET = 8
SHOWN = ("spinning", "jumping", "rippling", "waving", "bouncing", "popping", "stretching", "hearts")
"""Verbs of the sheet, each by the frame of all its clips that changes most."""
CROP = 160
FIGURES = ("thinnest", "width", "thickest", "sharpness", "identity_db")


def before_and_after(animator: Animator, sticker: Tensor, pair: Pair) -> tuple[Tensor, Tensor, Outline | None]:
    """Clips (F, 4, S, S) of a sticker (4, S, S), both in [-1, 1], and its outline. Particles are left out."""
    settings = replace(animator.default_settings, steps=STEPS, bucket=BUCKET, dtype="float32")
    prediction = generate(
        animator.network,
        animator.checkpoint.schedule,
        stickers=resize(sticker, animator.checkpoint.architecture.size)[None],
        captions=[pair.caption],
        settings=settings,
        seeds=[pair.seed],
    )
    source = (sticker + 1)[None] / 2
    outlines = [find_outline(source[0])]
    size = sticker.shape[-1]
    clips = prediction.body(source, size), redrawn(prediction.body(raised(source, outlines), size), outlines)
    before, after = (clamp_premultiplied(clip * 2 - 1)[0] for clip in clips)
    return before, after, outlines[0]


def thickness(frame: Tensor, colour: Tensor) -> Tensor:
    """Distances in pixels from the outer edge of frame (4, S, S) in [-1, 1] to the nearest place of another colour."""
    unit = (frame + 1) / 2
    inside = unit[3] > 0.5
    straight = unit[:3] / unit[3:].clamp(min=0.5)
    # The colours at the edge of a warped alpha are those of nothing, in part.
    other = (unit[3] > 0.98) & ((straight - colour[:, None, None]).abs().amax(0) > 0.3)
    return torch.cdist(_rim(inside), _rim(other)).amin(1)


def _rim(mask: Tensor) -> Tensor:
    """Places (N, 2) in a mask (S, S) with a neighbour outside it."""
    around = torch.stack([mask.roll(step, axis) for step in (-1, 1) for axis in (0, 1)]).all(0)
    return (mask & ~around).nonzero().float()


def edge_figures(clip: Tensor, colour: Tensor) -> dict[str, float]:
    """Of a clip (F, 4, S, S), all against frame 0, which is the sticker: tenths and median of the outline's thickness
    over its median there, steepness of edges over that there, and identity."""
    at_rest = thickness(clip[0], colour).median()
    tenths = torch.stack([thickness(frame, colour).quantile(torch.tensor([0.1, 0.5, 0.9])) for frame in clip[1:]])
    thinnest, width, thickest = (tenths.mean(0) / at_rest).tolist()
    small = torch.stack([resize(frame, MODEL_SIZE) for frame in clip])
    return {
        "thinnest": thinnest,
        "width": width,
        "thickest": thickest,
        "sharpness": float((edge_steepness(clip[1:]) / edge_steepness(clip[0])).mean()),
        "identity_db": float(identity_db(small[None], small[:1]).mean()),
    }


def _crops(before: Tensor, after: Tensor) -> list[Tensor]:
    """The place of a frame (4, S, S) where the two differ most, twice as large."""
    change = torch.nn.functional.avg_pool2d((before - after).abs()[None, 3:], CROP // 2, stride=1)[0, 0]
    top, left = divmod(int(change.argmax()), change.shape[-1])
    return [
        resize(frame[:, top : top + CROP // 2, left : left + CROP // 2].contiguous(), CROP) for frame in (before, after)
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT / "checkpoints" / "demo-teacher")
    parser.add_argument("--pairs", type=int, default=40)
    parser.add_argument("--image", type=Path, default=ROOT / "docs" / "images" / "edges-before-after.webp")
    options = parser.parse_args(arguments)
    animator = Animator.load(options.folder, dtype=native_dtype("bfloat16", "cpu"))
    bank = read_stickers(HELD_OUT)
    rows: dict[str, list[dict[str, float]]] = defaultdict(list)
    by_verb: dict[str, list[tuple[float, float]]] = defaultdict(list)
    shown: dict[str, list[Tensor]] = {}
    most: dict[str, float] = {}
    console = Console(stderr=True)
    for pair in track(held_out_pairs(bank, options.pairs), description="Edges", console=console, transient=True):
        sticker = render_emoji(pair.character, SIZE) * 2 - 1
        before, after, outline = before_and_after(animator, sticker, pair)
        if outline is None:
            console.print(f"{pair.name}: no outline found")
            continue
        small = torch.stack([resize(frame, MODEL_SIZE) for frame in before])
        match = TemplateBank(small[0]).fit(small, verb=pair.verb)
        drawn = match.template
        target = render_clips(
            sticker,
            verbs=[pair.verb],
            strengths=[drawn.strength],
            mirrors=[drawn.mirror],
            manners=[drawn.manner],
            with_particles=False,
        )[0]
        for name, clip in (("before", before), ("after", after), ("target", target)):
            rows[name].append(edge_figures(clip, outline.colour))
        by_verb[pair.verb].append((rows["before"][-1]["thinnest"], rows["after"][-1]["thinnest"]))
        change = (before - after)[:, 3].abs().sum((1, 2))
        if pair.verb in SHOWN and change.max() > most.get(pair.verb, 0):
            most[pair.verb] = float(change.max())
            frames = before[change.argmax()], after[change.argmax()]
            shown[pair.verb] = [*(resize(frame, CROP) for frame in frames), *_crops(*frames)]
    if not rows:
        print(f"{HELD_OUT}: none of {options.pairs} stickers has an outline to redraw.", file=sys.stderr)
        return 1
    means = {name: {key: round(fmean(row[key] for row in clips), 3) for key in FIGURES} for name, clips in rows.items()}
    table = Table(title=f"{options.folder.name}: {len(rows['before'])} clips at {SIZE} px", title_justify="left")
    for column in ("outline", *FIGURES):
        table.add_column(column, justify="right")
    for name, row in means.items():
        table.add_row(name, *(f"{row[key]:.2f}" for key in FIGURES))
    Console(width=120).print(table)
    heads = ((0, "before"), (1, "after"), (2, "before, closer"), (3, "after, closer"))
    sheet = grid_sheet([(verb, shown[verb]) for verb in SHOWN if verb in shown], heads=heads)
    sheet.save(options.image, quality=82, method=6)
    thinnest = {
        verb: [round(fmean(one[i] for one in clips), 2) for i in (0, 1)] for verb, clips in sorted(by_verb.items())
    }
    print(json.dumps({"report": "edges", "clips": len(rows["before"]), **means, "thinnest_by_verb": thinnest}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
