"""python -m sticker_diffusion.metrics.held_out FOLDER: measures a checkpoint on a few held-out stickers, and says so in
the checkpoint's own folder, in checkpoint.json and in its card."""

import argparse
import dataclasses
import json
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from statistics import fmean

import torch

from sticker_diffusion.animator import Animator
from sticker_diffusion.checkpoint import CARD, DESCRIPTION, CheckpointError, load_checkpoint
from sticker_diffusion.metrics.clip_metrics import measure
from sticker_diffusion.metrics.evaluation import sample_pairs, stickers_of
from sticker_diffusion.precision import native_dtype
from sticker_diffusion.settings import SettingsError
from sticker_diffusion.stickers.clips import held_out_pairs
from sticker_diffusion.stickers.emoji import StickerBank

PAIRS = 19
"""Every verb once, for a first look. The model report takes 133, and finer measures."""
NAME = "held_out"
HEADING = "## Measured on held-out stickers"
Figures = dict[str, float | int]


def held_out_figures(folder: Path, bank: StickerBank, *, pairs: int = PAIRS) -> Figures:
    """Of clips with the checkpoint's default sampler settings: how many show the verb of their caption, to the eyes of
    the probe (share, 0 to 1), and means over clips; ClipMetrics says what each figure is. Raises CheckpointError."""
    checkpoint = load_checkpoint(folder)
    chosen = held_out_pairs(bank, pairs)
    settings = dataclasses.replace(checkpoint.sampler, dtype=native_dtype(checkpoint.sampler.dtype, "cpu"))
    sampled = sample_pairs(Animator(checkpoint, "cpu"), bank, chosen, settings)
    edges = torch.tensor(checkpoint.description.bucket_edges)
    clips = [
        measure(clip.float() / 127.5 - 1, sticker, pair.caption, bucket_edges=edges)
        for clip, sticker, pair in zip(sampled.full, stickers_of(bank, chosen), chosen, strict=True)
    ]
    return {
        "pairs": len(clips),
        "verb_recognised": round(
            fmean(clip.verb_seen == pair.verb for clip, pair in zip(clips, chosen, strict=True)), 4
        ),
        "identity_db": _mean(clip.identity_db for clip in clips),
        "sharpness": _mean(clip.sharpness for clip in clips),
        "motion_size": _mean(clip.motion_size for clip in clips),
        "seam_ratio": _mean(clip.seam_ratio for clip in clips),
        "flicker": _mean(clip.flicker for clip in clips),
        "frozen": sum(clip.frozen for clip in clips),
    }


def _mean(values: Iterable[float | None]) -> float:
    """Of those that can be said; 0 where nothing can be seen in any clip."""
    said = [value for value in values if value is not None]
    return round(fmean(said), 3) if said else 0.0


def write_figures(folder: Path, figures: Figures) -> None:
    """Into checkpoint.json and the card, in place of earlier ones; each file is replaced whole."""
    description = json.loads((folder / DESCRIPTION).read_text())
    description["provenance"]["metrics"][NAME] = figures
    card = (folder / CARD).read_text().split(HEADING)[0].rstrip()
    said = f"""
{figures["verb_recognised"]:.0%} of {figures["pairs"]} clips show the verb of their caption, to the eyes of the probe.
Identity {figures["identity_db"]:.1f} dB, sharpness {figures["sharpness"]:.2f}, motion {figures["motion_size"]:.2f},
seam {figures["seam_ratio"]:.2f}, flicker {figures["flicker"]:.2f}; {figures["frozen"]} stand still.
Sampled with the default settings; `python -m sticker_diffusion.metrics.held_out` measures it again.
"""
    for name, text in ((CARD, f"{card}\n\n{HEADING}\n{said}"), (DESCRIPTION, json.dumps(description, indent=2) + "\n")):
        partial = folder / f"{name}.partial"
        partial.write_text(text)
        os.replace(partial, folder / name)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m sticker_diffusion.metrics.held_out",
        description="Measure a checkpoint on a few held-out stickers, and write it into its checkpoint.json and card. "
        "Do it before the checkpoint is registered: it is another checkpoint afterwards.",
    )
    parser.add_argument("folder", type=Path, help="checkpoint folder")
    folder: Path = parser.parse_args(arguments).folder
    # More are slower wherever somebody else computes on this machine, as a trainer's neighbours do.
    torch.set_num_threads(1)
    try:
        figures = held_out_figures(folder, StickerBank.load())
    except (CheckpointError, SettingsError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    write_figures(folder, figures)
    print(json.dumps(figures))
    return 0


if __name__ == "__main__":
    sys.exit(main())
