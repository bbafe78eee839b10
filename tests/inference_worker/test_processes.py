"""The real worker process on a real Redis."""

import base64
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar
from uuid import uuid4

import pytest
from redis import Redis

from inference_worker.app import app
from inference_worker.blobs import BlobStore
from inference_worker.messages import (
    DROP_TASK,
    GENERATE_TASK,
    RESULT_TYPES,
    RESULTS_QUEUE,
    ClipReady,
    ClipsReturned,
    ClipStarted,
    Drop,
    Generate,
    Heartbeat,
    Message,
    generate_queue,
)
from tests.inference_worker.conftest import SETTINGS

pytestmark = pytest.mark.processes

ROOT = Path(__file__).parents[2]
MicroBatch = Callable[..., Generate]
M = TypeVar("M", bound=Message)
# Long enough, on any machine, to be met in the middle.
SLOW = {**SETTINGS, "steps": 40}


class Post:
    """The web side of the queues, on a Redis of its own: sends to a worker, reads what the worker says."""

    def __init__(self, redis_url: str, worker: str, monkeypatch: pytest.MonkeyPatch) -> None:
        self.url = redis_url
        self.worker = worker
        self.redis = Redis.from_url(redis_url)
        self.redis.delete(RESULTS_QUEUE)
        self.said: list[Message] = []
        monkeypatch.setitem(app.conf, "broker_url", redis_url)

    def send(self, task: str, message: Message) -> None:
        with app.connection_for_write(self.url) as connection:
            app.send_task(task, args=[message.to_json()], queue=generate_queue(self.worker), connection=connection)

    def read(self) -> None:
        while (raw := self.redis.rpop(RESULTS_QUEUE)) is not None:
            envelope = json.loads(raw)
            kind, data = json.loads(base64.b64decode(envelope["body"]))[0]
            self.said.append(RESULT_TYPES[kind].from_json(data))

    def wait_for(self, kind: type[M], count: int = 1, seconds: float = 60) -> list[M]:
        """The first `count` messages of a kind said since the last `forget`."""
        until = time.monotonic() + seconds
        while True:
            self.read()
            found = [message for message in self.said if isinstance(message, kind)]
            if len(found) >= count:
                return found
            assert time.monotonic() < until, f"{count} {kind.__name__} expected in {seconds} s, heard: {self.said}"
            time.sleep(0.05)

    def forget(self) -> None:
        self.said.clear()


