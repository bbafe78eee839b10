"""Changing an open batch: overlap while people judge, retries of what failed."""

import pytest
from django.core.exceptions import ValidationError

from annotator.generation import batches, overlap
from annotator.generation.models import Batch, Clip, ClipState, Task, TaskState
from tests.annotator import actors
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


def raised(batch: Batch, to: int) -> list[Task]:
    batches.steer_batch(batch_id=batch.pk, changes={}, overlap=to)
    return tasks_of(batch)


def test_a_raised_overlap_opens_slots_and_tasks_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overlap, "TASKS_A_CHUNK", 2)
    batch = queued_batch(prompts=4, person_share=1.0)
    GpuWorker().finish(*clips_of(batch)[:6])
    anna, ben = actors.annotator(), actors.annotator()
    anna.submit(anna.take_one(batch), 1)
    ben.lease(batch, count=1)

    finished, leased, free, unborn = raised(batch, 3)

    assert (finished.state, finished.counted, finished.open_slots, finished.done_at) == (TaskState.OPEN, 1, 2, None)
    assert (leased.state, leased.open_slots) == (TaskState.OPEN, 2)
    assert (free.state, free.open_slots) == (TaskState.OPEN, 3)
    assert (unborn.state, unborn.open_slots, unborn.overlap) == (TaskState.FILLING, 0, 3)
    positions = [task.position for task in (finished, leased, free)]
    assert all(position is not None and position > 3 for position in positions), "at the tail, ahead of every cursor"
    clara = actors.annotator()
    assert clara.judge_all(batch) == 3


def test_a_lowered_overlap_ends_tasks_that_have_enough() -> None:
    batch = queued_batch(prompts=2, person_share=1.0, overlap=3)
    GpuWorker().finish(*clips_of(batch))
    anna = actors.annotator()
    anna.submit(anna.take_one(batch), 1)

    judged, untouched = raised(batch, 1)

    assert (judged.state, judged.counted, judged.open_slots, judged.overlap) == (TaskState.DONE, 1, 0, 1)
    assert (untouched.state, untouched.open_slots) == (TaskState.OPEN, 1)
    batch.refresh_from_db()
    assert batch.last_task_done_at is not None


def test_an_overlap_below_what_counts_already_is_refused() -> None:
    batch = queued_batch(prompts=1, person_share=1.0, overlap=3)
    GpuWorker().finish(*clips_of(batch))
    for _ in range(2):
        actors.annotator().judge_all(batch)
    with pytest.raises(ValidationError) as refused:
        raised(batch, 1)
    assert "have 2 counted annotations already" in refused.value.message_dict["overlap"][0]
    batch.refresh_from_db()
    assert (batch.overlap, tasks_of(batch)[0].overlap) == (3, 3)
    assert raised(batch, 2)[0].state == TaskState.DONE


def test_what_somebody_else_changed_is_not_overwritten_unseen() -> None:
    batch = queued_batch()
    batches.steer_batch(batch_id=batch.pk, changes={"priority": 3}, was={"priority": 0})
    batches.steer_batch(batch_id=batch.pk, changes={"instructions": "Smile."}, was={"instructions": ""})
    with pytest.raises(batches.StaleError) as refused:
        batches.steer_batch(batch_id=batch.pk, changes={"priority": 9}, overlap=2, was={"priority": 0, "overlap": 1})
    assert refused.value.message_dict == {
        "priority": ["Somebody else has changed this meanwhile, to 3: look at it again, then save."]
    }
    batch.refresh_from_db()
    assert (batch.priority, batch.instructions, batch.overlap) == (3, "Smile.", 1)
    assert tasks_of(batch)[0].overlap == 1


def test_an_ended_batch_changes_no_more() -> None:
    batch = queued_batch()
    batches.cancel_batch(batch.pk)
    with pytest.raises(ValidationError, match="only an open one can be changed"):
        batches.steer_batch(batch_id=batch.pk, changes={"priority": 3})
    with pytest.raises(ValidationError, match="only in an open one"):
        batches.retry_batch(batch.pk)


def fail(*clips: Clip, error: str = "out of memory") -> None:
    for clip in clips:
        GpuWorker().fail(clip, final=True, error=error)


def test_retried_clips_come_back_into_void_and_filling_tasks() -> None:
    batch = queued_batch(prompts=2, clips=3)
    gone, also_gone, third, fourth, *rest = clips_of(batch)
    GpuWorker().finish(third)
    fail(gone, also_gone, fourth)
    assert states(batch) == [TaskState.VOID, TaskState.FILLING]

    assert batches.retry_batch(batch.pk) == 3

    assert [task.missing_clips for task in tasks_of(batch)] == [2, 3]
    assert states(batch) == [TaskState.FILLING] * 2
    gone.refresh_from_db()
    assert (gone.state, gone.attempt, gone.error) == (ClipState.QUEUED, 0, "")
    books_balance()
    GpuWorker().finish(gone, also_gone, fourth, *rest)
    assert states(batch) == [TaskState.OPEN] * 2
    assert batches.retry_batch(batch.pk) == 0


def test_an_open_task_waits_for_a_retried_clip_unless_somebody_was_given_it() -> None:
    batch = queued_batch(prompts=2, clips=3, person_share=1.0, overlap=2)
    shown, kept = clips_of(batch)[0], clips_of(batch)[3]
    fail(shown, kept)
    GpuWorker().finish(*(clip for clip in clips_of(batch) if clip.state == ClipState.QUEUED))
    anna = actors.annotator()
    given = anna.take_one(batch)
    assert len(given["slots"]) == 2

    assert batches.retry_batch(batch.pk) == 1

    first, second = tasks_of(batch)
    assert (first.state, second.state) == (TaskState.OPEN, TaskState.FILLING)
    shown.refresh_from_db()
    assert shown.state == ClipState.FAILED
    assert second.missing_clips == 1
    kept.refresh_from_db()
    GpuWorker().finish(kept)
    assert [len(each["slots"]) for each in actors.annotator().lease(batch)["assignments"]] == [2, 3]


def test_a_batch_joined_by_failed_clips_is_retried_with_them() -> None:
    prompts, model = prompt_set(1), checkpoint()
    one = queued_batch(prompts=prompts, sources=[source(model, 2)], seed_base=5)
    two = queued_batch(prompts=prompts, sources=[source(model, 2)], seed_base=5)
    fail(*clips_of(one))
    assert (states(one), states(two)) == ([TaskState.VOID], [TaskState.VOID])
    assert batches.retry_batch(two.pk) == 2
    assert (states(one), states(two)) == ([TaskState.FILLING], [TaskState.FILLING])
    books_balance()
