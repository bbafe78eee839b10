"""What is reported of simulated annotators is the truth that was planted in them, as surely as it says."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import evalica
import numpy as np
import pandas as pd
import pytest

from annotator.checkpoints.models import Checkpoint
from annotator.quality.agreement import agreement
from annotator.quality.share_rates import differences, share_rates, teachers
from annotator.quality.slots import slot_effects
from annotator.quality.strengths import connected, log_strengths, strengths
from annotator.quality.sums import Judged, PromptSums
from tests.annotator.planted import World, column

WORLDS = 300
# Of 300 intervals at 95 %, fewer than 273 or more than 297 hold the truth twice in a thousand times; some forty kinds
# of interval are looked at here.
AS_STATED = (0.91, 0.99)
NAMED = {key: Checkpoint(pk=key, name=f"model {key}", role="teacher") for key in range(4)}

Rows = list[dict[str, Any]]


def rates_of(made: list[PromptSums]) -> Counter[Any]:
    found: Counter[Any] = Counter()
    for text, prompts in column(made, "rates").items():
        found[tuple(map(tuple, json.loads(text)))] += prompts
    return found


def parsed(made: list[PromptSums], name: str) -> Iterator[tuple[Any, int]]:
    for text, prompts in column(made, name).items():
        yield json.loads(text), prompts


def coverage(world: World, prompts: int, found: Callable[[list[PromptSums]], list[bool]]) -> list[float]:
    """How often each of the intervals that `found` looks at holds the truth, over WORLDS draws of the world."""
    random = np.random.default_rng(11)
    held = np.array([found(world.judged(prompts, random)) for _ in range(WORLDS)])
    return [float(share) for share in held.mean(axis=0)]


def stated(shares: list[float]) -> bool:
    return all(AS_STATED[0] <= share <= AS_STATED[1] for share in shares)


@pytest.mark.parametrize(("prompts", "harsh"), [(25, 0.0), (80, 0.0), (80, -2.0)])
def test_planted_share_rates_are_within_their_intervals(prompts: int, harsh: float) -> None:
    world = World(qualities=tuple(quality + harsh for quality in World.qualities), first_slot=0.5)
    truth = world.true_rates()

    def held(made: list[PromptSums]) -> list[bool]:
        rows = {row["checkpoint"]: row for row in share_rates(rates_of(made), NAMED)}
        return [rows[key]["low"] <= truth[key] <= rows[key]["high"] for key in range(4)]

    shares = coverage(world, prompts, held)
    assert stated(shares), shares


@pytest.mark.parametrize("prompts", [25, 80])
def test_planted_differences_are_within_their_intervals(prompts: int) -> None:
    world = World()
    truth = world.true_rates()

    def held(made: list[PromptSums]) -> list[bool]:
        rows = differences(rates_of(made), [0, 1, 2, 3], NAMED)
        return [row["low"] <= truth[row["checkpoint"]] - truth[row["other"]] <= row["high"] for row in rows]

    shares = coverage(world, prompts, held)
    assert len(shares) == 6
    assert stated(shares), shares


def test_pairing_by_prompt_makes_differences_surer() -> None:
    """Prompts are easy or hard for all checkpoints alike: what is the prompt's falls out of a difference."""
    made = World().judged(300, np.random.default_rng(5))
    (row,) = differences(rates_of(made), [0, 1], NAMED)
    rates = {each["checkpoint"]: each for each in share_rates(rates_of(made), NAMED)}
    apart = sum((rates[key]["high"] - rates[key]["low"]) ** 2 for key in (0, 1)) ** 0.5
    assert row["high"] - row["low"] < 0.9 * apart


@pytest.mark.parametrize("prompts", [25, 80])
def test_planted_strengths_are_within_their_intervals(prompts: int) -> None:
    truth = np.array(World.qualities) - np.mean(World.qualities)

    def held(made: list[PromptSums]) -> list[bool]:
        rows = strengths(parsed(made, "wins"), NAMED)
        return [row["low"] <= truth[row["checkpoint"]] <= row["high"] for row in rows]

    shares = coverage(World(), prompts, held)
    assert stated(shares), shares


@pytest.mark.parametrize("planted", [0.0, 0.8])
def test_a_planted_slot_effect_is_measured(planted: float) -> None:
    world = World(first_slot=planted)
    truth = world.true_slot_effect()

    def held(made: list[PromptSums]) -> list[bool]:
        rows = slot_effects(parsed(made, "slots"))
        # Each other slot stands below the mean of the first and of two like itself.
        wanted = [truth, *[-truth / 3] * 3]
        return [row["beyond_low"] <= want <= row["beyond_high"] for row, want in zip(rows, wanted, strict=True)]

    shares = coverage(world, 60, held)
    assert stated(shares), shares
    first, *others = slot_effects(parsed(world.judged(800, np.random.default_rng(2)), "slots"))
    assert (first["beyond_low"] > 0) == (planted > 0)
    assert [row["slot"] for row in others] == [2, 3, 4]


