"""What workers say becomes rows: once, in whatever order and however often it is said."""

import logging
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks

from annotator.generation import results
from annotator.generation.models import Candidate, Clip, ClipState, TaskState, Worker
from annotator.generation.results import MOST_ATTEMPTS
from inference_worker.messages import DROP_TASK, generate_queue
from tests.annotator.actors import checkpoint
from tests.annotator.studio import (
    GpuWorker,
    books_balance,
    clips_of,
    prompt_set,
    queued_batch,
    source,
    states,
    tasks_of,
)

pytestmark = pytest.mark.django_db
Sent = list[tuple[str, str, dict[str, Any]]]


@pytest.fixture
def gpu() -> GpuWorker:
    return GpuWorker()


def running(*clips: Clip, worker: str = "gpu-1", attempt: int = 1) -> None:
    Clip.objects.filter(pk__in=[clip.pk for clip in clips]).update(
        state=ClipState.RUNNING, worker=worker, attempt=attempt, lease_until=timezone.now()
    )
    for clip in clips:
        clip.refresh_from_db()


def test_the_last_clip_opens_the_task(gpu: GpuWorker) -> None:
    batch = queued_batch(prompts=1, clips=3, overlap=2)
    first, second, third = clips_of(batch)
    gpu.finish(second, first)
    (task,) = tasks_of(batch)
    assert (task.state, task.missing_clips, task.open_slots, task.position) == (TaskState.FILLING, 1, 0, None)

    gpu.finish(third)

    (task,) = tasks_of(batch)
    assert (task.state, task.missing_clips, task.open_slots, task.position) == (TaskState.OPEN, 0, 2, 1)
    assert task.opened_at is not None
    third.refresh_from_db()
    assert (third.state, third.lease_until, third.error) == (ClipState.READY, None, "")
    assert third.timings == {"sample": 1.5}


def test_the_first_result_is_the_clip() -> None:
    batch = queued_batch(prompts=1, clips=3)
    clip = clips_of(batch)[0]
    GpuWorker("gpu-1").finish(clip)
    clip.refresh_from_db()
    GpuWorker("gpu-2").finish(clip)
    again = Clip.objects.get(pk=clip.pk)
    assert (again.sheet, again.worker, again.ready_at) == (clip.sheet, "gpu-1", clip.ready_at)
    assert tasks_of(batch)[0].missing_clips == 2


def test_a_failed_clip_leaves_its_task_which_opens_with_the_others(gpu: GpuWorker) -> None:
    batch = queued_batch(prompts=1, clips=3)
    first, second, third = clips_of(batch)
    gpu.finish(first, second)
    running(third)
    gpu.fail(third, final=True, error="NaN in the latents")

    assert states(batch) == [TaskState.OPEN]
    assert Candidate.objects.get(clip=third).dropped
    third.refresh_from_db()
    assert (third.state, third.error) == (ClipState.FAILED, "NaN in the latents")
    books_balance()


def test_a_task_with_fewer_than_two_clips_left_is_void(gpu: GpuWorker) -> None:
    batch = queued_batch(prompts=1, clips=2)
    first, second = clips_of(batch)
    gpu.finish(first)
    gpu.fail(second, final=True)
    assert states(batch) == [TaskState.VOID]


def test_a_failure_that_may_pass_is_tried_three_times(gpu: GpuWorker) -> None:
    clip = clips_of(queued_batch(prompts=1, clips=2))[0]
    for attempt in (1, 2):
        running(clip, attempt=attempt)
        gpu.fail(clip)
        clip.refresh_from_db()
        assert (clip.state, clip.attempt, clip.lease_until) == (ClipState.QUEUED, attempt, None)
    running(clip, attempt=3)
    gpu.fail(clip)
    clip.refresh_from_db()
    assert clip.state == ClipState.FAILED


def test_tries_that_were_lost_with_a_worker_are_no_failures_of_the_clip(gpu: GpuWorker) -> None:
    clip = clips_of(queued_batch(prompts=1, clips=2))[0]
    running(clip, attempt=MOST_ATTEMPTS - 1)
    gpu.fail(clip)
    clip.refresh_from_db()
    assert (clip.state, clip.failures) == (ClipState.QUEUED, 1)
    running(clip, attempt=MOST_ATTEMPTS)
    gpu.fail(clip)
    clip.refresh_from_db()
    assert clip.state == ClipState.FAILED, "there is an end to all tries"


