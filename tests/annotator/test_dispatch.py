"""Which clips go to which worker, and when: decided by SQL at every turn."""

import json
import os
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone
from kombu import Connection
from kombu.exceptions import OperationalError
from pytest_django import DjangoAssertNumQueries

from annotator.generation import turns
from annotator.generation.batches import cancel_batch, steer_batch
from annotator.generation.dispatch import ALONE_AFTER, fill_workers
from annotator.generation.models import Batch, Clip, ClipState, TaskState, Worker
from annotator.generation.results import MOST_ATTEMPTS
from annotator.generation.silence import collect_silent_clips
from inference_worker.blobs import BlobStore
from inference_worker.messages import GENERATE_TASK, Generate, generate_queue
from tests.annotator.actors import checkpoint
from tests.annotator.studio import GpuWorker, clips_of, prompt_set, queued_batch, source, states

pytestmark = pytest.mark.django_db
Sent = list[tuple[str, str, dict[str, Any]]]


def messages(sent: Sent) -> list[Generate]:
    return [Generate.from_json(body) for task, _, body in sent if task == GENERATE_TASK]


def batch_names(sent: Sent) -> list[str]:
    """The batches whose clips were sent, in the order of sending."""
    clips = (Clip.objects.get(key=message.requests[0].key) for message in messages(sent))
    return [clip.wanted_by.name for clip in clips if clip.wanted_by]


def fall_silent(*clips: Clip) -> None:
    past = timezone.now() - timedelta(seconds=1)
    Clip.objects.filter(pk__in=[clip.pk for clip in clips]).update(lease_until=past)


def test_a_live_worker_gets_two_micro_batches(sent: Sent) -> None:
    batch = queued_batch(prompts=10, clips=2)
    gpu = GpuWorker(micro_batch=4)
    gpu.beat()

    assert fill_workers() == 8

    assert [queue for _, queue, _ in sent] == [generate_queue("gpu-1")] * 2
    first, second = messages(sent)
    assert [clip.key for clip in first.requests + second.requests] == [clip.key for clip in clips_of(batch)[:8]]
    model = batch.sources.get().checkpoint
    assert (first.checkpoint, first.uri, first.engine) == (model.sha256, model.uri, model.engine)
    assert first.settings == batch.sources.get().settings
    assert {request.attempt for request in first.requests} == {1}
    for clip in clips_of(batch)[:8]:
        assert (clip.state, clip.worker, clip.attempt) == (ClipState.RUNNING, "gpu-1", 1)
    assert fill_workers() == 0
    gpu.finish(*clips_of(batch)[:4])
    assert fill_workers() == 4


def test_a_micro_batch_shares_checkpoint_and_settings(sent: Sent) -> None:
    queued_batch(prompts=6, sources=[source(clips=2), source(clips=1), source(clips=1, steps=4)])
    GpuWorker(micro_batch=4).beat()
    fill_workers()
    for message in messages(sent):
        assert len({Clip.objects.get(key=request.key).grouping for request in message.requests}) == 1


def test_all_live_workers_share_the_work_and_others_get_none(sent: Sent) -> None:
    queued_batch(prompts=8, clips=2)
    for name in ("gpu-1", "gpu-2", "gone", "stopping"):
        GpuWorker(name, micro_batch=2).beat(stopping=name == "stopping")
    Worker.objects.filter(name="gone").update(last_seen_at=timezone.now() - timedelta(seconds=31))
    fill_workers()
    assert sorted(queue for _, queue, _ in sent) == ["generate.gpu-1"] * 2 + ["generate.gpu-2"] * 2


def test_priority_goes_first_then_batches_take_turns(sent: Sent) -> None:
    for name, priority in (("low", 0), ("one", 5), ("two", 5)):
        made = queued_batch(prompts=2, clips=2, priority=priority)
        Batch.objects.filter(pk=made.pk).update(name=name)
    GpuWorker(micro_batch=2).beat()
    for _ in range(4):
        fill_workers()
        Clip.objects.filter(state=ClipState.RUNNING).update(state=ClipState.FAILED, lease_until=None)
    assert batch_names(sent) == ["one", "two", "one", "two", "low", "low"]


def test_a_pause_acts_at_once_and_so_does_its_end(sent: Sent) -> None:
    batch = queued_batch()
    GpuWorker().beat()
    steer_batch(batch_id=batch.pk, changes={"generation_paused": True})
    assert fill_workers() == 0
    steer_batch(batch_id=batch.pk, changes={"generation_paused": False})
    assert fill_workers() == 4


def test_a_cancelled_batch_gets_nothing(sent: Sent) -> None:
    batch = queued_batch()
    GpuWorker().beat()
    cancel_batch(batch.pk)
    assert fill_workers() == 0


