"""Simulated annotators: repeatable, of two minds, and blind to all but a clip's figures."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.judges import APPEALS, SimulatedAnnotator
from sticker_diffusion.metrics.clip_metrics import ClipMetrics

GOOD = ClipMetrics(
    frames=8,
    frozen=False,
    motion_size=2.3,
    bucket=7,
    seam_ratio=1.0,
    flicker=0.2,
    identity_db=38.0,
    sharpness=0.95,
    verb_seen="jumping",
    verb_seen_probability=1.0,
    verb_asked="jumping",
    verb_asked_probability=1.0,
    recognised=True,
    nearest_motion="jumping",
)
FAULTS = {
    "a": {"verb_asked_probability": 0.05, "identity_db": 18.0, "seam_ratio": 4.0, "flicker": 3.0, "motion_size": 0.3},
    "b": {"nearest_motion": "spinning", "identity_db": 18.0, "seam_ratio": 4.0, "sharpness": 0.4, "motion_size": 0.3},
}
judges = pytest.mark.parametrize("kind", list(APPEALS))


def share_rate(kind: str, clip: ClipMetrics, people: int = 60, looks: int = 10) -> float:
    verdicts = [
        SimulatedAnnotator(kind, number).would_share(clip, key=str(look))
        for number in range(people)
        for look in range(looks)
    ]
    return sum(verdicts) / len(verdicts)


@judges
def test_a_good_clip_is_shared_by_most_and_a_frozen_one_by_slips_only(kind: str) -> None:
    assert share_rate(kind, GOOD) > 0.75
    assert share_rate(kind, replace(GOOD, frozen=True)) < 0.05


@judges
def test_every_fault_costs_appeal(kind: str) -> None:
    for figure, value in FAULTS[kind].items():
        assert APPEALS[kind](replace(GOOD, **{figure: value})) < APPEALS[kind](GOOD), figure


@judges
def test_another_verb_than_the_captions_is_rarely_shared(kind: str) -> None:
    other = replace(GOOD, verb_asked_probability=0.01, nearest_motion="spinning", recognised=False)
    assert share_rate(kind, other) < 0.1


@judges
def test_people_disagree_about_a_middling_clip_and_agree_with_themselves(kind: str) -> None:
    middling = replace(GOOD, identity_db=26.0, seam_ratio=1.6)
    assert 0.1 < share_rate(kind, middling) < 0.9
    for number in range(20):
        looks = {SimulatedAnnotator(kind, number).would_share(middling, key="one clip") for _ in range(3)}
        assert len(looks) == 1


def test_the_judge_that_reports_insists_on_the_nearest_motion() -> None:
    with pytest.raises(ValueError, match="nearest=True"):
        SimulatedAnnotator("b", 0).would_share(replace(GOOD, nearest_motion=None), key="clip")


@pytest.mark.parametrize("figure", ["seam_ratio", "motion_size"])
def test_a_figure_next_to_nothing_is_a_verdict_and_no_error(figure: str) -> None:
    for value in (0.0, 5e-324):
        assert APPEALS["a"](replace(GOOD, **{figure: value})) < -5


@judges
@given(st.floats(0, 60), st.floats(0, 50), st.floats(0, 10), st.floats(0, 20))
def test_any_figures_have_a_verdict(kind: str, identity: float, seam: float, flicker: float, size: float) -> None:
    clip = replace(GOOD, identity_db=identity, seam_ratio=seam, flicker=flicker, motion_size=size)
    assert SimulatedAnnotator(kind, 1).would_share(clip, key="clip") in (True, False)