def test_planted_agreement_is_within_its_interval() -> None:
    (truth,) = [agreement(parsed(World().judged(40_000, np.random.default_rng(1)), "agreement"))]
    assert truth is not None
    alpha = truth["alpha"]

    def held(made: list[PromptSums]) -> list[bool]:
        found = agreement(parsed(made, "agreement"))
        assert found is not None
        return [found["low"] <= alpha <= found["high"]]

    shares = coverage(World(), 60, held)
    assert stated(shares), shares


def test_what_a_teacher_alone_contributes_is_counted_as_planted() -> None:
    """Three prompts that only model 0 can, two that 0 and 1 can, one that nobody can; model 3 is no teacher."""
    able = [{0}, {0}, {0}, {0, 1}, {0, 1}, set()]
    made = []
    for can in able:
        sums = PromptSums()
        for person in range(3):
            # Person 0 always disagrees: half and more is what counts.
            verdicts = [Judged(key, key, key + 1, (key in can) == (person > 0)) for key in range(3)]
            sums.add([*verdicts, Judged(3, 3, 4, True)])
        made.append(sums)
    first, *others = teachers(rates_of(made), [0, 1, 2], NAMED)
    names = ("checkpoint", "prompts", "made_shareable", "only_it", "of_prompts", "clips", "of_clips", "loss")
    assert [first[name] for name in names] == [0, 6, 5, 3, 5, 5, 7, 0.6]
    assert first["low"] < 0.6 < first["high"]
    assert [[row[name] for name in names] for row in others] == [[1, 6, 2, 0, 5, 2, 7, 0], [2, 6, 0, 0, 5, 0, 7, 0]]


def test_what_dropping_a_teacher_loses_is_within_its_interval() -> None:
    rows = teachers(rates_of(World().judged(40_000, np.random.default_rng(1))), [0, 1, 2, 3], NAMED)
    truth = {row["checkpoint"]: row["loss"] for row in rows}

    def held(made: list[PromptSums]) -> list[bool]:
        rows = sorted(teachers(rates_of(made), [0, 1, 2, 3], NAMED), key=lambda row: row["checkpoint"])
        return [row["low"] <= truth[row["checkpoint"]] <= row["high"] for row in rows]

    # Of few prompts the weakest teacher has one or none to itself, and counts are whole: no interval holds so
    # rare a rate equally often. Brown, Cai and DasGupta, Stat. Sci. 16, 2001.
    shares = coverage(World(), 240, held)
    assert stated(shares), shares


def test_alpha_is_that_of_evalica() -> None:
    """With people missing from some clips, as they are where slots were left open."""
    random = np.random.default_rng(9)
    ratings = random.integers(0, 2, (4, 60)).astype(float)
    ratings[:, :30] = ratings[0, :30]
    ratings[random.random((4, 60)) < 0.4] = np.nan
    sums = PromptSums()
    for person in range(4):
        shown = np.flatnonzero(~np.isnan(ratings[person]))
        sums.add([Judged(int(clip), 0, place, bool(ratings[person, clip])) for place, clip in enumerate(shown, 1)])
    found = agreement(parsed([sums], "agreement"))
    assert found is not None
    assert found["alpha"] == pytest.approx(evalica.alpha(pd.DataFrame(ratings)).alpha, abs=1e-6)
    assert (found["low"], found["high"]) == (-1, 1)


def test_strengths_are_those_of_evalica() -> None:
    wins = np.array([[0, 700, 900], [500, 0, 640], [300, 410, 0]], dtype=float)
    pairs = [(i, j) for i in range(3) for j in range(3) for _ in range(int(wins[i, j]))]
    winners, losers = zip(*pairs, strict=True)
    theirs = evalica.bradley_terry(winners, losers, [evalica.Winner.X] * len(pairs)).scores.sort_index()
    logs = np.log(theirs.to_numpy())
    assert log_strengths(wins, met=wins > 0) == pytest.approx(logs - logs.mean(), abs=2e-3)


def test_who_never_won_has_a_finite_strength_and_who_never_met_is_not_compared() -> None:
    assert connected({(1, 2), (2, 3), (7, 8)}) == [[1, 2, 3], [7, 8]]
    rows = strengths([([[0, 1, 5]], 4), ([[2, 3, 1], [3, 2, 1]], 4)], NAMED)
    assert [(row["checkpoint"], row["group"], row["chosen"], row["passed_over"]) for row in rows] == [
        (0, 1, 20, 0),
        (1, 1, 0, 20),
        (2, 2, 4, 4),
        (3, 2, 4, 4),
    ]
    assert rows[0]["strength"] == pytest.approx(np.log(20.5 / 0.5) / 2, abs=1e-3)