def test_clips_that_the_broker_did_not_take_wait_again(monkeypatch: pytest.MonkeyPatch) -> None:
    batch = queued_batch()
    GpuWorker().beat()

    def away(*args: Any, **options: Any) -> None:
        raise OperationalError("no broker")

    monkeypatch.setattr("annotator.celery.app.send_task", away)
    with pytest.raises(OperationalError):
        fill_workers()
    assert {(clip.state, clip.attempt, clip.worker) for clip in clips_of(batch)} == {(ClipState.QUEUED, 0, "")}


def test_what_is_sent_lies_in_the_workers_own_queue() -> None:
    batch = queued_batch(prompts=1)
    GpuWorker("gpu-real").beat()
    fill_workers()
    with Connection(os.environ["REDIS_URL"]) as broker, broker.SimpleQueue("generate.gpu-real") as queue:
        message = queue.get(timeout=5)
        message.ack()
    assert message.headers["task"] == GENERATE_TASK
    ((body,), _, _) = json.loads(json.dumps(message.payload))
    assert [clip["key"] for clip in body["clips"]] == [clip.key for clip in clips_of(batch)]


def test_a_silent_clip_waits_again_and_fails_in_the_end(sent: Sent, blobs: BlobStore) -> None:
    batch = queued_batch(prompts=1, clips=2)
    for attempt in range(1, MOST_ATTEMPTS + 1):
        GpuWorker("gpu-1").beat()
        GpuWorker("gpu-2").beat()
        fill_workers()
        assert {(clip.state, clip.attempt) for clip in clips_of(batch)} == {(ClipState.RUNNING, attempt)}
        assert collect_silent_clips() == 0, "their leases still run"
        fall_silent(*clips_of(batch))
        assert collect_silent_clips() == 2
    assert {clip.state for clip in clips_of(batch)} == {ClipState.FAILED}
    assert "No worker answered" in clips_of(batch)[0].error
    assert states(batch) == [TaskState.VOID]


def test_a_clip_that_was_lost_twice_goes_alone_so_that_it_takes_no_other_along(sent: Sent) -> None:
    first, second, third, fourth = clips_of(queued_batch(prompts=1, clips=4))
    Clip.objects.filter(pk__in=[second.pk, third.pk]).update(attempt=ALONE_AFTER)
    gpu = GpuWorker(micro_batch=4)
    gpu.beat()
    fill_workers()
    assert [[clip.key for clip in message.requests] for message in messages(sent)] == [
        [first.key, fourth.key],
        [second.key],
    ]
    assert fill_workers() == 0, "nothing goes to a worker that holds a clip which may end it"
    gpu.finish(second)
    assert fill_workers() == 1
    assert [clip.key for clip in messages(sent)[-1].requests] == [third.key]


def test_a_silent_clip_on_record_is_ready(sent: Sent, blobs: BlobStore) -> None:
    batch = queued_batch(prompts=1, clips=2)
    gpu = GpuWorker()
    gpu.beat()
    fill_workers()
    first, second = clips_of(batch)
    gpu.finish(first)
    blobs.put_record("results", second.key, gpu.ready(second).to_json())
    fall_silent(second)
    assert collect_silent_clips() == 1
    assert states(batch) == [TaskState.OPEN]


def test_a_record_that_cannot_be_read_fails_its_clip_and_no_other(sent: Sent, blobs: BlobStore) -> None:
    batch = queued_batch(prompts=1, clips=3)
    gpu = GpuWorker()
    gpu.beat()
    fill_workers()
    first, second, third = clips_of(batch)
    blobs.put_record("results", first.key, {"version": 1})
    blobs.put_record("results", second.key, {**gpu.ready(second).to_json(), "sheet": ""})
    fall_silent(first, second, third)
    assert collect_silent_clips() == 3
    assert [clip.state for clip in clips_of(batch)] == [ClipState.FAILED, ClipState.FAILED, ClipState.QUEUED]


def test_picking_costs_the_same_at_any_queue_length(
    sent: Sent, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    model = checkpoint()
    GpuWorker(micro_batch=2).beat()
    queued_batch(prompts=prompt_set(2), sources=[source(model, 2)])
    with django_assert_num_queries(20):
        fill_workers()
    Clip.objects.update(state=ClipState.FAILED, lease_until=None)
    queued_batch(prompts=prompt_set(60), sources=[source(model, 2)])
    with django_assert_num_queries(20):
        fill_workers()


def test_a_failing_duty_keeps_no_other(monkeypatch: pytest.MonkeyPatch, settings: Any, sent: Sent) -> None:
    queued_batch()
    GpuWorker().beat()
    settings.DISPATCH_DUTIES = [
        "tests.annotator.test_dispatch.broken_duty",
        "annotator.generation.dispatch.fill_workers",
    ]
    assert turns.take_turn() == (4, True)


def broken_duty() -> int:
    raise RuntimeError("a duty with a defect")


def test_the_command_ends_when_nothing_moves(sent: Sent) -> None:
    queued_batch(prompts=1)
    GpuWorker().beat()
    call_command("dispatch", "--once")
    assert len(sent) == 1
