"""Captions × stickers of the loop, to import: training stickers to learn from, held-out ones to measure with."""

from __future__ import annotations

import csv
import os
import random
from collections.abc import Sequence
from itertools import cycle
from pathlib import Path

import numpy as np

from benchmarks.loop_plan import FAMILIES_IN_TURN, Plan
from sticker_diffusion.metrics.asked_verb import asked_verb
from sticker_diffusion.stickers.captions import caption_of
from sticker_diffusion.stickers.emoji import StickerBank, emoji_characters, split_of
from sticker_diffusion.stickers.motions import FAMILIES
from sticker_diffusion.stickers.sticker_folder import RESOLUTION, read_stickers, write_stickers

HELD_OUT = Path(__file__).resolve().parent / "held_out"
Row = dict[str, str]


def rows(bank: StickerBank, *, split: str, count: int, seed: int) -> list[Row]:
    """Prompts over the stickers of `bank`, each as often as any other (to one), families in turn and the verbs of each
    in turn. The verb stands in the external id, and is one that the caption's rule understands: both judges ask it."""
    rng = random.Random(f"{seed} {split}")
    order = rng.sample(range(len(bank)), len(bank))
    verbs = {family: cycle(rng.sample(of_family, len(of_family))) for family, of_family in FAMILIES.items()}
    made = []
    for number, family, place in zip(range(count), cycle(FAMILIES_IN_TURN), cycle(order), strict=False):
        verb = next(verbs[family])
        made.append(
            {
                "external_id": f"{split}-{number:03}-{verb}",
                "caption": understood_caption(verb, bank.names[place], rng),
                "sticker": f"{split}/{ord(bank.characters[place]):x}.png",
                "split": split,
            }
        )
    return made


def understood_caption(verb: str, name: str, rng: random.Random) -> str:
    while True:
        caption = caption_of(verb, name, rng)
        if asked_verb(caption) == verb:
            return caption


def verb_of(external_id: str) -> str:
    return external_id.split("-", 2)[2]


def family_of(external_id: str) -> str:
    return next(family for family, verbs in FAMILIES.items() if verb_of(external_id) in verbs)


def training_characters(count: int, *, seed: int) -> list[str]:
    """So many emoji, none of them held out. Raises EmojiFontMissingError."""
    known = [character for character in emoji_characters() if split_of(character) == "train"]
    return random.Random(seed).sample(known, min(count, len(known)))


def write_prompts(plan: Plan, folder: Path) -> Path:
    """prompts.csv and its stickers. Raises EmojiFontMissingError."""
    characters = training_characters(plan.hitl_prompts, seed=plan.seed)
    banks = {
        "hitl": StickerBank.build(characters, resolution=RESOLUTION),
        "heldout": read_stickers(HELD_OUT),
    }
    counts = {"hitl": plan.hitl_prompts, "heldout": plan.blind_prompts}
    table: list[Row] = []
    for split, bank in banks.items():
        write_stickers(bank, folder / split)
        table += rows(bank, split=split, count=counts[split], seed=plan.seed)
    file = folder / "prompts.csv"
    with file.open("w", newline="", encoding="utf-8") as text:
        writer = csv.DictWriter(text, table[0].keys())
        writer.writeheader()
        writer.writerows(table)
    return file


def keep_bank(plan: Plan, cache: Path) -> None:
    """Puts the stickers that a training run replays, and draws its samples with, where StickerBank.load finds them."""
    if plan.bank is None:
        StickerBank.load(cache=cache)
        return
    held_out: Sequence[str] = [chr(int(file.stem, 16)) for file in sorted(HELD_OUT.glob("*.png"))]
    bank = StickerBank.build([*training_characters(plan.bank, seed=plan.seed), *held_out[: plan.bank]])
    cache.mkdir(parents=True, exist_ok=True)
    partial = cache / f"bank.{os.getpid()}.npz"
    codepoints = np.array([ord(character) for character in bank.characters])
    np.savez(partial, pixels=bank.pixels.numpy(), codepoints=codepoints)
    partial.replace(cache / f"emoji-{bank.resolution}.npz")
