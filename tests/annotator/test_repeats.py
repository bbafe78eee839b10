"""Hidden repeats: a person gets again what they judged a while ago, and how often they say the same is measured."""

from collections import Counter
from typing import Any

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from annotator.annotation.apart import FEWEST_BETWEEN
from annotator.annotation.models import Enrolment
from annotator.generation import queries
from annotator.generation.models import Batch, Candidate, Task, TaskKind, TaskState
from annotator.quality.queries import counted_verdicts
from annotator.quality.tallying import tally_before_a_page
from annotator.releases.rule import Rule
from annotator.releases.selecting import judged_tasks, pin
from tests.annotator.actors import Actor, Json, admin, annotator, open_batch, row
from tests.annotator.test_gold_handouts import gold_from, judge, kinds, shape
from tests.annotator.test_leases import data_queries

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("same_draws")]


def clips(task: Json) -> list[int]:
    """The clips of an assignment in the order in which they stood."""
    order = row(task).slots
    clip = dict(Candidate.objects.filter(pk__in=order).values_list("id", "clip"))
    return [clip[pk] for pk in order]


def test_what_was_judged_comes_again_after_twenty_others_in_another_order() -> None:
    batch, ann = open_batch(tasks=150, repeat_rate=0.1), annotator()
    done = judge(ann, batch)
    assert kinds(done)[TaskKind.ORDINARY] == 150
    assert 5 < kinds(done)[TaskKind.REPEAT] <= 16
    places = {assignment.task_id: place for place, (assignment, _) in enumerate(done)}
    shown = {assignment.task_id: task for assignment, task in done}
    for assignment, again in done:
        if assignment.task.kind != TaskKind.REPEAT:
            continue
        first = assignment.task.copy_of_id
        assert first is not None
        assert places[assignment.task_id] - places[first] > FEWEST_BETWEEN
        assert (again["caption"], again["sticker"]) == (shown[first]["caption"], shown[first]["sticker"])
        assert sorted(clips(again)) == sorted(clips(shown[first]))
        assert clips(again) != clips(shown[first])
        assert str(shape(again)) == str(shape(shown[first]))
        assert again["id"] != shown[first]["id"]
    repeated = [assignment.task.copy_of_id for assignment, _ in done if assignment.task.kind == TaskKind.REPEAT]
    assert len(repeated) == len(set(repeated)), "each once"


def test_distances_vary() -> None:
    batch, ann = open_batch(tasks=300, candidates=2, repeat_rate=0.2), annotator()
    done = judge(ann, batch)
    places = {assignment.task_id: place for place, (assignment, _) in enumerate(done)}
    repeats = [each.task for each, _ in done if each.task.kind == TaskKind.REPEAT]
    distances = {places[task.pk] - places[task.copy_of_id] for task in repeats if task.copy_of_id}
    assert len(distances) > 10
    assert 0.12 < len(repeats) / len(done) < 0.22


def test_a_short_row_has_no_repeat() -> None:
    batch, ann = open_batch(tasks=20, candidates=2, repeat_rate=0.2), annotator()
    assert kinds(judge(ann, batch)) == {TaskKind.ORDINARY: 20}


def test_repeats_are_out_of_every_rate_every_export_and_the_batchs_progress() -> None:
    batch = open_batch(tasks=80, candidates=2, overlap=2, repeat_rate=0.2)
    done = [each for _ in range(2) for each in judge(annotator(), batch)]
    repeats = {assignment.task_id for assignment, _ in done if assignment.task.kind == TaskKind.REPEAT}
    assert repeats
    tally_before_a_page()
    assert not counted_verdicts().filter(candidate__task__in=repeats).exists()
    assert {task.task for task in judged_tasks(pin(Rule(with_surplus=True)))}.isdisjoint(repeats)
    assert sum(tally.annotations for tally in batch.tallies.all()) == 160
    progress = queries.progress(batch)
    assert (progress.counted, progress.wanted, progress.tasks["done"], progress.clips["ready"]) == (160, 160, 80, 160)
    ordinary = batch.tasks.filter(kind=TaskKind.ORDINARY)
    assert set(ordinary.values_list("state", "counted", "open_slots")) == {(TaskState.DONE, 2, 0)}


