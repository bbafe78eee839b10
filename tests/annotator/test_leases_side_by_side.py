"""Two leases at the same tasks at the same moment. SQLite has one writer at a time, so there nobody meets anybody."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Timer

import pytest
from django.db import connection

from annotator.generation.models import Batch, Task
from tests.annotator.actors import annotator, open_batch, row

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor == "sqlite", reason="needs a database with several writers"),
]


@contextmanager
def somebody_at(task_ids: list[int], *, seconds: float | None = None) -> Iterator[None]:
    """Another connection holds these tasks: to the end of the block, or for so long."""
    other = connection.copy()
    other.inc_thread_sharing()
    other.set_autocommit(False)
    with other.cursor() as cursor:
        cursor.execute("SELECT 1 FROM generation_task WHERE id = ANY(%s) FOR NO KEY UPDATE", [task_ids])
    letting_go = Timer(seconds or 0, other.rollback)
    if seconds:
        letting_go.start()
    try:
        yield
    finally:
        if seconds:
            letting_go.join()
        other.rollback()
        other.close()


def in_line(batch: Batch) -> list[int]:
    return list(Task.objects.filter(batch=batch).order_by("position").values_list("id", flat=True))


def test_what_others_are_at_is_left_for_now_and_comes_with_the_next_lease() -> None:
    batch, ann = open_batch(tasks=5), annotator("ann")
    first, second, third, fourth, _ = in_line(batch)
    with somebody_at([first, third]):
        now = ann.lease(batch, count=2)["assignments"]
    assert [row(each).task_id for each in now] == [second, fourth]
    then = ann.lease(batch, count=4, holding=[each["id"] for each in now])["assignments"]
    assert [row(each).task_id for each in then] == [first, third]


def test_whoever_holds_nothing_waits_and_is_not_told_that_there_is_nothing() -> None:
    batch, ann = open_batch(tasks=1), annotator("ann")
    with somebody_at(in_line(batch), seconds=0.5):
        handout = ann.lease(batch, count=3)
    assert [row(each).task_id for each in handout["assignments"]] == in_line(batch)
    assert handout["state"] == "ready"


def test_whoever_has_something_in_hand_does_not_wait() -> None:
    batch, ann = open_batch(tasks=2), annotator("ann")
    held = ann.take_one(batch)
    with somebody_at(in_line(batch)):
        assert ann.lease(batch, count=3, holding=[held["id"]])["assignments"] == []
