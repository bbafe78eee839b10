"""Whatever workers do and in whatever order, tasks know exactly how many clips they wait for."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from annotator.generation import batches
from annotator.generation.dispatch import fill_workers
from annotator.generation.models import Batch, BatchState, Clip, ClipState, Task, TaskState
from annotator.generation.silence import collect_silent_clips
from inference_worker.blobs import BlobStore
from tests.annotator.actors import checkpoint
from tests.annotator.studio import GpuWorker, books_balance, prompt_set, queued_batch, source

WORKERS = [GpuWorker("gpu-1", micro_batch=1), GpuWorker("gpu-2", micro_batch=2)]
Places = st.integers(min_value=0, max_value=30)
Workers = st.sampled_from(WORKERS)


class Generation(RuleBasedStateMachine):
    """Two batches that share clips, two workers that answer, fail, hand back and fall silent."""

    opened: dict[int, int]

    @initialize()
    def two_batches(self) -> None:
        self.examples = transaction.atomic()
        self.examples.__enter__()
        prompts, model = prompt_set(2), checkpoint()
        self.batches = [
            queued_batch(prompts=prompts, sources=[source(model, clips)], seed_base=1, overlap=2) for clips in (2, 3)
        ]

    def teardown(self) -> None:
        if hasattr(self, "examples"):
            transaction.set_rollback(True)
            self.examples.__exit__(None, None, None)

    def clip(self, place: int) -> Clip | None:
        clips = list(Clip.objects.order_by("id"))
        return clips[place % len(clips)] if clips else None

    @rule(worker=Workers)
    def dispatch_to(self, worker: GpuWorker) -> None:
        worker.beat()
        fill_workers()

    @rule(worker=Workers, place=Places)
    def start(self, worker: GpuWorker, place: int) -> None:
        if clip := self.clip(place):
            worker.start(clip)

    @rule(worker=Workers, place=Places)
    def finish(self, worker: GpuWorker, place: int) -> None:
        if clip := self.clip(place):
            worker.finish(clip)
            assert Clip.objects.get(pk=clip.pk).state == ClipState.READY

    @rule(worker=Workers, place=Places, final=st.booleans(), stale=st.booleans())
    def fail(self, worker: GpuWorker, place: int, final: bool, stale: bool) -> None:
        if clip := self.clip(place):
            worker.fail(clip, attempt=clip.attempt + stale, final=final)

    @rule(worker=Workers, place=Places)
    def give_back(self, worker: GpuWorker, place: int) -> None:
        if clip := self.clip(place):
            worker.give_back(clip)

    @rule()
    def silence(self) -> None:
        Clip.objects.filter(state=ClipState.RUNNING).update(lease_until=timezone.now() - timedelta(seconds=1))
        collect_silent_clips()

    @rule(which=st.integers(min_value=0, max_value=1))
    def retry(self, which: int) -> None:
        if Batch.objects.get(pk=self.batches[which].pk).state == BatchState.OPEN:
            batches.retry_batch(self.batches[which].pk)

    @precondition(lambda self: Batch.objects.filter(state=BatchState.OPEN).count() == 2)
    @rule(which=st.integers(min_value=0, max_value=1))
    def cancel(self, which: int) -> None:
        batches.cancel_batch(self.batches[which].pk)

    @invariant()
    def counts_are_right(self) -> None:
        books_balance()

    @invariant()
    def open_batches_wait_for_clips_that_come(self) -> None:
        """A clip that a live task waits for is queued or running for a live batch."""
        lost = Clip.objects.filter(
            candidates__dropped=False,
            candidates__task__state=TaskState.FILLING,
            state__in=[ClipState.QUEUED, ClipState.RUNNING],
        ).exclude(wanted_by__state=BatchState.OPEN)
        assert not lost.exists()

    @invariant()
    def places_are_taken_once(self) -> None:
        for batch in Batch.objects.all():
            positions = list(
                Task.objects.filter(batch=batch, position__isnull=False).values_list("position", flat=True)
            )
            assert len(positions) == len(set(positions))
            assert all(position < batch.next_position for position in positions)


@pytest.mark.django_db
def test_any_interleaving_leaves_the_books_balanced(sent: Any, blobs: BlobStore) -> None:
    run_state_machine_as_test(
        Generation,
        settings=settings(
            max_examples=12, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
