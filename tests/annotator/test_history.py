"""What a person has judged in a batch, page by page, and at which pace: their own and nobody else's."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from annotator.annotation.models import Annotation, Revision
from tests.annotator.actors import Json, annotator, open_batch
from tests.annotator.test_leases import data_queries

pytestmark = pytest.mark.django_db
AN_HOUR = timedelta(hours=1)


def test_the_newest_comes_first_with_the_answer_and_its_time_and_every_page_follows_the_one_before() -> None:
    batch, ann, bob = open_batch(tasks=45, overlap=2), annotator("ann"), annotator("bob")
    bob.submit(bob.take_one(batch))
    ann.judge_all(batch)
    last: Json = {}
    for assignment in ann.get(f"annotate/batches/{batch.public_id}/history/")["results"][:1]:
        last = ann.submit(assignment, 2, 3, revision=2) and assignment
    seen: list[Json] = []
    cursor: str | None = None
    while True:
        page = ann.get(f"annotate/batches/{batch.public_id}/history/", **({"cursor": cursor} if cursor else {}))
        seen += page["results"]
        if (cursor := page["next"]) is None:
            break
    assert len(seen) == len({each["id"] for each in seen}) == 45
    assert seen[0]["id"] == last["id"]
    assert (seen[0]["answer"]["shareable"], seen[0]["answer"]["revision"]) == ([2, 3], 2)
    order = [Annotation.objects.get(assignment=each["id"]).created_at for each in seen]
    assert order == sorted(order, reverse=True)
    assert all(each["answer"]["submitted_at"] for each in seen)


@pytest.mark.parametrize("judged", [2, 20])
def test_a_page_of_history_costs_six_reads(judged: int) -> None:
    batch, ann = open_batch(tasks=judged), annotator("ann")
    ann.judge_all(batch)
    with CaptureQueriesContext(connection) as queries:
        assert len(ann.get(f"annotate/batches/{batch.public_id}/history/")["results"]) == judged
    assert len(data_queries(queries)) == 6  # who it is, the batch, the page, its looks, the answers, their verdicts


def test_pace_counts_tasks_and_attention_of_today_in_all_batches_and_of_this_batch_from_the_beginning() -> None:
    spring, autumn, ann, bob = open_batch(tasks=3), open_batch(tasks=3), annotator("ann"), annotator("bob")
    first = ann.take_one(spring)
    ann.submit(first, 1, elapsed_ms=4000)
    Annotation.objects.update(created_at=timezone.now() - 30 * AN_HOUR)
    Revision.objects.update(created_at=timezone.now() - 30 * AN_HOUR)
    ann.submit(first, 2, revision=2, elapsed_ms=500)
    ann.submit(ann.take_one(spring), 1, elapsed_ms=6000)
    ann.submit(ann.take_one(autumn), 1, elapsed_ms=7000)
    bob.submit(bob.take_one(spring), 1, elapsed_ms=99_000)
    since = (timezone.now() - AN_HOUR).isoformat()
    with CaptureQueriesContext(connection) as queries:
        pace = ann.get(f"annotate/batches/{spring.public_id}/pace/", since=since)
    assert pace == {"today": {"judged": 2, "elapsed_ms": 13_500}, "batch": {"judged": 2, "elapsed_ms": 10_500}}
    assert len(data_queries(queries)) == 6


def test_pace_needs_to_know_when_the_day_began() -> None:
    batch, ann = open_batch(tasks=1), annotator("ann")
    assert "since" in ann.get(f"annotate/batches/{batch.public_id}/pace/", status=400)["fields"]
    nothing = ann.get(f"annotate/batches/{batch.public_id}/pace/", since=timezone.now().isoformat())
    assert nothing["today"] == nothing["batch"] == {"judged": 0, "elapsed_ms": 0}
