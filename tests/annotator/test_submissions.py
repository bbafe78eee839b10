"""Submissions: stored once, never refused, and counted exactly as often as was asked for."""

from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from annotator.annotation.counting import count_surplus
from annotator.annotation.expiry import expire_leases
from annotator.annotation.models import Annotation, Assignment, AssignmentState, Enrolment, Revision, Verdict
from annotator.generation.batches import steer_batch
from annotator.generation.models import Batch, Task
from tests.annotator.actors import Json, annotator, answer, open_batch, overdue, row
from tests.annotator.test_leases import data_queries

pytestmark = pytest.mark.django_db


def task_of(assignment: Json) -> Task:
    return row(assignment).task


def test_a_submission_completes_a_verdict_for_every_candidate_shown() -> None:
    batch, ann = open_batch(tasks=1, candidates=5), annotator("ann")
    mine = ann.take_one(batch)
    stored = ann.submit(mine, 2, 5, comment="the second one loops best", elapsed_ms=7200, device="touch")
    assert (stored["stored"], stored["counted"], stored["revision"]) == (True, True, 1)
    revision = Revision.objects.get()
    assert (revision.comment, revision.elapsed_ms, revision.device) == ("the second one loops best", 7200, "touch")
    assert revision.watched_ms == [1500] * 5
    verdicts = Verdict.objects.filter(revision=revision).order_by("slot")
    assert [(each.slot, each.shareable) for each in verdicts] == [
        (1, False),
        (2, True),
        (3, False),
        (4, False),
        (5, True),
    ]
    assert [each.candidate_id for each in verdicts] == row(mine).slots
    task = task_of(mine)
    assert (task.state, task.counted, task.open_slots, task.done_at is not None) == ("done", 1, 0, True)
    assert Batch.objects.get().last_task_done_at == task.done_at


def test_none_shareable_is_a_submission_without_a_shareable_verdict() -> None:
    batch, ann = open_batch(tasks=1), annotator("ann")
    ann.submit(ann.take_one(batch))
    assert Revision.objects.get().none_shareable is True
    assert set(Verdict.objects.values_list("shareable", flat=True)) == {False}


def test_a_task_is_done_with_the_last_of_its_annotations_and_not_before() -> None:
    batch, ann, bob = open_batch(tasks=1, overlap=2), annotator("ann"), annotator("bob")
    mine, yours = ann.take_one(batch), bob.take_one(batch)
    ann.submit(mine, 1)
    assert task_of(mine).state == "open"
    assert Batch.objects.get().last_task_done_at is None
    bob.submit(yours, 1)
    assert task_of(mine).state == "done"


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"none": True, "shareable": [2]}, "none"),
        ({"none": False, "shareable": []}, "none"),
        ({"shareable": [0]}, "shareable"),
        ({"shareable": [1, 7]}, "shareable"),
        ({"watched_ms": [1, 2, 3]}, "watched_ms"),
        ({"watched_ms": [1, 2, 3, -4]}, "watched_ms.3"),
        ({"revision": 0}, "revision"),
        ({"submission": "seven"}, "submission"),
        ({"device": "teapot"}, "device"),
        ({"elapsed_ms": 10**12}, "elapsed_ms"),
        ({"comment": "x" * 2001}, "comment"),
    ],
)
def test_what_is_not_well_formed_is_refused_naming_the_field_and_nothing_is_stored(wrong: Json, field: str) -> None:
    batch, ann = open_batch(tasks=1), annotator("ann")
    mine = ann.take_one(batch)
    refusal = ann.put(f"annotate/assignments/{mine['id']}/", {**answer(mine, 1), **wrong}, status=400)
    assert list(refusal["fields"]) == [field]
    assert refusal["error"].startswith(f"{field}: ")
    assert not Annotation.objects.exists()
    assert row(mine).state == "leased"


@pytest.mark.parametrize("field", ["submission", "revision", "shareable", "none", "elapsed_ms", "watched_ms", "device"])
def test_a_missing_field_is_named(field: str) -> None:
    batch, ann = open_batch(tasks=1), annotator("ann")
    mine = ann.take_one(batch)
    body = answer(mine, 1)
    del body[field]
    assert list(ann.put(f"annotate/assignments/{mine['id']}/", body, status=400)["fields"]) == [field]


def test_somebody_elses_assignment_is_not_found_for_any_act() -> None:
    batch, ann, eve = open_batch(tasks=1), annotator("ann"), annotator("eve")
    mine = ann.take_one(batch)
    path = f"annotate/assignments/{mine['id']}/"
    eve.put(path, answer(mine, 1), status=404)
    eve.get(path, status=404)
    for act in ("renew", "skip", "flag"):
        eve.post(f"{path}{act}/", {"kind": "broken"}, status=404)
    assert not Annotation.objects.exists()
    assert row(mine).state == "leased"


