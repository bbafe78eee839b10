"""The loop's figures: planted differences are found, paired by prompt, against the best teacher of each resample."""

import json

import numpy as np
import numpy.typing as npt
import pytest

from benchmarks.loop_figures import Resamples, best_of, loop_figures, shares_by_prompt
from benchmarks.loop_plan import PARTS, TEACHERS

PROMPTS = 128
Floats = npt.NDArray[np.float64]


def judged(rates: Floats | float, *, seed: int, people: int = 3) -> Floats:
    """Shares of so many people, who each share a prompt's clip at its rate."""
    random = np.random.default_rng(seed)
    return random.binomial(people, np.broadcast_to(rates, PROMPTS)) / people


def test_the_interval_holds_the_planted_difference_to_the_best_in_most_worlds() -> None:
    student, teachers = 0.62, (0.5, 0.5, 0.3)
    held = 0
    for world in range(200):
        of = [judged(rate, seed=10 * world + i) for i, rate in enumerate((student, *teachers))]
        _, low, high = Resamples(PROMPTS, times=400, seed=world).over_best(of[0], of[1:])
        held += low <= student - max(teachers) <= high
    assert held >= 180


def test_the_best_teacher_is_chosen_anew_in_every_resample() -> None:
    """Two teachers who are equal by mirrored prompts: whoever leads a resample, the lift over them is at most that over
    either, and its interval lies below the one that holds on to the first."""
    first = np.repeat([1.0, 0.0], PROMPTS // 2)
    second = 1 - first
    student = np.full(PROMPTS, 0.5)
    resamples = Resamples(PROMPTS, times=1000)
    value, low, high = resamples.over_best(student, [first, second])
    assert value == 0
    assert high <= 0
    assert low < -0.05
    assert resamples.difference(student, first)[2] > 0.05


def test_a_difference_is_paired_by_prompt() -> None:
    """One is shared a little more on every prompt, and prompts differ widely: unpaired, that would drown."""
    easy = np.linspace(0, 0.9, PROMPTS)
    assert Resamples(PROMPTS, times=500).difference(easy + 0.1, easy) == [pytest.approx(0.1)] * 3


def test_the_ceiling_takes_the_best_of_each_prompt() -> None:
    one, other = np.array([1.0, 0.0, np.nan]), np.array([0.0, 1.0, 0.5])
    assert best_of([one, other]).tolist() == [1.0, 1.0, 0.5]


def test_verdicts_add_up_by_prompt_and_a_missing_clip_is_no_verdict() -> None:
    said = [("p1", "a", True), ("p1", "a", False), ("p2", "a", True), ("p1", "b", True)]
    verdicts = [{"prompt_external_id": p, "checkpoint": c, "shareable": s} for p, c, s in said]
    prompts, shares = shares_by_prompt(verdicts, ["a", "b"])
    assert prompts == ["p1", "p2"]
    assert shares["a"].tolist() == [0.5, 1.0]
    assert shares["b"][0] == 1.0
    assert np.isnan(shares["b"][1])


def test_the_report_has_every_figure_that_was_agreed() -> None:
    shares = {checkpoint: judged(0.5, seed=i) for i, checkpoint in enumerate(PARTS.values())}
    figures = loop_figures(shares, parts=PARTS, teachers=TEACHERS, resamples=Resamples(PROMPTS, times=100))
    agreed = "general student_before student_unfiltered student_after student_distilled best_of_teachers oracle"
    assert {*agreed.split(), "teachers"} == set(figures["share_rate"])
    assert set(figures["share_rate"]["teachers"]) == set(TEACHERS)
    for key in ("lift_over_best", "lift_over_unfiltered", "distilled_minus_student"):
        value, low, high = figures[key]
        assert low <= value <= high
    json.dumps(figures)