def test_a_stale_failure_is_ignored(gpu: GpuWorker) -> None:
    clip = clips_of(queued_batch(prompts=1, clips=2))[0]
    running(clip, worker="gpu-2", attempt=2)
    gpu.fail(clip, attempt=1, final=True)
    clip.refresh_from_db()
    assert clip.state == ClipState.RUNNING
    gpu.finish(clip)
    gpu.fail(clip, final=True)
    clip.refresh_from_db()
    assert clip.state == ClipState.READY


def test_a_clip_that_comes_after_it_was_given_up_is_taken_in(gpu: GpuWorker) -> None:
    batch = queued_batch(prompts=1, clips=2)
    first, second = clips_of(batch)
    gpu.finish(first)
    gpu.fail(second, final=True)
    assert states(batch) == [TaskState.VOID]

    gpu.finish(second)

    assert states(batch) == [TaskState.OPEN]
    books_balance()


def test_returned_clips_wait_again_without_losing_an_attempt(gpu: GpuWorker) -> None:
    mine, others, done = clips_of(queued_batch(prompts=1, clips=3))
    running(mine, done)
    running(others, worker="gpu-2")
    gpu.finish(done)
    gpu.give_back(mine, others, done)
    assert [Clip.objects.get(pk=clip.pk).state for clip in (mine, others, done)] == [
        ClipState.QUEUED,
        ClipState.RUNNING,
        ClipState.READY,
    ]
    mine.refresh_from_db()
    assert (mine.attempt, mine.worker) == (0, "")


def test_a_heartbeat_describes_the_worker_and_moves_its_leases(gpu: GpuWorker) -> None:
    held, others = clips_of(queued_batch(prompts=1, clips=2))
    running(held)
    running(others, worker="gpu-2")
    before = timezone.now()
    gpu.beat(held)
    gpu.beat(held, stopping=True)
    held.refresh_from_db()
    others.refresh_from_db()
    assert held.lease_until is not None
    assert (held.lease_until - before).total_seconds() >= 30
    assert others.lease_until is not None
    assert others.lease_until <= before
    worker = Worker.objects.get()
    assert (worker.name, worker.held, worker.micro_batch, worker.stopping) == ("gpu-1", 1, 4, True)


def test_a_worker_that_was_only_slow_to_speak_keeps_its_clip(gpu: GpuWorker) -> None:
    clip = clips_of(queued_batch(prompts=1, clips=2))[0]
    running(clip)
    Clip.objects.filter(pk=clip.pk).update(state=ClipState.QUEUED, lease_until=None)
    gpu.start(clip)
    clip.refresh_from_db()
    assert (clip.state, clip.attempt) == (ClipState.RUNNING, 1)


def test_a_worker_is_told_to_drop_what_is_not_its_own(
    gpu: GpuWorker, sent: Sent, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    mine, others, gone = clips_of(queued_batch(prompts=1, clips=3))
    running(mine)
    running(others, worker="gpu-2")
    Candidate.objects.filter(clip=gone).delete()
    gone_key = gone.key
    gone.delete()
    gone.key = gone_key
    with django_capture_on_commit_callbacks(execute=True):
        gpu.beat(mine, others, gone)
    ((task, queue, body),) = sent
    assert (task, queue) == (DROP_TASK, generate_queue("gpu-1"))
    assert body["keys"] == sorted([others.key, gone_key])


def test_messages_that_cannot_be_understood_are_logged_and_dropped(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        results.record(kind="ClipSung", data={})
        results.record(kind="ClipReady", data={"worker": "gpu-1"})
    assert "ClipSung" in caplog.text
    assert "cannot be read" in caplog.text


def test_unknown_fields_are_ignored(gpu: GpuWorker) -> None:
    clip = clips_of(queued_batch(prompts=1, clips=2))[0]
    results.record(kind="ClipReady", data={**gpu.ready(clip).to_json(), "mood": "good"})
    clip.refresh_from_db()
    assert clip.state == ClipState.READY


def test_a_shared_clip_opens_tasks_of_both_batches(gpu: GpuWorker) -> None:
    prompts, model = prompt_set(1), checkpoint()
    one = queued_batch(prompts=prompts, sources=[source(model, 2)], seed_base=5)
    two = queued_batch(prompts=prompts, sources=[source(model, 3)], seed_base=5)
    gpu.finish(*clips_of(one))
    assert states(one) == [TaskState.OPEN]
    assert tasks_of(two)[0].missing_clips == 1


def test_recording_a_result_costs_few_queries(
    gpu: GpuWorker, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    first, second = clips_of(queued_batch(prompts=1, clips=2))
    with django_assert_max_num_queries(8):
        gpu.finish(first)
    with django_assert_max_num_queries(12):
        gpu.finish(second)
