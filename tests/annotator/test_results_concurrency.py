"""Several processes at once: real threads with connections of their own, on rows that are really committed."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connection

from annotator.generation import batches, filling
from annotator.generation.dispatch import fill_workers
from annotator.generation.filling import fill_batch
from annotator.generation.models import Batch, Clip, ClipState, Task, TaskState
from annotator.generation.planning import SourceRequest
from annotator.generation.turns import sole_dispatcher
from inference_worker.messages import Generate
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

pytestmark = pytest.mark.django_db(transaction=True)
Sent = list[tuple[str, str, dict[str, Any]]]


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """Runs the acts in threads that start together; raises what one of them raised."""
    together = Barrier(len(acts))

    def run(act: Callable[[], Any]) -> Any:
        try:
            together.wait()
            return act()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return [future.result(timeout=60) for future in [pool.submit(run, act) for act in acts]]


def finish_all(worker: GpuWorker, clips: Sequence[Clip]) -> Callable[[], None]:
    return lambda: worker.finish(*clips)


def test_of_two_last_clips_one_opens_the_task() -> None:
    batch = queued_batch(prompts=20, clips=2, overlap=3)
    firsts, seconds = clips_of(batch)[0::2], clips_of(batch)[1::2]
    at_once(finish_all(GpuWorker("gpu-1"), firsts), finish_all(GpuWorker("gpu-2"), seconds))
    tasks = tasks_of(batch)
    assert {(task.state, task.missing_clips, task.open_slots) for task in tasks} == {(TaskState.OPEN, 0, 3)}
    assert sorted(task.position or 0 for task in tasks) == list(range(1, 21)), "one place each, none taken twice"
    assert Batch.objects.get(pk=batch.pk).next_position == 21


def test_the_same_result_twice_at_once_counts_once() -> None:
    batch = queued_batch(prompts=10, clips=2)
    clips = clips_of(batch)
    at_once(*(finish_all(GpuWorker(f"gpu-{number}"), clips) for number in range(3)))
    assert states(batch) == [TaskState.OPEN] * 10
    assert Batch.objects.get(pk=batch.pk).next_position == 11
    books_balance()


def test_shared_clips_and_two_batches_do_not_wait_in_a_circle() -> None:
    prompts, model = prompt_set(12), checkpoint()
    one = queued_batch(prompts=prompts, sources=[source(model, 2)], seed_base=5)
    two = queued_batch(prompts=prompts, sources=[source(model, 2)], seed_base=5)
    clips = clips_of(one)
    at_once(
        finish_all(GpuWorker("gpu-1"), clips),
        finish_all(GpuWorker("gpu-2"), clips[::-1]),
        lambda: GpuWorker("gpu-3").beat(*clips),
        lambda: batches.steer_batch(batch_id=two.pk, changes={}, overlap=4),
    )
    assert states(one) == states(two) == [TaskState.OPEN] * 12
    assert {task.open_slots for task in tasks_of(two)} == {4}
    books_balance()


def test_two_dispatchers_send_a_clip_once(sent: Sent) -> None:
    batch = queued_batch(prompts=20, clips=2)
    for number in range(4):
        GpuWorker(f"gpu-{number}", micro_batch=4).beat()
    at_once(fill_workers, fill_workers, fill_workers)
    keys = [request.key for _, _, body in sent for request in Generate.from_json(body).requests]
    assert len(keys) == len(set(keys)) >= 32
    assert {clip.attempt for clip in clips_of(batch) if clip.state == ClipState.RUNNING} == {1}
    assert {clip.key for clip in clips_of(batch) if clip.state == ClipState.RUNNING} == set(keys)


def test_two_fillers_make_each_task_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filling, "CLIPS_A_CHUNK", 8)
    batch = queued_batch(prompts=24, clips=2)

    def fill_all() -> None:
        while Batch.objects.filter(pk=batch.pk, filled_at=None).exists():
            fill_batch(batch.pk)

    at_once(fill_all, fill_all)
    tasks = Task.objects.filter(batch=batch)
    assert tasks.count() == tasks.values("prompt").distinct().count() == 24
    assert Clip.objects.count() == 48


def test_two_fillers_of_clips_that_exist_make_each_task_once(monkeypatch: pytest.MonkeyPatch) -> None:
    lender = queued_batch(prompts=24, clips=2)
    GpuWorker().finish(*clips_of(lender))
    monkeypatch.setattr(filling, "CLIPS_A_CHUNK", 8)
    taken = SourceRequest(clips_of=lender.sources.get().pk, clips_per_prompt=2)
    batch = queued_batch(prompts=lender.prompt_set, sources=[taken])

    def fill_all() -> None:
        while Batch.objects.filter(pk=batch.pk, filled_at=None).exists():
            fill_batch(batch.pk)

    at_once(fill_all, fill_all)
    assert states(batch) == [TaskState.OPEN] * 24
    assert Task.objects.filter(batch=batch).values("prompt").distinct().count() == 24
    books_balance()


def test_a_batch_that_ends_while_another_joins_its_clips_takes_none_away() -> None:
    prompts, model = prompt_set(20), checkpoint()
    first = queued_batch(prompts=prompts, sources=[source(model, 2)], seed_base=5)
    _, second = at_once(
        lambda: batches.cancel_batch(first.pk),
        lambda: queued_batch(prompts=prompts, sources=[source(model, 2)], seed_base=5),
    )
    clips = clips_of(second)
    assert len(clips) == 40
    assert {clip.wanted_by_id for clip in clips} == {second.pk}
    GpuWorker().finish(*clips)
    assert states(second) == [TaskState.OPEN] * 20
    assert states(first) == [TaskState.VOID] * 20
    books_balance()


def test_a_batch_that_ends_while_its_clips_arrive_ends_whole() -> None:
    batch = queued_batch(prompts=20, clips=2)
    clips = clips_of(batch)
    at_once(finish_all(GpuWorker(), clips), lambda: batches.cancel_batch(batch.pk))
    assert set(states(batch)) <= {TaskState.OPEN, TaskState.VOID}
    assert {clip.state for clip in Clip.objects.all()} <= {ClipState.READY}
    books_balance()


def test_there_is_one_dispatcher() -> None:
    def ask() -> bool:
        with sole_dispatcher() as alone:
            return alone

    with sole_dispatcher() as alone:
        assert alone
        assert at_once(ask) == [False]
    assert at_once(ask) == [True]
