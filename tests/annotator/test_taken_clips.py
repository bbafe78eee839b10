"""Clips that exist as a source: judged again or beside another checkpoint's, without being made again."""

import pytest
from django.core.exceptions import ValidationError

from annotator.generation import filling
from annotator.generation.batches import cancel_batch, create_batch
from annotator.generation.estimates import estimate_batch
from annotator.generation.filling import fill_batches
from annotator.generation.models import Batch, Candidate, Clip, Source, Task, TaskState
from annotator.generation.planning import SourceRequest
from tests.annotator import actors
from tests.annotator.actors import checkpoint
from tests.annotator.studio import (
    GpuWorker,
    books_balance,
    clips_of,
    owner,
    prompt_set,
    queued_batch,
    source,
    states,
    tasks_of,
)

pytestmark = pytest.mark.django_db


def of(batch: Batch, clips: int = 2, place: int = 0) -> SourceRequest:
    return SourceRequest(clips_of=batch.sources.order_by("id")[place].pk, clips_per_prompt=clips)


def made(prompts: int = 3, clips: int = 2) -> Batch:
    """A batch whose clips are all there."""
    batch = queued_batch(prompts=prompts, clips=clips)
    GpuWorker().finish(*clips_of(batch))
    return batch


def candidates(task: Task) -> set[int]:
    return set(Candidate.objects.filter(task=task).values_list("clip_id", flat=True))


def test_the_same_clips_are_judged_again_at_once() -> None:
    first = made()
    again = queued_batch(prompts=first.prompt_set, sources=[of(first)], person_share=1.0)
    assert Clip.objects.count() == 6
    assert states(again) == [TaskState.OPEN] * 3
    assert [candidates(task) for task in tasks_of(again)] == [candidates(task) for task in tasks_of(first)]
    assert [task.missing_clips for task in tasks_of(again)] == [0, 0, 0]
    assert actors.annotator().judge_all(again) == 3
    books_balance()


def test_another_checkpoint_stands_beside_them_and_only_it_is_made() -> None:
    first, student = made(), checkpoint()
    both = queued_batch(prompts=first.prompt_set, sources=[of(first), source(student, 2)])
    assert states(both) == [TaskState.FILLING] * 3
    assert [task.missing_clips for task in tasks_of(both)] == [2, 2, 2]
    assert {clip.checkpoint for clip in Clip.objects.filter(wanted_by=both)} == {student}
    taken = both.sources.get(clips_of__isnull=False)
    assert (taken.clips_of, taken.checkpoint, taken.settings) == (
        first.sources.get(),
        first.sources.get().checkpoint,
        first.sources.get().settings,
    )
    GpuWorker().finish(*clips_of(both))
    assert states(both) == [TaskState.OPEN] * 3
    assert [len(candidates(task)) for task in tasks_of(both)] == [4, 4, 4]
    books_balance()


def test_only_prompts_that_have_them_all_are_taken() -> None:
    first = queued_batch(prompts=3, clips=3)
    ready = [clip for place, clip in enumerate(clips_of(first)) if place not in (4, 6, 7)]
    GpuWorker().finish(*ready)
    again = queued_batch(prompts=first.prompt_set, sources=[of(first, 2)])
    assert [task.prompt.external_id for task in tasks_of(again)] == ["p0", "p1"]
    assert [sorted(candidates(task)) for task in tasks_of(again)] == [
        [ready[0].pk, ready[1].pk],
        [ready[3].pk, ready[4].pk],
    ], "the oldest two"
    with pytest.raises(ValidationError, match="No prompt has as many ready clips"):
        queued_batch(prompts=first.prompt_set, sources=[of(first, 9)])


def test_clips_that_come_while_the_tasks_are_made_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filling, "CLIPS_A_CHUNK", 4)
    first = queued_batch(prompts=6, clips=2)
    while fill_batches():
        pass
    GpuWorker().finish(*clips_of(first)[:8])
    again = queued_batch(prompts=first.prompt_set, sources=[of(first)])
    assert len(tasks_of(again)) == 2
    GpuWorker().finish(*clips_of(first)[8:])
    while fill_batches():
        pass
    again.refresh_from_db()
    assert (len(tasks_of(again)), again.prompt_count) == (4, 4)


def test_what_a_flag_holds_is_not_taken() -> None:
    first = made()
    held, void, _ = tasks_of(first)
    Task.objects.filter(pk=held.pk).update(state=TaskState.HELD)
    Task.objects.filter(pk=void.pk).update(state=TaskState.VOID)
    again = queued_batch(prompts=first.prompt_set, sources=[of(first)])
    assert [task.prompt.external_id for task in tasks_of(again)] == ["p2"]


def test_a_cancelled_batchs_ready_clips_can_be_taken_and_a_takers_too() -> None:
    first = queued_batch(prompts=2, clips=3)
    GpuWorker().finish(*clips_of(first)[:2])
    cancel_batch(first.pk)
    again = queued_batch(prompts=first.prompt_set, sources=[of(first)])
    third = queued_batch(prompts=first.prompt_set, sources=[of(again)])
    assert candidates(tasks_of(third)[0]) == candidates(tasks_of(again)[0])


def test_the_estimate_says_that_nothing_is_made() -> None:
    first = made(prompts=3)
    estimate = estimate_batch(prompt_set_id=first.prompt_set_id, sources=[of(first), source(clips=1)])
    assert (estimate.tasks, estimate.clips, estimate.already_there) == (3, 9, 6)


@pytest.mark.parametrize(
    ("wrong", "entry", "says"),
    [
        (SourceRequest(clips_of=987, clips_per_prompt=2), "sources.0.clips_of", "There is no source 987"),
        (
            SourceRequest(clips_of=0, settings={"steps": 4}, clips_per_prompt=2),
            "sources.0.clips_of",
            "leave checkpoint",
        ),
        (SourceRequest(clips_per_prompt=2), "sources.0.checkpoint", "no checkpoint None: choose one"),
    ],
)
def test_a_source_that_cannot_be_taken_is_refused(wrong: SourceRequest, entry: str, says: str) -> None:
    first = made()
    if wrong.clips_of == 0:
        wrong = SourceRequest(clips_of=Source.objects.get().pk, settings=wrong.settings, clips_per_prompt=2)
    with pytest.raises(ValidationError, match=says) as refused:
        queued_batch(prompts=first.prompt_set, sources=[wrong])
    assert list(refused.value.message_dict) == [entry]


def test_clips_of_another_set_are_refused_and_twins_too() -> None:
    first = made()
    with pytest.raises(ValidationError, match="is of another prompt set"):
        queued_batch(prompts=prompt_set(2), sources=[of(first)])
    with pytest.raises(ValidationError, match="could not be told apart"):
        create_batch(
            name="Twins",
            prompt_set_id=first.prompt_set_id,
            sources=[of(first), source(first.sources.get().checkpoint, 2)],
            created_by=owner(),
        )
