"""Cancelling and closing: who gets the clips, who is told, what stays."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks

from annotator.generation import batches, releasing
from annotator.generation.closing import close_finished_batches
from annotator.generation.dispatch import fill_workers
from annotator.generation.models import Batch, BatchState, Candidate, Clip, ClipState, Task, TaskState
from inference_worker.messages import DROP_TASK
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


def test_clips_nobody_wants_go_and_their_workers_hear_of_it(
    sent: Sent, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    batch = queued_batch(prompts=3, clips=2)
    gpu = GpuWorker(micro_batch=1)
    gpu.beat()
    fill_workers()
    gpu.finish(clips_of(batch)[2])
    ready = clips_of(batch)[2]
    running = [clip.key for clip in clips_of(batch) if clip.state == ClipState.RUNNING]
    assert len(running) == 2
    sent.clear()

    with django_capture_on_commit_callbacks(execute=True):
        batches.cancel_batch(batch.pk)

    batch.refresh_from_db()
    assert batch.state == BatchState.CANCELLED
    assert batch.ended_at is not None
    assert clips_of(batch) == [ready]
    assert states(batch) == [TaskState.VOID] * 3
    assert [(task, queue, body["keys"]) for task, queue, body in sent] == [(DROP_TASK, "generate.gpu-1", running)]
    books_balance()


def test_clips_that_another_batch_waits_for_are_handed_on() -> None:
    prompts, model = prompt_set(2), checkpoint()
    one = queued_batch(prompts=prompts, sources=[source(model, 3)], seed_base=5)
    two = queued_batch(prompts=prompts, sources=[source(model, 2)], seed_base=5)
    batches.cancel_batch(one.pk)
    assert Clip.objects.count() == 4
    assert {clip.wanted_by for clip in clips_of(two)} == {two}
    assert {clip.state for clip in clips_of(two)} == {ClipState.QUEUED}
    GpuWorker().finish(*clips_of(two))
    assert states(two) == [TaskState.OPEN] * 2
    assert states(one) == [TaskState.VOID] * 2
    books_balance()


def test_a_batch_that_ends_leaves_the_clips_it_shared_alone() -> None:
    prompts, model = prompt_set(1), checkpoint()
    one = queued_batch(prompts=prompts, sources=[source(model, 2)], seed_base=5)
    two = queued_batch(prompts=prompts, sources=[source(model, 2)], seed_base=5)
    batches.cancel_batch(two.pk)
    GpuWorker().finish(*clips_of(one))
    assert (states(one), states(two)) == ([TaskState.OPEN], [TaskState.VOID])
    books_balance()


def test_what_people_can_judge_stays_as_it_is() -> None:
    batch = queued_batch(prompts=2, clips=2)
    GpuWorker().finish(*clips_of(batch)[:2])
    batches.close_batch(batch.pk)
    assert states(batch) == [TaskState.OPEN, TaskState.VOID]
    assert Clip.objects.count() == 2


def test_ending_twice_is_ending_once_and_other_ends_are_refused() -> None:
    batch = queued_batch()
    batches.cancel_batch(batch.pk)
    batch.refresh_from_db()
    ended_at = batch.ended_at
    batches.cancel_batch(batch.pk)
    batch.refresh_from_db()
    assert batch.ended_at == ended_at
    with pytest.raises(ValidationError, match="The batch is cancelled already"):
        batches.close_batch(batch.pk)


def test_what_an_interrupted_end_left_behind_is_let_go_by_the_dispatcher(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(releasing, "ROWS_A_CHUNK", 2)
    monkeypatch.setattr(releasing, "SECONDS_A_TURN", 60)
    prompts, model = prompt_set(3), checkpoint()
    one = queued_batch(prompts=prompts, sources=[source(model, 3)], seed_base=5)
    two = queued_batch(prompts=prompts, sources=[source(model, 2)], seed_base=5)
    Batch.objects.filter(pk=one.pk).update(state=BatchState.CANCELLED, ended_at=timezone.now())

    assert releasing.release_leftovers() == 1
    assert releasing.release_leftovers() == 0

    assert {clip.wanted_by for clip in Clip.objects.all()} == {two}
    assert Clip.objects.count() == 6
    books_balance()


def test_the_end_of_a_large_batch_does_not_keep_the_researcher_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(releasing, "ROWS_A_CHUNK", 2)
    monkeypatch.setattr(releasing, "SECONDS_A_TURN", 0)
    batch = queued_batch(prompts=6)
    batches.cancel_batch(batch.pk)
    batch.refresh_from_db()
    assert batch.state == BatchState.CANCELLED
    assert states(batch).count(TaskState.VOID) == 2
    while releasing.release_leftovers():
        pass
    assert states(batch) == [TaskState.VOID] * 6
    assert not Clip.objects.exists()


def test_a_late_result_of_a_clip_that_is_gone_is_ignored() -> None:
    batch = queued_batch(prompts=1)
    clips = clips_of(batch)
    batches.cancel_batch(batch.pk)
    GpuWorker().finish(*clips)
    assert not Clip.objects.exists()
    assert not Candidate.objects.exists()


def done(batch: Batch, *, ago: timedelta) -> None:
    GpuWorker().finish(*clips_of(batch))
    when = timezone.now() - ago
    Task.objects.filter(batch=batch).update(state=TaskState.DONE, open_slots=0, counted=1, done_at=when)
    Batch.objects.filter(pk=batch.pk).update(last_task_done_at=when)


def test_a_batch_closes_a_day_after_its_last_task() -> None:
    old, fresh, unfinished = queued_batch(), queued_batch(), queued_batch()
    done(old, ago=timedelta(hours=24, minutes=1))
    done(fresh, ago=timedelta(hours=23))
    done(unfinished, ago=timedelta(hours=25))
    Task.objects.filter(pk=tasks_of(unfinished)[0].pk).update(state=TaskState.HELD)
    assert close_finished_batches() == 1
    assert [Batch.objects.get(pk=batch.pk).state for batch in (old, fresh, unfinished)] == ["closed", "open", "open"]
