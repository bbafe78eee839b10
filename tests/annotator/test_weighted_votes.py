"""Votes weighed by how often people are right: nearer to the truth than counting. Without crowd-kit, that is said."""

import sys

import numpy as np
import pytest

from annotator.accounts.models import Role, User
from annotator.quality.queries import counted_verdicts
from annotator.quality.setting_aside import set_aside
from annotator.quality.weighted_votes import NotInstalledError, on_a_page, share_probabilities
from tests.annotator.actors import Actor, person
from tests.annotator.judged import Judging, a_checkpoint
from tests.annotator.planted import write_annotations

# Two who are nearly always right, and three who hardly look.
CARE = (0.95, 0.93, 0.56, 0.56, 0.55)


@pytest.fixture
def judging(researcher: User) -> Judging:
    return Judging(researcher, [a_checkpoint(name) for name in ("one", "two", "three", "four")])


def judged(judging: Judging, *, tasks: int = 40) -> dict[int, bool]:
    """Everybody judges everything; the truth by candidate."""
    random = np.random.default_rng(2)
    people = [person() for _ in CARE]
    truth: dict[int, bool] = {}
    made = []
    for _ in range(tasks):
        task = judging.task()
        ids = list(task.candidates.order_by("id").values_list("id", flat=True))
        truth |= {pk: bool(random.random() < 0.4) for pk in ids}
        for user, care in zip(people, CARE, strict=True):
            made.append((task, user, ids, {pk for pk in ids if truth[pk] == (random.random() < care)}, 4000))
    write_annotations(made)
    return truth


def test_weighed_votes_are_nearer_to_the_truth_than_counted_ones(judging: Judging) -> None:
    pytest.importorskip("crowdkit")
    truth = judged(judging)
    found = share_probabilities(batch=judging.batch.pk)
    assert set(found) == set(truth)
    assert all(0 <= chance <= 1 for chance in found.values())
    yes = dict.fromkeys(truth, 0)
    for pk in counted_verdicts().filter(shareable=True).values_list("candidate", flat=True):
        yes[pk] += 1
    weighed = np.mean([(found[pk] > 0.5) == right for pk, right in truth.items()])
    counted = np.mean([(yes[pk] > len(CARE) / 2) == right for pk, right in truth.items()])
    assert counted < 0.9 < weighed


def test_only_what_counts_is_weighed_and_only_what_is_asked_for(judging: Judging) -> None:
    pytest.importorskip("crowdkit")
    truth = judged(judging, tasks=10)
    other = Judging(judging.by, judging.checkpoints, name="Another batch")
    of_other = judged(other, tasks=5)
    assert set(share_probabilities(batch=other.batch.pk)) == set(of_other)
    assert set(share_probabilities(batches=[judging.batch.pk, other.batch.pk])) == {*truth, *of_other}
    assert set(share_probabilities()) == {*truth, *of_other}
    assert share_probabilities(batch=10**6) == {}
    for user in User.objects.filter(role=Role.ANNOTATOR):
        set_aside(person=user, reason="all of them", by=judging.by)
    assert share_probabilities() == {}


@pytest.mark.parametrize(("shares", "expected"), [([False] * 4, {0}), ([True] * 4, {1}), ([False, True] * 2, {0, 1})])
def test_clips_of_which_all_say_the_same_are_sure(judging: Judging, shares: list[bool], expected: set[int]) -> None:
    pytest.importorskip("crowdkit")
    people = [person() for _ in range(3)]
    made = []
    for share in shares:
        task = judging.task()
        ids = list(task.candidates.values_list("id", flat=True))
        made += [(task, user, ids, set(ids) if share else set(), 4000) for user in people]
    write_annotations(made)
    assert {round(chance, 3) for chance in share_probabilities().values()} == expected


def test_the_disagreement_page_says_both(judging: Judging, admin: User) -> None:
    pytest.importorskip("crowdkit")
    judged(judging)
    tasks = Actor(admin).get("labels/contested/")["tasks"]
    clips = {clip["candidate"]: clip for task in tasks for clip in task["clips"]}
    all_of_it = share_probabilities()
    assert len(clips) == 120
    for pk, clip in clips.items():
        assert clip["judged"] == len(CARE)
        assert clip["share_probability"] == pytest.approx(all_of_it[pk], abs=0.1)
    assert on_a_page(candidates=[], batches=[]) == {}


def test_without_crowd_kit_pages_show_counts_and_whoever_asks_is_told_what_to_install(
    judging: Judging, admin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged(judging, tasks=3)
    for module in ("crowdkit", "crowdkit.aggregation"):
        monkeypatch.setitem(sys.modules, module, None)
    monkeypatch.setattr("annotator.quality.weighted_votes.find_spec", lambda name: None)
    with pytest.raises(NotInstalledError, match=r"pip install .*\[votes\]"):
        share_probabilities()
    tasks = Actor(admin).get("labels/contested/")["tasks"]
    assert {clip["share_probability"] for task in tasks for clip in task["clips"]} == {None}
    assert {clip["judged"] for task in tasks for clip in task["clips"]} == {len(CARE)}
