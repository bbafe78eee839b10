"""See what a change of the model changed: the same held-out prompts and seeds through two checkpoints.

`python -m benchmarks.before_after BEFORE AFTER --image sheet.webp` draws rows of rigid motions, particles, captions in
words of one's own, and four seeds of one caption; a checkpoint that was replaced is found again in git's history.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.grid_sheet import grid_sheet
from sticker_diffusion.animator import Animator
from sticker_diffusion.checkpoint import CheckpointError
from sticker_diffusion.metrics.evaluation import Sampled, sample_pairs
from sticker_diffusion.precision import native_dtype
from sticker_diffusion.stickers.clips import Pair, held_out_pairs
from sticker_diffusion.stickers.sticker_folder import read_stickers

ROOT = Path(__file__).resolve().parent.parent
HELD_OUT = ROOT / "benchmarks" / "held_out"
VERBS = ("spinning", "rolling", "jumping", "swinging", "rippling", "hearts", "tears", "sparkles")
WORDINGS = ("{} does a pirouette", "watch {} hop about", "{} is fast asleep", "{} trembles all over")
SEEDS = (0, 1, 2, 3)


def prompts(held_out: Sequence[Pair]) -> list[tuple[str, Pair]]:
    """The labelled rows, top to bottom: one sticker a verb, then one a wording, then one caption with each seed."""
    by_verb = {pair.verb: pair for pair in reversed(held_out)}
    rows = [(verb, by_verb[verb]) for verb in VERBS]
    for text, pair in zip(WORDINGS, held_out, strict=False):
        caption = text.format(pair.name)
        rows.append((text.format("…"), Pair(pair.character, pair.name, pair.verb, caption, pair.seed)))
    one = by_verb["bouncing"]
    rows += [(f"bouncing, seed {seed}", Pair(one.character, one.name, one.verb, one.caption, seed)) for seed in SEEDS]
    return rows


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status: 0 when the sheet was written, 2 for a folder that is no checkpoint."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("before", type=Path, help="checkpoint folder")
    parser.add_argument("after", type=Path, help="checkpoint folder")
    parser.add_argument("--image", type=Path, default=ROOT / "docs" / "images" / "before-after.webp")
    options = parser.parse_args(arguments)
    bank = read_stickers(HELD_OUT)
    rows = prompts(held_out_pairs(bank))
    made: list[Sampled] = []
    for folder in (options.before, options.after):
        try:
            animator = Animator.load(folder, dtype=native_dtype("bfloat16", "cpu"))
        except CheckpointError as error:
            print(error, file=sys.stderr)
            return 2
        made.append(sample_pairs(animator, bank, [pair for _, pair in rows], animator.default_settings))
    labelled = [(label, [*made[0].small[i], *made[1].small[i]]) for i, (label, _) in enumerate(rows)]
    sheet = grid_sheet(labelled, heads=((0, "before"), (made[0].small.shape[1], "after")))
    options.image.parent.mkdir(parents=True, exist_ok=True)
    sheet.save(options.image, quality=85, method=6)
    print(options.image)
    return 0


if __name__ == "__main__":
    sys.exit(main())
