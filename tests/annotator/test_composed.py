"""Statements composed once do what their querysets would do, with every value that comes later."""

from datetime import UTC, datetime
from unittest.mock import patch
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction
from django.db.models import F
from django.db.models.sql.compiler import SQLCompiler

from annotator.annotation.models import Annotation, Assignment, AssignmentState, Enrolment
from annotator.composed import Composed, ComposedUpdate, insert
from annotator.generation.models import Task
from tests.annotator.actors import annotator, open_batch, row

pytestmark = pytest.mark.django_db


def test_rows_are_the_querysets_own_with_what_belongs_to_them() -> None:
    batch, ann = open_batch(tasks=3), annotator("ann")
    hand = ann.lease(batch, count=3)["assignments"]
    of_person = Composed(
        lambda given: Assignment.objects.select_related("task__batch").filter(
            uuid=given("uuid", Assignment._meta.pk), user_id=given("user")
        )
    )
    for shown in hand:
        expected = row(shown)
        found = of_person.first(uuid=expected.uuid, user=ann.user.pk)
        assert found == expected
        assert (found.slots, found.lease_until) == (expected.slots, expected.lease_until)
        assert (found.task, found.task.batch) == (expected.task, batch)
        assert found.task.batch.person_share == batch.person_share
    assert of_person.first(uuid=expected.uuid, user=ann.user.pk + 1) is None


def test_values_are_read_as_the_queryset_reads_them() -> None:
    batch, ann = open_batch(tasks=3), annotator("ann")
    ann.lease(batch, count=3)
    plain = Assignment.objects.order_by("task").values_list("uuid", "slots", "lease_until", "state")
    composed = Composed(
        lambda given: (
            Assignment.objects.filter(user_id=given("user"))
            .order_by("task")
            .values_list("uuid", "slots", "lease_until", "state")
        )
    )
    assert composed.all(user=ann.user.pk) == list(plain)
    assert composed.all(user=0) == []


def test_the_second_run_composes_nothing() -> None:
    batch = open_batch(tasks=2)
    tasks = Composed(lambda given: Task.objects.filter(batch_id=given("batch")).order_by("pk"))
    first = tasks.all(batch=batch.pk)
    with patch.object(SQLCompiler, "as_sql", side_effect=AssertionError("composed again")):
        assert tasks.all(batch=batch.pk) == first
        assert tasks.all(batch=batch.pk + 1) == []


def test_an_update_changes_the_rows_it_names_and_counts_them() -> None:
    open_batch(tasks=2)
    one, other = Task.objects.order_by("pk")
    done_at = datetime(2026, 11, 25, 12, tzinfo=UTC)
    change = ComposedUpdate(
        lambda given: (
            Task.objects.filter(pk=given("task"), open_slots__gt=0),
            {"open_slots": F("open_slots") - 1, "done_at": given("done_at", Task._meta.get_field("done_at"))},
        )
    )
    assert change.run(task=one.pk, done_at=done_at) == 1
    assert change.run(task=one.pk, done_at=done_at) == 0
    for task in (one, other):
        task.refresh_from_db()
    assert (one.open_slots, one.done_at) == (0, done_at)
    assert (other.open_slots, other.done_at) == (1, None)


def test_inserted_rows_know_their_keys_and_read_back_the_same() -> None:
    batch, ann = open_batch(tasks=2), annotator("ann")
    now = datetime(2026, 11, 25, 12, 30, tzinfo=UTC)
    made = [
        Assignment(
            task=task, user=ann.user, slots=[3, 1, 2], state=AssignmentState.LEASED, lease_until=now, leased_at=now
        )
        for task in batch.tasks.all()
    ]
    insert(made)
    for each in made:
        found = Assignment.objects.get(pk=each.pk)
        assert (found.slots, found.lease_until, found.task_id) == ([3, 1, 2], now, each.task_id)
    annotations = [Annotation(assignment=each, counted=False) for each in made]
    insert(annotations)
    assert {each.pk for each in annotations} == set(Annotation.objects.values_list("pk", flat=True))
    assert all(each.created_at is not None for each in annotations)


def test_the_databases_constraints_hold_for_inserted_rows() -> None:
    batch, ann = open_batch(tasks=1), annotator("ann")
    ann.lease(batch, count=1)
    again = Assignment(
        uuid=uuid4(), task=batch.tasks.get(), user=ann.user, slots=[1], lease_until="2026-11-25T12:00Z",
        leased_at="2026-11-25T12:00Z",
    )  # fmt: skip
    with pytest.raises(IntegrityError), transaction.atomic():
        insert([again])
    assert Enrolment.objects.count() == 1