def test_the_same_submission_again_is_stored_once_and_answered_the_same() -> None:
    batch, ann = open_batch(tasks=2), annotator("ann")
    mine = ann.take_one(batch)
    body = answer(mine, 3)
    path = f"annotate/assignments/{mine['id']}/"
    first, second = ann.put(path, body), ann.put(path, body)
    assert [first[key] for key in ("stored", "counted", "revision")] == [True, True, 1]
    assert [second[key] for key in ("stored", "counted", "revision")] == [True, True, 1]
    assert Revision.objects.count() == 1
    assert Enrolment.objects.get().judged == 1
    assert task_of(mine).counted == 1


def test_a_submission_id_of_another_assignment_is_refused() -> None:
    batch, ann = open_batch(tasks=2), annotator("ann")
    first, second = ann.lease(batch)["assignments"]
    known = str(uuid4())
    ann.submit(first, 1, submission=known)
    refusal = ann.submit(second, 1, submission=known, status=400)
    assert list(refusal["fields"]) == ["submission"]
    assert row(second).state == "leased"
    assert task_of(second).counted == 0


def test_a_revision_replaces_what_was_said_and_keeps_it_as_superseded() -> None:
    batch, ann = open_batch(tasks=1), annotator("ann")
    mine = ann.take_one(batch)
    ann.submit(mine, 1)
    changed = ann.submit(mine, 2, 3, revision=2)
    assert (changed["counted"], changed["revision"]) == (True, 2)
    assert list(Revision.objects.order_by("number").values_list("number", "current")) == [(1, False), (2, True)]
    assert Verdict.objects.count() == 8
    answered = ann.get(f"annotate/assignments/{mine['id']}/")["answer"]
    assert answered.pop("submitted_at")
    assert answered == {"revision": 2, "shareable": [2, 3], "none": False, "comment": "", "reasons": []}
    assert (task_of(mine).counted, Enrolment.objects.get().judged) == (1, 1)


def test_an_older_revision_that_arrives_late_is_kept_but_does_not_speak() -> None:
    batch, ann = open_batch(tasks=1), annotator("ann")
    mine = ann.take_one(batch)
    ann.submit(mine, 2, revision=2)
    older = ann.submit(mine, 1, revision=1)
    assert (older["stored"], older["counted"]) == (True, False)
    assert Revision.objects.get(current=True).number == 2
    assert Revision.objects.count() == 2


def test_of_two_tabs_that_send_the_same_revision_number_the_later_speaks() -> None:
    batch, ann = open_batch(tasks=1), annotator("ann")
    mine = ann.take_one(batch)
    ann.submit(mine, 1)
    assert ann.submit(mine, 4)["counted"] is True
    assert ann.get(f"annotate/assignments/{mine['id']}/")["answer"]["shareable"] == [4]


def test_a_late_submission_takes_a_slot_where_one_is_open() -> None:
    batch, ann, bob = open_batch(tasks=1), annotator("ann"), annotator("bob")
    late = ann.take_one(batch)
    overdue(late)
    assert expire_leases() == 1
    assert ann.submit(late, 1)["counted"] is True
    assert (task_of(late).state, task_of(late).counted) == ("done", 1)
    assert bob.lease(batch)["state"] == "empty"


def test_a_late_submission_without_a_slot_is_stored_and_not_counted() -> None:
    batch, ann, bob = open_batch(tasks=1), annotator("ann"), annotator("bob")
    late = ann.take_one(batch)
    overdue(late)
    expire_leases()
    theirs = bob.take_one(batch)
    surplus = ann.submit(late, 1)
    assert (surplus["stored"], surplus["counted"], surplus["progress"]["judged"]) == (True, False, 1)
    assert bob.submit(theirs, 2)["counted"] is True
    assert (task_of(late).counted, task_of(late).open_slots) == (1, 0)
    assert count_surplus() == 0


def test_a_surplus_annotation_counts_when_the_slot_comes_back_and_nobody_else_is_there() -> None:
    batch, ann, bob = open_batch(tasks=1), annotator("ann"), annotator("bob")
    late = ann.take_one(batch)
    overdue(late)
    expire_leases()
    theirs = bob.take_one(batch)
    ann.submit(late, 1)
    bob.skip(theirs)
    assert count_surplus() == 1
    assert (task_of(late).state, task_of(late).counted, task_of(late).open_slots) == ("done", 1, 0)
    assert Annotation.objects.get().counted is True


def test_the_surplus_of_a_removed_person_never_counts() -> None:
    batch, ann, bob = open_batch(tasks=1), annotator("ann"), annotator("bob")
    late = ann.take_one(batch)
    overdue(late)
    expire_leases()
    theirs = bob.take_one(batch)
    ann.submit(late, 1)
    Enrolment.objects.filter(user=ann.user).update(removed_at="2026-01-01T00:00:00Z")
    bob.skip(theirs)
    assert count_surplus() == 0


