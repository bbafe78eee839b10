"""Leases: who gets which task next, in which order, and what it costs."""

from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from annotator.annotation.expiry import expire_leases
from annotator.annotation.models import Enrolment
from annotator.annotation.queries import batches_to_annotate
from annotator.generation.lines import open_tasks
from annotator.generation.models import Batch, Task
from tests.annotator import actors
from tests.annotator.actors import Json, annotator, open_batch, overdue, row

pytestmark = pytest.mark.django_db


def captions(handout: Json) -> list[str]:
    return [assignment["caption"] for assignment in handout["assignments"]]


def sticker(number: int) -> str:
    return f"a sticker, number {number}, jumping"


def data_queries(queries: CaptureQueriesContext) -> list[str]:
    """The statements that ask or tell the database something, without those that open and close transactions."""
    frame = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE")
    return [each["sql"] for each in queries.captured_queries if not each["sql"].startswith(frame)]


def test_tasks_come_in_the_order_of_the_line_and_stay_in_hand_until_judged() -> None:
    batch, ann = open_batch(tasks=6), annotator("ann")
    first = ann.lease(batch, count=4)
    assert first["state"] == "ready"
    assert captions(first) == [sticker(number) for number in range(4)]
    again = ann.lease(batch, count=4)
    assert [each["id"] for each in again["assignments"]] == [each["id"] for each in first["assignments"]]
    judged, *rest = first["assignments"]
    following = ann.submit(judged, 1, want=4, holding=[each["id"] for each in rest])
    assert captions(following) == [sticker(4)]


def test_nobody_holds_more_than_the_screen_and_four_ahead() -> None:
    batch, ann = open_batch(tasks=9), annotator("ann")
    assert len(ann.lease(batch, count=50)["assignments"]) == 5
    assert len(ann.lease(batch, count=50)["assignments"]) == 5


def test_two_people_share_the_line_up_to_the_overlap() -> None:
    batch, ann, bob, cleo = open_batch(tasks=1, overlap=2), annotator("ann"), annotator("bob"), annotator("cleo")
    assert captions(ann.lease(batch)) == captions(bob.lease(batch)) == [sticker(0)]
    nothing = cleo.lease(batch)
    assert (nothing["assignments"], nothing["state"]) == ([], "empty")


def test_a_returned_task_goes_to_the_tail_and_comes_back_to_the_same_person_last() -> None:
    batch, ann = open_batch(tasks=3), annotator("ann")
    first = ann.take_one(batch)
    ann.post(f"annotate/batches/{batch.public_id}/return/")
    seen = []
    for _ in range(3):
        seen.append(ann.take_one(batch))
        ann.submit(seen[-1], 1)
    assert [each["caption"] for each in seen] == [sticker(1), sticker(2), sticker(0)]
    assert seen[-1]["id"] == first["id"], "the earlier assignment is revived, not doubled"
    assert ann.lease(batch)["state"] == "empty"


def test_what_one_holds_has_judged_or_skipped_is_passed_over_when_it_comes_back_at_the_tail() -> None:
    batch, ann, bob = open_batch(tasks=2, overlap=2), annotator("ann"), annotator("bob")
    judged, held = ann.lease(batch)["assignments"]
    ann.submit(judged, 2)
    for assignment in bob.lease(batch)["assignments"]:
        overdue(assignment)
    assert expire_leases() == 2
    assert [each["id"] for each in ann.lease(batch)["assignments"]] == [held["id"]]
    enrolment = Enrolment.objects.get(user=ann.user)
    assert enrolment.cursor == batch_tail(batch), "the walk went past both"
    assert len(bob.lease(batch)["assignments"]) == 2


def batch_tail(batch: Batch) -> int:
    return Batch.objects.get(pk=batch.pk).next_position - 1


def test_a_person_may_judge_a_share_of_the_batch_and_is_told_so() -> None:
    batch, ann = open_batch(tasks=10, person_share=0.3), annotator("ann")
    assert ann.judge_all(batch) == 3
    told = ann.lease(batch)
    assert told["state"] == "limit"
    assert told["progress"] == {"judged": 3, "total": 10, "limit": 3}


def test_the_share_is_rounded_up_so_that_small_batches_can_be_begun() -> None:
    batch, ann = open_batch(tasks=2, person_share=0.3), annotator("ann")
    assert len(ann.lease(batch)["assignments"]) == 1


def test_a_limit_of_ones_own_goes_before_the_share() -> None:
    batch, ann = open_batch(tasks=4), annotator("ann")
    Enrolment.objects.create(batch=batch, user=ann.user, limit=2)
    assert ann.judge_all(batch) == 2


def test_a_paused_batch_gives_no_new_tasks_but_leaves_those_in_hand() -> None:
    batch, ann, bob = open_batch(tasks=5), annotator("ann"), annotator("bob")
    held = ann.lease(batch, count=2)["assignments"]
    Batch.objects.filter(pk=batch.pk).update(annotation_paused=True)
    assert bob.lease(batch)["state"] == "paused"
    still = ann.lease(batch, count=4)
    assert [each["id"] for each in still["assignments"]] == [each["id"] for each in held]
    assert ann.submit(held[0], 1)["counted"] is True