@pytest.fixture
def post(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> Post:
    return Post(redis_url, f"w{uuid4().hex[:8]}", monkeypatch)


class WorkerProcess:
    def __init__(self, post: Post, blobs: BlobStore) -> None:
        self.command = [
            *(sys.executable, "-m", "inference_worker", "--name", post.worker, "--threads", "1", "--micro-batch", "2"),
        ]
        self.environment = {**os.environ, "REDIS_URL": post.url, "BLOBS_URL": blobs.url}
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> subprocess.Popen[bytes]:
        self.process = subprocess.Popen(self.command, cwd=ROOT, env=self.environment)
        return self.process

    def end(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()


@pytest.fixture
def worker(post: Post, blobs: BlobStore) -> Iterator[WorkerProcess]:
    worker = WorkerProcess(post, blobs)
    yield worker
    worker.end()


def keys(*messages: Generate) -> list[str]:
    return [request.key for message in messages for request in message.requests]


def test_clips_come_back_and_dropped_ones_do_not(
    post: Post, worker: WorkerProcess, blobs: BlobStore, micro_batch: MicroBatch
) -> None:
    worker.start()
    (beat,) = post.wait_for(Heartbeat)[:1]
    assert (beat.worker, beat.micro_batch, beat.held, beat.stopping) == (post.worker, 2, [], False)

    message = micro_batch(1, 2)
    post.send(GENERATE_TASK, message)
    for ready in post.wait_for(ClipReady, 2):
        assert blobs.get_record("results", ready.key) == ready.to_json()
        assert all(blobs.exists(name) for name in (ready.sheet, ready.animation, ready.master))
        assert (ready.metrics["frames"], ready.metrics["verb_asked"]) == (8, "jumping")
    kinds = [type(said) for said in post.said if not isinstance(said, Heartbeat)]
    assert kinds == [ClipStarted, ClipReady, ClipReady]

    post.forget()
    unwanted, wanted = micro_batch(3, 4, settings=SLOW), micro_batch(5)
    post.send(GENERATE_TASK, unwanted)
    post.wait_for(ClipStarted)
    post.send(DROP_TASK, Drop(keys=keys(unwanted)))
    post.send(GENERATE_TASK, wanted)
    assert [ready.key for ready in post.wait_for(ClipReady)] == keys(wanted)

    other = subprocess.run(
        worker.command, cwd=ROOT, env=worker.environment, capture_output=True, text=True, check=False
    )
    assert other.returncode != 0
    assert other.stderr.splitlines()[-1].startswith(f"error: a worker named {post.worker} runs on this machine already")


def test_a_killed_worker_does_what_is_sent_again_and_nothing_twice(
    post: Post, worker: WorkerProcess, blobs: BlobStore, micro_batch: MicroBatch
) -> None:
    first, second = micro_batch(1), micro_batch(2, 3, settings=SLOW)
    process = worker.start()
    post.send(GENERATE_TASK, first)
    post.send(GENERATE_TASK, second)
    post.wait_for(ClipReady)
    post.wait_for(ClipStarted, 2)
    process.send_signal(signal.SIGKILL)
    process.wait()
    post.read()
    assert {ready.key for ready in post.wait_for(ClipReady)} == set(keys(first))

    post.forget()
    worker.start()
    again = [micro_batch(1, attempt=2), micro_batch(2, 3, attempt=2, settings=SLOW)]
    for message in [*again, again[1]]:
        post.send(GENERATE_TASK, message)
    answers = {ready.key: ready for ready in post.wait_for(ClipReady, 3)}
    assert answers.keys() == set(keys(first, second))
    assert [started.keys for started in post.wait_for(ClipStarted)] == [keys(second)], (
        "what is on record is not sampled"
    )
    assert answers[keys(first)[0]].attempt == 1
    assert {answers[key].attempt for key in keys(second)} == {2}

    post.forget()
    post.send(GENERATE_TASK, micro_batch(2, attempt=3, settings=SLOW))
    (ready,) = post.wait_for(ClipReady)
    assert ready == answers[keys(second)[0]]
    assert [said for said in post.said if isinstance(said, ClipStarted)] == []


def test_a_worker_told_to_stop_hands_back_what_it_has_not_begun(
    post: Post, worker: WorkerProcess, micro_batch: MicroBatch
) -> None:
    process = worker.start()
    messages = [micro_batch(1, 2), *(micro_batch(seed, seed + 1, settings=SLOW) for seed in (3, 5))]
    for message in messages:
        post.send(GENERATE_TASK, message)
    post.wait_for(ClipStarted, 2)
    asked = time.monotonic()
    process.send_signal(signal.SIGTERM)
    assert process.wait(15) == 0
    assert time.monotonic() - asked < 10
    post.read()
    ready = [said.key for said in post.said if isinstance(said, ClipReady)]
    returned = [key for said in post.said if isinstance(said, ClipsReturned) for key in said.keys]
    assert sorted(ready + returned) == sorted(keys(*messages))
    assert set(keys(messages[0])) <= set(ready)
    assert set(keys(messages[2])) <= set(returned)
    last = post.said[-1]
    assert isinstance(last, Heartbeat)
    assert (last.stopping, last.held) == (True, [])


def test_a_second_signal_stops_at_once(post: Post, worker: WorkerProcess, micro_batch: MicroBatch) -> None:
    process = worker.start()
    post.send(GENERATE_TASK, micro_batch(1, 2, settings=SLOW))
    post.wait_for(ClipStarted)
    process.send_signal(signal.SIGINT)
    time.sleep(0.1)
    asked = time.monotonic()
    process.send_signal(signal.SIGINT)
    assert process.wait(10) == 128 + signal.SIGINT
    assert time.monotonic() - asked < 1
