"""The loop's prompts: every family of verbs, captions that judges understand, no held-out sticker to learn from."""

from collections import Counter
from pathlib import Path

import pytest

from benchmarks.loop_plan import PARTS, SMALL, WHOLE, Plan
from benchmarks.loop_prompts import HELD_OUT, family_of, rows, training_characters, verb_of
from sticker_diffusion.metrics.asked_verb import asked_verb
from sticker_diffusion.stickers.emoji import EmojiFontMissingError, font_path, split_of
from sticker_diffusion.stickers.motions import FAMILIES, VERBS
from tests.sticker_diffusion.stickers import held_out_bank

MOST_CANDIDATES = 9


@pytest.mark.parametrize("plan", [WHOLE, SMALL], ids=["whole", "small"])
def test_prompts_to_learn_from_ask_each_family_and_the_first_three_alike(plan: Plan) -> None:
    made = rows(held_out_bank(), split="hitl", count=plan.hitl_prompts, seed=plan.seed)
    counts = Counter(family_of(row["external_id"]) for row in made)
    assert {"rigid", "squash", "bend"} <= set(counts)
    assert (
        max(counts[family] for family in ("rigid", "squash", "bend"))
        - min(counts[family] for family in ("rigid", "squash", "bend"))
        <= 1
    )


def test_the_whole_loop_asks_every_verb() -> None:
    for split, count in (("hitl", WHOLE.hitl_prompts), ("heldout", WHOLE.blind_prompts)):
        made = rows(held_out_bank(), split=split, count=count, seed=WHOLE.seed)
        assert {verb_of(row["external_id"]) for row in made} == set(VERBS)
        assert {family_of(row["external_id"]) for row in made} == set(FAMILIES)


def test_a_caption_asks_for_the_verb_that_it_was_made_for() -> None:
    made = rows(held_out_bank(), split="heldout", count=WHOLE.blind_prompts, seed=WHOLE.seed)
    assert all(asked_verb(row["caption"]) == verb_of(row["external_id"]) for row in made)
    assert len({row["external_id"] for row in made}) == len(made) >= 128


def test_stickers_take_turns() -> None:
    bank = held_out_bank()
    counts = Counter(row["sticker"] for row in rows(bank, split="heldout", count=2 * len(bank), seed=1))
    assert set(counts.values()) == {2}


def test_no_held_out_sticker_is_learnt_from_and_no_other_measured_with() -> None:
    assert all(split_of(chr(int(file.stem, 16))) == "heldout" for file in Path(HELD_OUT).glob("*.png"))
    try:
        font_path()
    except EmojiFontMissingError:
        pytest.skip("needs the emoji font")
    learnt = training_characters(WHOLE.hitl_prompts, seed=WHOLE.seed)
    assert len(set(learnt)) == WHOLE.hitl_prompts
    assert all(split_of(character) == "train" for character in learnt)


def test_a_task_holds_all_candidates() -> None:
    assert len(set(PARTS.values())) == len(PARTS) <= MOST_CANDIDATES