def test_what_was_made_void_meanwhile_does_not_come_again() -> None:
    batch, ann = open_batch(tasks=90, candidates=2, repeat_rate=0.2), annotator()
    for _ in range(4):
        for task in ann.lease(batch, count=5)["assignments"]:
            ann.submit(task, 1)
    planned = Enrolment.objects.get(user=ann.user).to_repeat
    assert planned
    Task.objects.filter(pk__in=[task for _, task in planned]).update(state=TaskState.VOID, open_slots=0)
    again = {assignment.task.copy_of_id for assignment, _ in judge(ann, batch)}
    assert again.isdisjoint({task for _, task in planned})
    assert len(again) > 1, "others do"


def test_gold_and_repeats_come_side_by_side_at_their_rates() -> None:
    batch = open_batch(tasks=300, candidates=2, gold_rate=0.2, repeat_rate=0.1)
    gold_from(open_batch(tasks=150, candidates=2), batch, 150)
    found = kinds(judge(annotator(), batch))
    total = sum(found.values())
    assert found[TaskKind.ORDINARY] == 300
    assert 0.14 < found[TaskKind.GOLD] / total < 0.26
    assert 0.06 < found[TaskKind.REPEAT] / total < 0.14
    assert total <= 428, "300 / 0.7"


def with_slips(actor: Actor, batch: Batch, *, random: np.random.Generator, slips: float) -> list[bool]:
    """Shares every other clip by its id, and slips now and then. Whether the same was said of each clip shown twice."""
    said: dict[int, dict[int, bool]] = {}
    same: list[bool] = []
    hand = actor.lease(batch)["assignments"]
    while hand:
        task = hand.pop(0)
        assignment = row(task)
        shares = {clip: (clip % 2 == 0) != (random.random() < slips) for clip in clips(task)}
        chosen = [slot for slot, share in enumerate(shares.values(), 1) if share]
        hand += actor.submit(task, *chosen, want=4, holding=[each["id"] for each in hand])["assignments"]
        said[assignment.task_id] = shares
        if assignment.task.copy_of_id is not None:
            same += [said[assignment.task.copy_of_id][clip] == share for clip, share in shares.items()]
    return same


def test_how_often_people_say_the_same_twice_is_measured() -> None:
    batch = open_batch(tasks=150, overlap=3, repeat_rate=0.2)
    random = np.random.default_rng(3)
    slips = {"steady": 0.0, "careful": 0.05, "careless": 0.35}
    same = {name: with_slips(annotator(name), batch, random=random, slips=share) for name, share in slips.items()}
    found: dict[str, Any] = {each["username"]: each["figures"] for each in admin().get("annotators/")["results"]}
    for name, twice in same.items():
        repeats = found[name]["repeats"]
        assert repeats["verdicts"] == 4 * repeats["tasks"] == len(twice) > 40
        assert repeats["rate"] == pytest.approx(sum(twice) / len(twice))
        assert repeats["low"] <= repeats["rate"] <= repeats["high"] + 1e-9
    assert found["steady"]["repeats"]["rate"] == 1
    assert found["careless"]["repeats"]["high"] < found["steady"]["repeats"]["low"]
    assert found["steady"]["gold"] is None


def test_a_repeat_costs_no_more_statements_than_an_ordinary_task() -> None:
    batch, ann = open_batch(tasks=120, candidates=2, repeat_rate=0.2), annotator()
    hand = ann.lease(batch)["assignments"]
    costs: dict[str, Counter[int]] = {TaskKind.REPEAT: Counter(), TaskKind.ORDINARY: Counter()}
    while len(hand) == 4:
        judged = hand.pop(0)
        with CaptureQueriesContext(connection) as captured:
            new = ann.submit(judged, 1, want=4, holding=[each["id"] for each in hand])["assignments"]
        planned = {task for _, task in Enrolment.objects.get(user=ann.user).to_repeat}
        if len(new) == 1 and row(judged).task.kind == TaskKind.ORDINARY and row(judged).task_id not in planned:
            costs[row(new[0]).task.kind][len(data_queries(captured))] += 1
        hand += new
    assert sum(costs[TaskKind.REPEAT].values()) > 3
    assert max(costs[TaskKind.REPEAT]) <= max(costs[TaskKind.ORDINARY])
