"""What is drawn of a batch: over time, by motion and by checkpoint; and failed clips tried again by what they say."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from annotator.accounts.models import User
from annotator.annotation.models import Annotation
from annotator.checkpoints.models import CheckpointRole
from annotator.generation.models import Batch, Candidate, Clip, ClipState
from annotator.quality.series import MOST_STRETCHES, counted_in_time
from tests.annotator import actors
from tests.annotator.actors import Actor, open_batch, person
from tests.annotator.judged import Judging, a_checkpoint
from tests.annotator.studio import GpuWorker, clips_of, queued_batch

pytestmark = pytest.mark.django_db


@pytest.fixture
def rosa() -> Actor:
    return actors.researcher("rosa")


def made_at(batch: Batch, *moments: datetime) -> None:
    for clip, moment in zip(clips_of(batch), moments, strict=False):
        Clip.objects.filter(pk=clip.pk).update(
            state=ClipState.READY, ready_at=moment, sheet="s", animation="a", master="m"
        )


NOON = datetime(2026, 3, 1, 12, 0, 30, tzinfo=UTC)


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def test_a_batch_that_is_done_is_counted_minute_by_minute(rosa: Actor) -> None:
    batch = queued_batch(prompts=2, clips=2)
    made_at(batch, after(0), after(29.9), after(30), after(200))
    assert rosa.get(f"batches/{batch.pk}/over_time/") == {
        "clips": {"starts_at": "2026-03-01T12:00:00Z", "seconds": 60, "counts": [2, 1, 0, 1]},
        "annotations": None,
    }


def test_a_minute_that_is_not_over_is_not_counted_while_more_come(rosa: Actor) -> None:
    batch = queued_batch(prompts=2, clips=2)
    this_minute = timezone.now().replace(second=0, microsecond=0)
    made_at(batch, this_minute)
    assert rosa.get(f"batches/{batch.pk}/over_time/")["clips"] is None
    made_at(batch, this_minute - timedelta(seconds=150), this_minute)
    counts = rosa.get(f"batches/{batch.pk}/over_time/")["clips"]["counts"]
    assert counts[:3] == [1, 0, 0]
    assert sum(counts[:3]) == 1


@pytest.mark.parametrize(
    ("span", "seconds"),
    [(timedelta(hours=1, minutes=58), 60), (timedelta(hours=5), 300), (timedelta(days=20), 6 * 3600)],
)
def test_however_long_it_took_there_are_a_screenful_of_stretches(span: timedelta, seconds: int) -> None:
    batch = queued_batch(prompts=10, clips=2)
    made_at(batch, *(NOON + span * place / 19 for place in range(20)))
    series = counted_in_time(Clip.objects.filter(wanted_by=batch), "ready_at", going=False)
    assert series is not None
    assert (series.seconds, sum(series.counts)) == (seconds, 20)
    assert series.counts[0]
    assert series.counts[-1]
    assert len(series.counts) <= MOST_STRETCHES


def test_annotations_over_time_are_those_that_count(rosa: Actor) -> None:
    batch = open_batch(tasks=3, candidates=2, overlap=1)
    actors.annotator().judge_all(batch)
    first, second, third = Annotation.objects.order_by("pk")
    for annotation, moment in ((first, after(0)), (second, after(45)), (third, after(50))):
        Annotation.objects.filter(pk=annotation.pk).update(created_at=moment)
    Annotation.objects.filter(pk=third.pk).update(counted=False)
    found = rosa.get(f"batches/{batch.pk}/over_time/")["annotations"]
    assert (found["starts_at"], found["counts"]) == ("2026-03-01T12:00:00Z", [1, 1])


def judging(*, tasks: int, by: int = 1, name: str = "") -> tuple[Judging, list[User]]:
    owner = actors.researcher().user
    found = Judging(owner, [a_checkpoint(f"teacher{name}"), a_checkpoint(f"student{name}", CheckpointRole.STUDENT)])
    people = [person() for _ in range(by)]
    teacher, student = found.checkpoints
    for place in range(tasks):
        task = found.task()
        for size, model in ((1.0 + place, teacher), (8.0, student)):
            clip = Clip.objects.get(candidates__task=task, checkpoint=model)
            recognised = None if place == 0 else model == student
            clip.metrics = {
                "motion_size": size, "bucket": 3 if model == teacher else 11, "identity_db": None if place else 30.0,
                "recognised": recognised, "frozen": place == 1 and model == teacher,
            }  # fmt: skip
            clip.save()
        for each in people:
            found.judge(task, each, shareable={student} if place else {teacher, student})
    return found, people


def test_motion_is_set_against_the_share_rate(rosa: Actor) -> None:
    found, _ = judging(tasks=4, by=2)
    unmeasured = found.task()
    found.judge(unmeasured, person(), shareable=set())
    answer = rosa.get(f"batches/{found.batch.pk}/motion/")
    calm, wild = answer["buckets"]
    assert "Wilson" in answer["interval"]
    assert (calm["bucket"], calm["motion_size"], calm["prompts"], calm["shown"], calm["shareable"]) == (3, 2.5, 4, 8, 2)
    assert (calm["rate"], wild["rate"], calm["enough"]) == (0.25, 1.0, False)
    assert 0 < calm["low"] < 0.25 < calm["high"] < 1
    judged = judging(tasks=5, name=" 2")[0].batch
    assert [bucket["enough"] for bucket in rosa.get(f"batches/{judged.pk}/motion/")["buckets"]] == [True, True]


def test_one_prompt_says_nothing_of_others(rosa: Actor) -> None:
    found, _ = judging(tasks=1)
    (calm, _) = rosa.get(f"batches/{found.batch.pk}/motion/")["buckets"]
    assert (calm["rate"], calm["low"], calm["high"]) == (1.0, 0.0, 1.0)


def test_checkpoints_stand_side_by_side(rosa: Actor) -> None:
    found, _ = judging(tasks=3)
    other = judging(tasks=1, name=" 2")[0]
    Clip.objects.filter(candidates__task__batch=found.batch, checkpoint__name="student").update(state=ClipState.FAILED)
    student, teacher = rosa.get(f"batches/{found.batch.pk}/checkpoints/")["checkpoints"]
    assert (student["name"], student["role"], student["clips"], student["failed"]) == ("student", "student", 3, 3)
    assert teacher == {
        "checkpoint": found.checkpoints[0].pk, "name": "teacher", "role": "teacher", "clips": 3, "ready": 3,
        "failed": 0, "asked": 2, "recognised": 0, "frozen": 1, "motion_size": 2.0,
        "identity_db": 30.0, "seam_ratio": None, "shown": 3, "shareable": 1,
    }  # fmt: skip
    assert other.batch != found.batch


def test_what_is_drawn_costs_the_same_queries_however_much_there_is(
    rosa: Actor, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for tasks in (1, 5):
        path = f"batches/{judging(tasks=tasks, name=f' {tasks}')[0].batch.pk}"
        with django_assert_num_queries(4):
            rosa.get(f"{path}/checkpoints/")
        with django_assert_num_queries(3):
            rosa.get(f"{path}/motion/")
        with django_assert_num_queries(7):
            rosa.get(f"{path}/over_time/")


@pytest.mark.parametrize("path", ["checkpoints", "motion", "over_time"])
def test_a_page_that_asks_again_gets_304_until_something_changes(rosa: Actor, path: str) -> None:
    found, people = judging(tasks=2)
    Clip.objects.filter(candidates__task__batch=found.batch).update(ready_at=NOON, wanted_by=found.batch)
    address = f"/api/v1/batches/{found.batch.pk}/{path}/"
    tag = rosa.client.get(address)["ETag"]
    assert rosa.client.get(address, headers={"If-None-Match": tag}).status_code == 304
    task = found.task()
    Clip.objects.filter(candidates__task=task).update(metrics={"motion_size": 3.0, "bucket": 5})
    found.judge(task, people[0], shareable=set())
    assert rosa.client.get(address, headers={"If-None-Match": tag}).status_code == 200


def failed(batch: Batch, **said: Any) -> int:
    return Candidate.objects.filter(task__batch=batch, clip__state=ClipState.FAILED, **said).count()


def test_the_clips_of_one_error_are_tried_again_and_the_others_stay(rosa: Actor) -> None:
    batch = queued_batch(prompts=2, clips=2)
    first, second, third, _ = clips_of(batch)
    for clip, error in ((first, "out of memory"), (second, "NaN in the latents"), (third, " out of memory")):
        GpuWorker().fail(clip, final=True, error=error)
    path = f"batches/{batch.pk}/retry_failed/"
    assert rosa.post(path, {"error": "out of memory"}) == {"retried": 1}
    assert sorted(Clip.objects.filter(state=ClipState.FAILED).values_list("error", flat=True)) == [
        " out of memory",
        "NaN in the latents",
    ]
    assert rosa.post(path, {"error": "unheard of"}) == {"retried": 0}
    assert failed(batch) == 2
    assert rosa.post(path) == {"retried": 2}
