"""Measure how captions in words of one's own are understood: `make free-text`, `SMALL=1` for a quick look.

For every folder in checkpoints/: how often a clip shows the verb that its caption means, by how far the caption is from
the training phrases (classes of benchmarks/paraphrases.toml, and captions as in training beside them), on held-out
stickers. Prints tables and, as the last line, one JSON object.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean
from typing import Any

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from sticker_diffusion.animator import Animator
from sticker_diffusion.checkpoint import DESCRIPTION, CheckpointError
from sticker_diffusion.metrics.evaluation import MODEL_SIZE, sample_pairs, stickers_of
from sticker_diffusion.metrics.relevance import TemplateBank
from sticker_diffusion.precision import native_dtype
from sticker_diffusion.stickers.captions import caption_of, subject_of
from sticker_diffusion.stickers.clips import Pair
from sticker_diffusion.stickers.emoji import StickerBank
from sticker_diffusion.stickers.image import resize
from sticker_diffusion.stickers.motions import DEFAULT_VERB, VERBS
from sticker_diffusion.stickers.sticker_folder import read_stickers

ROOT = Path(__file__).resolve().parent.parent
HELD_OUT = ROOT / "benchmarks" / "held_out"
PARAPHRASES = ROOT / "benchmarks" / "paraphrases.toml"
NONE = "none"
"""The table of captions without a verb."""
TRAINED = "trained"
"""The class of captions as in training, made anew."""
CLASSES = (TRAINED, "sentence", "form", "synonym", NONE)
STEPS = 4
BUCKET = 8
SEED = 512


@dataclass(frozen=True)
class Wording:
    """A caption, with "{name}" where the sticker's name goes, and the verb that it means."""

    verb: str
    kind: str
    text: str


@dataclass(frozen=True)
class Plan:
    """How much is sampled: `trained` captions a verb as in training; every `stride`-th wording; so many `stickers`."""

    trained: int
    stride: int
    stickers: int


WHOLE = Plan(trained=4, stride=1, stickers=16)
QUICK = Plan(trained=0, stride=9, stickers=4)


def read_wordings(file: Path = PARAPHRASES) -> list[Wording]:
    """All paraphrases. Those of the table "none" mean the default verb, whatever their own class is called."""
    wordings = []
    for verb, classes in tomllib.loads(file.read_text()).items():
        if verb != NONE and verb not in VERBS:
            raise ValueError(f"{file}: [{verb}] is no verb; known are {NONE}, {', '.join(VERBS)}.")
        for kind, texts in classes.items():
            wordings += [
                Wording(DEFAULT_VERB, NONE, text) if verb == NONE else Wording(verb, kind, text) for text in texts
            ]
    return wordings


def pairs_of(bank: StickerBank, wordings: Sequence[Wording], plan: Plan) -> list[tuple[str, Pair]]:
    """(class, pair) of every clip to make: the plan's wordings and captions as in training, on held-out stickers."""
    rng = random.Random(SEED)
    members = rng.sample(bank.indices("heldout"), plan.stickers)
    chosen = [*wordings[:: plan.stride], *(Wording(verb, TRAINED, "") for verb in VERBS for _ in range(plan.trained))]
    pairs = []
    for i, wording in enumerate(chosen):
        member = members[i % len(members)]
        character, name = bank.characters[member], bank.names[member]
        caption = wording.text.replace("{name}", subject_of(name, rng)) or caption_of(wording.verb, name, rng)
        pairs.append((wording.kind, Pair(character, name, wording.verb, caption, SEED * 1000 + i)))
    return pairs