@pytest.mark.parametrize("state", ["closed", "cancelled"])
def test_an_ended_batch_gives_nothing(state: str) -> None:
    batch, ann = open_batch(), annotator("ann")
    ann.lease(batch)
    Batch.objects.filter(pk=batch.pk).update(state=state)
    ended = ann.lease(batch)
    assert (ended["assignments"], ended["state"]) == ([], "closed")


def test_a_removed_person_gets_nothing_and_does_not_see_the_batch_listed() -> None:
    batch, ann = open_batch(), annotator("ann")
    ann.lease(batch)
    Enrolment.objects.update(removed_at="2026-01-01T00:00:00Z")
    told = ann.lease(batch)
    assert (told["assignments"], told["state"]) == ([], "removed")
    assert ann.get("annotate/batches/")["results"] == []


def test_the_list_of_batches_says_what_is_left_for_oneself() -> None:
    small, ann = open_batch(tasks=4, person_share=0.5, instructions="Only loops.", priority=5), annotator("ann")
    large = open_batch(tasks=3)
    ann.submit(ann.take_one(small), 1)
    first, second = ann.get("annotate/batches/")["results"]
    assert first == {
        "id": str(small.public_id), "name": small.name, "instructions": "Only loops.", "paused": False,
        "judged": 1, "remaining_for_me": 1, "tasks_open": 3,
    }  # fmt: skip
    assert (second["id"], second["remaining_for_me"], second["tasks_open"]) == (str(large.public_id), None, 3)


def test_the_list_of_batches_counts_no_further_than_it_needs_to(
    monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Any
) -> None:
    monkeypatch.setattr("annotator.annotation.queries.MOST_COUNTED", 2)
    few, many, ann = open_batch(tasks=1), open_batch(tasks=5), annotator("ann")
    with django_assert_num_queries(2):
        listed = batches_to_annotate(user=ann.user)
    assert {each["id"]: each["tasks_open"] for each in listed} == {few.public_id: 1, many.public_id: 2}


def test_an_unknown_batch_is_not_found() -> None:
    ann = annotator("ann")
    ann.post("annotate/batches/00000000-0000-4000-8000-000000000000/leases/", {"count": 1}, status=404)


@pytest.mark.parametrize("body", [{"count": -1}, {"count": "four"}, {"count": 4, "holding": ["not a uuid"]}])
def test_a_malformed_request_is_refused(body: Json) -> None:
    batch, ann = open_batch(), annotator("ann")
    refusal = ann.post(f"annotate/batches/{batch.public_id}/leases/", body, status=400)
    assert refusal["fields"]


@pytest.mark.parametrize("tasks", [6, 120])
def test_a_lease_costs_the_same_in_a_small_and_in_a_large_batch(tasks: int) -> None:
    batch, ann = open_batch(tasks=tasks), annotator("ann")
    ann.submit(ann.take_one(batch), 1)
    with CaptureQueriesContext(connection) as queries:
        ann.lease(batch, count=4)
    statements = data_queries(queries)
    assert sum("generation_candidate" in statement for statement in statements) == 1
    assert len(statements) == 10, "\n".join(statements)


def test_reading_what_is_in_hand_takes_one_query_for_the_assignments_and_one_for_their_candidates() -> None:
    batch, ann = open_batch(tasks=6), annotator("ann")
    ann.lease(batch, count=4)
    with CaptureQueriesContext(connection) as queries:
        assert len(ann.lease(batch, count=4)["assignments"]) == 4
    statements = data_queries(queries)
    assert len(statements) == 5, "\n".join(statements)  # the person, the batch, the enrolment, and the two


def test_a_walk_past_many_tasks_of_ones_own_goes_on_until_it_finds_one() -> None:
    batch, ann, bob = open_batch(tasks=41, overlap=2), annotator("ann"), annotator("bob")
    last = Task.objects.filter(batch=batch).order_by("-position")[0]
    Task.objects.filter(pk=last.pk).update(state="filling", open_slots=0, position=None)
    assert ann.judge_all(batch) == 40
    for _ in range(8):
        bob.lease(batch, count=5)
        assert bob.post(f"annotate/batches/{batch.public_id}/return/") == {"returned": 5}
    with transaction.atomic():
        open_tasks(batch.pk, [last.pk])
    assert [row(each).task_id for each in ann.lease(batch)["assignments"]] == [last.pk]


def test_batches_made_in_bulk_are_as_the_database_wants_them() -> None:
    batch = open_batch(tasks=7, candidates=5, overlap=2)
    tasks = Task.objects.filter(batch=batch)
    assert {(task.state, task.open_slots, task.candidates.count()) for task in tasks} == {("open", 2, 5)}
    assert actors.annotator().judge_all(batch) == 7
