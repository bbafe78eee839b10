"""The dispatcher and the results worker as real processes: what one sends and the other records, over a real broker."""

import os
import signal
from collections.abc import Callable

import pytest
from kombu import Connection

from annotator.celery import app
from annotator.generation.models import Batch, Clip, ClipState, TaskState
from annotator.media import store
from inference_worker.messages import RESULT_TASK, RESULTS_QUEUE, Generate, Message
from tests.annotator.studio import GpuWorker, queued_batch, states
from tests.conftest import Live

pytestmark = pytest.mark.processes


class RemoteWorker(GpuWorker):
    """Speaks over the broker, as a worker on another machine does, and puts a result on record before it says so."""

    def finish(self, *clips: Clip) -> None:
        for clip in clips:
            store.put_record("results", clip.key, self.ready(clip).to_json())
        super().finish(*clips)

    def say(self, message: Message) -> None:
        app.send_task(RESULT_TASK, args=[type(message).__name__, message.to_json()], queue=RESULTS_QUEUE)

    def receive(self) -> Generate:
        with Connection(os.environ["REDIS_URL"]) as broker, broker.SimpleQueue(f"generate.{self.name}") as queue:
            message = queue.get(timeout=30)
            message.ack()
            ((body,), _, _) = message.payload
            return Generate.from_json(body)


def test_a_batch_fills_though_the_results_worker_is_killed(live: Live, wait_until: Callable[..., None]) -> None:
    batch: Batch = queued_batch(prompts=2, clips=2)
    gpu = RemoteWorker("gpu-far", micro_batch=2)
    live.start("dispatcher")
    recorder = live.start("results")

    gpu.beat()
    first = [Clip.objects.get(key=request.key) for request in gpu.receive().requests]
    gpu.finish(*first)
    wait_until(lambda: states(batch)[0] == TaskState.OPEN, seconds=60, what="the first task opens")

    os.killpg(recorder.popen.pid, signal.SIGKILL)
    recorder.popen.wait()
    gpu.finish(*[Clip.objects.get(key=request.key) for request in gpu.receive().requests])
    assert Clip.objects.filter(state=ClipState.READY).count() == 2
    live.start("results")
    wait_until(lambda: states(batch) == [TaskState.OPEN] * 2, seconds=60, what="what was said meanwhile is recorded")
    assert set(Clip.objects.values_list("attempt", flat=True)) == {1}