def recognised_as(animator: Animator, bank: StickerBank, pairs: Sequence[Pair], *, title: str) -> list[str]:
    """What each pair's clip shows."""
    settings = replace(animator.default_settings, steps=STEPS, bucket=BUCKET)
    with Progress(console=Console(stderr=True), transient=True) as progress:
        bar = progress.add_task(title, total=len(pairs))
        clips = sample_pairs(animator, bank, pairs, settings, progress=lambda done: progress.advance(bar, done)).small
    seen = [""] * len(pairs)
    for character in dict.fromkeys(pair.character for pair in pairs):
        places = [i for i, pair in enumerate(pairs) if pair.character == character]
        templates = TemplateBank(resize(stickers_of(bank, [pairs[places[0]]])[0], MODEL_SIZE))
        for i in places:
            seen[i] = templates.recognise(clips[i]).template.seen_as
    return seen


def report_of(pairs: Sequence[tuple[str, Pair]], seen: Sequence[str]) -> dict[str, Any]:
    """Shares of clips that show what their caption means, by class and verb; and the captions that were missed."""
    right: dict[str, dict[str, list[bool]]] = {kind: {} for kind in CLASSES}
    for (kind, pair), shown in zip(pairs, seen, strict=True):
        right[kind].setdefault(pair.verb, []).append(shown == pair.verb)
    flat = {kind: [hit for hits in verbs.values() for hit in hits] for kind, verbs in right.items()}
    return {
        "captions": len(pairs),
        "classes": {kind: {"captions": len(hits), "recognised": _share(hits)} for kind, hits in flat.items()},
        "by_verb": {
            verb: {kind: _share(right[kind].get(verb, [])) for kind in CLASSES if kind != NONE} for verb in VERBS
        },
        "missed": {
            pair.caption: {"class": kind, "meant": pair.verb, "shown": shown}
            for (kind, pair), shown in zip(pairs, seen, strict=True)
            if shown != pair.verb
        },
    }


def _share(hits: Sequence[bool]) -> float | None:
    return round(fmean(hits), 3) if hits else None


def print_tables(console: Console, name: str, report: dict[str, Any]) -> None:
    """Classes, verbs, and the captions that were missed."""
    table = Table(title=f"{name}: does the clip show what the caption means?", title_justify="left")
    for column in ("class", "captions", "recognised"):
        table.add_column(column, justify="right")
    for kind, row in report["classes"].items():
        table.add_row(kind, str(row["captions"]), _percent(row["recognised"]))
    console.print(table)
    table = Table(title="by verb", title_justify="left")
    kinds = [kind for kind in CLASSES if kind != NONE]
    for column in ("verb", *kinds):
        table.add_column(column, justify="right")
    for verb, row in report["by_verb"].items():
        table.add_row(verb, *(_percent(row[kind]) for kind in kinds))
    console.print(table)
    for caption, miss in report["missed"].items():
        console.print(f"{miss['class']}: “{caption}” means {miss['meant']}, shows {miss['shown']}", markup=False)


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share:.0%}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status: 0 when every checkpoint was measured."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("folders", nargs="*", type=Path, help="checkpoint folders (default: all in checkpoints/)")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--small", action="store_true", default=bool(os.environ.get("SMALL")))
    options = parser.parse_args(arguments)
    folders = options.folders or sorted(file.parent for file in (ROOT / "checkpoints").glob(f"*/{DESCRIPTION}"))
    if not folders:
        print(f"No checkpoint to measure: {ROOT / 'checkpoints'} has no folder with {DESCRIPTION}.", file=sys.stderr)
        return 1
    bank = read_stickers(HELD_OUT)
    pairs = pairs_of(bank, read_wordings(), QUICK if options.small else WHOLE)
    console = Console(width=120)
    reports: dict[str, dict[str, Any]] = {}
    for folder in folders[:1] if options.small else folders:
        try:
            animator = Animator.load(folder, device=options.device, dtype=native_dtype("bfloat16", options.device))
        except CheckpointError as error:
            print(error, file=sys.stderr)
            return 1
        seen = recognised_as(animator, bank, [pair for _, pair in pairs], title=folder.name)
        reports[folder.name] = report_of(pairs, seen)
        print_tables(console, folder.name, reports[folder.name])
    result = {"report": "free_text", "small": options.small, "device": options.device, "steps": STEPS}
    print(json.dumps({**result, "checkpoints": reports}, ensure_ascii=False), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
