"""Whether there is work for a person in a batch: asked often, so it takes nothing, writes nothing and costs little."""

from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from annotator.annotation.models import Assignment, Enrolment
from annotator.generation.batches import close_batch
from annotator.generation.models import Batch
from tests.annotator.actors import Actor, annotator, open_batch
from tests.annotator.test_leases import data_queries

pytestmark = pytest.mark.django_db


def standing(actor: Actor, batch: Batch) -> str:
    state: str = actor.get(f"annotate/batches/{batch.public_id}/standing/")["state"]
    return state


def test_it_says_what_a_lease_would_find_and_takes_nothing() -> None:
    batch, ann, bob = open_batch(tasks=2), annotator("ann"), annotator("bob")
    assert standing(ann, batch) == "ready"
    assert (Assignment.objects.count(), Enrolment.objects.count()) == (0, 0)
    held = bob.lease(batch)["assignments"]
    assert (standing(ann, batch), ann.lease(batch)["state"]) == ("empty", "empty")
    assert standing(bob, batch) == "ready", "what one holds is work"
    bob.skip(held[0])
    assert standing(ann, batch) == "ready", "a slot has come back"
    assert ann.lease(batch)["state"] == "ready"


def test_one_is_not_called_for_what_one_has_skipped_or_judged() -> None:
    batch, ann = open_batch(tasks=2, overlap=2), annotator("ann")
    first, second = ann.lease(batch)["assignments"]
    ann.skip(first)
    ann.submit(second, 1)
    assert standing(ann, batch) == "empty"


def test_it_says_why_there_is_no_work() -> None:
    batch, ann = open_batch(tasks=4, person_share=0.25), annotator("ann")
    Batch.objects.update(annotation_paused=True)
    assert standing(ann, batch) == "paused"
    Batch.objects.update(annotation_paused=False)
    ann.submit(ann.take_one(batch), 1)
    assert standing(ann, batch) == "limit"
    Enrolment.objects.update(removed_at=timezone.now())
    assert standing(ann, batch) == "removed"
    close_batch(batch.pk)
    assert standing(ann, batch) == "closed"


def test_a_batch_that_is_not_there_has_no_standing() -> None:
    annotator("ann").get(f"annotate/batches/{uuid4()}/standing/", status=404)


@pytest.mark.parametrize("tasks", [3, 300])
def test_it_costs_five_reads_however_long_the_line_is(tasks: int) -> None:
    batch, ann = open_batch(tasks=tasks), annotator("ann")
    ann.submit(ann.take_one(batch), 1)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert standing(ann, batch) == "ready"
    asked = data_queries(queries)
    assert len(asked) == 5, asked  # who it is, the batch, the enrolment, the hand, a look down the line
    assert all(each.startswith("SELECT") for each in asked)
