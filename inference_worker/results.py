"""What a worker says, in order, however long the broker is away. A finished clip is on record before it is said."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from queue import Empty, Queue
from threading import Event

from celery import Celery
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from inference_worker.blobs import BlobStore
from inference_worker.messages import HEARTBEAT_SECONDS, RESULT_TASK, RESULTS_QUEUE, ClipReady, Message

LONGEST_WAIT_SECONDS = 5.0

log = logging.getLogger(__name__)


@dataclass
class Results:
    """One thread sends: messages as they come, and a heartbeat every HEARTBEAT_SECONDS."""

    app: Celery
    blobs: BlobStore
    heartbeat: Callable[[], Message]
    task: str = RESULT_TASK
    _outbox: "Queue[Message | None]" = field(default_factory=Queue)
    _hurry: Event = field(default_factory=Event)

    def send(self, message: Message) -> None:
        self._outbox.put(message)

    def record_and_send(self, message: ClipReady) -> None:
        """The record comes first: should the message be lost, the web side finds the clip by it. The first stays."""
        record = self.blobs.get_record("results", message.key)
        if record is None:
            self.blobs.put_record("results", message.key, message.to_json())
        self.send(message if record is None else ClipReady.from_json(record))

    def close(self) -> None:
        """Ends `run` once everything said so far is sent, or at the first failure: nobody waits for a broker now."""
        self._hurry.set()
        self._outbox.put(None)

    def run(self) -> None:
        next_beat = time.monotonic()
        while True:
            if time.monotonic() >= next_beat:
                self._publish(self.heartbeat(), expires=2 * HEARTBEAT_SECONDS)
                next_beat = time.monotonic() + HEARTBEAT_SECONDS
            try:
                message = self._outbox.get(timeout=max(0.0, next_beat - time.monotonic()))
            except Empty:
                continue
            if message is None:
                return
            wait = 0.5
            while not self._publish(message) and not self._hurry.wait(wait):
                wait = min(2 * wait, LONGEST_WAIT_SECONDS)

    def _publish(self, message: Message, expires: float | None = None) -> bool:
        try:
            self.app.send_task(
                self.task,
                args=[type(message).__name__, message.to_json()],
                queue=RESULTS_QUEUE,
                expires=expires,
                ignore_result=True,
                retry=False,
            )
        except (OperationalError, RedisError, OSError) as error:
            log.warning("the broker does not take a %s: %s", type(message).__name__, error)
            return False
        return True