@pytest.mark.parametrize("state", ["closed", "cancelled"])
def test_after_the_end_a_submission_is_stored_and_not_counted(state: str) -> None:
    batch, ann = open_batch(tasks=2), annotator("ann")
    judged, mine = ann.lease(batch)["assignments"]
    ann.submit(judged, 1)
    Batch.objects.update(state=state)
    stored = ann.submit(mine, 1)
    assert (stored["stored"], stored["counted"], stored["state"]) == (True, False, "closed")
    task = task_of(mine)
    assert (task.counted, task.open_slots) == (0, 1)


def test_after_the_end_a_revision_is_kept_but_what_was_said_stands() -> None:
    batch, ann = open_batch(tasks=1), annotator("ann")
    mine = ann.take_one(batch)
    ann.submit(mine, 1)
    Batch.objects.update(state="closed")
    stored = ann.submit(mine, 2, revision=2)
    assert (stored["stored"], stored["counted"]) == (True, False)
    assert Annotation.objects.get().counted is True
    assert Revision.objects.get(current=True).number == 1


def test_a_removed_person_is_thanked_and_not_counted_and_the_slot_goes_back() -> None:
    batch, ann, bob = open_batch(tasks=1), annotator("ann"), annotator("bob")
    mine = ann.take_one(batch)
    Enrolment.objects.update(removed_at="2026-01-01T00:00:00Z")
    stored = ann.submit(mine, 1)
    assert (stored["stored"], stored["counted"], stored["state"]) == (True, False, "removed")
    assert bob.submit(bob.take_one(batch), 1)["counted"] is True


def test_a_lowered_overlap_is_not_exceeded_by_what_was_leased_before() -> None:
    batch, ann, bob, cleo = open_batch(tasks=1, overlap=3), annotator("ann"), annotator("bob"), annotator("cleo")
    mine, theirs, silent = (actor.take_one(batch) for actor in (ann, bob, cleo))
    steer_batch(batch_id=batch.pk, changes={}, overlap=1)
    overdue(silent)
    expire_leases()
    assert ann.submit(mine, 1)["counted"] is True
    assert (task_of(mine).state, task_of(mine).counted, task_of(mine).open_slots) == ("done", 1, 0)
    surplus = bob.submit(theirs, 1)
    assert (surplus["stored"], surplus["counted"]) == (True, False)
    steer_batch(batch_id=batch.pk, changes={}, overlap=2)
    assert count_surplus() == 1, "raised again, the surplus is wanted"
    assert (task_of(mine).state, task_of(mine).counted) == ("done", 2)


def test_one_may_change_ones_mind_about_a_skip() -> None:
    batch, ann = open_batch(tasks=1), annotator("ann")
    mine = ann.take_one(batch)
    ann.skip(mine)
    assert ann.submit(mine, 1)["counted"] is True


def test_history_shows_what_one_has_judged_newest_first_with_the_answers() -> None:
    batch, ann, bob = open_batch(tasks=25, overlap=2), annotator("ann"), annotator("bob")
    bob.submit(bob.take_one(batch), 2)
    order = []
    for number in range(22):
        order.append(ann.take_one(batch)["id"])
        ann.submit({"id": order[-1], "slots": [0] * 4}, 1 + number % 4)
    path = f"annotate/batches/{batch.public_id}/history/"
    with CaptureQueriesContext(connection) as queries:
        page = ann.get(path)
    assert len(data_queries(queries)) == 6
    rest = ann.get(path, cursor=page["next"])
    assert [each["id"] for each in page["results"] + rest["results"]] == order[::-1]
    assert rest["next"] is None
    answered = page["results"][0]["answer"]
    assert answered.pop("submitted_at")
    assert answered == {"revision": 1, "shareable": [2], "none": False, "comment": "", "reasons": []}


@pytest.mark.parametrize("tasks", [8, 150])
def test_a_submission_with_the_next_lease_costs_the_same_whatever_the_size_of_the_batch(tasks: int) -> None:
    batch, ann = open_batch(tasks=tasks, overlap=2), annotator("ann")
    first, *rest = ann.lease(batch, count=4)["assignments"]
    holding: Any = [each["id"] for each in rest]
    with CaptureQueriesContext(connection) as queries:
        following = ann.submit(first, 1, want=4, holding=holding)
    assert len(following["assignments"]) == 1
    statements = data_queries(queries)
    assert len(statements) == 19, "\n".join(statements)


def test_whoever_has_enough_in_hand_is_told_how_they_stand_and_leases_nothing() -> None:
    batch, ann = open_batch(tasks=8, overlap=2), annotator("ann")
    first, *rest = ann.lease(batch, count=5)["assignments"]
    with CaptureQueriesContext(connection) as queries:
        following = ann.submit(first, 1, want=0, holding=[each["id"] for each in rest])
    assert (following["assignments"], following["state"]) == ([], "ready")
    assert following["progress"] == {"judged": 1, "total": 8, "limit": None}
    assert Assignment.objects.filter(state=AssignmentState.LEASED).count() == len(rest)
    statements = data_queries(queries)
    assert len(statements) == 11, "\n".join(statements)
