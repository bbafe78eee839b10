"""Encoding, storing, measuring and reporting clips, in a thread of its own, beside that which samples the next ones."""

import logging
import os
import sys
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from queue import Queue
from threading import Event, get_native_id
from typing import Any

from inference_worker.blobs import BlobStore
from inference_worker.encoding import Frames, encode
from inference_worker.hands import Hands
from inference_worker.messages import ClipFailed, ClipReady, ClipRequest, Json
from inference_worker.results import Results
from inference_worker.version import VERSION

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class SampledClip:
    """frames (F, S, S, 4), uint8 RGBA with straight alpha; `measure` gives their metrics; timings in seconds."""

    request: ClipRequest
    frames: Frames
    frame_rate: float
    measure: Callable[[Frames], Json]
    timings: dict[str, float]
    provenance: dict[str, Any]


@dataclass
class Delivery:
    """At most `backlog` clips wait: frames are large, and whoever samples faster than this encodes has to wait."""

    worker: str
    hands: Hands
    blobs: BlobStore
    results: Results
    backlog: int = 8
    finished: deque[float] = field(default_factory=lambda: deque(maxlen=1000))

    def __post_init__(self) -> None:
        self._clips: Queue[SampledClip | None] = Queue(self.backlog)
        self.done = Event()

    def put(self, clip: SampledClip) -> None:
        self._clips.put(clip)

    def close(self) -> None:
        """`done` is set once everything put before is delivered."""
        self._clips.put(None)

    def run(self) -> None:
        if sys.platform == "linux":  # where a thread has a priority of its own: sampling has the cores first
            os.setpriority(os.PRIO_PROCESS, get_native_id(), os.getpriority(os.PRIO_PROCESS, 0) + 5)
        while (clip := self._clips.get()) is not None:
            try:
                self.deliver(clip)
            except Exception as error:
                log.exception("a clip could not be delivered")
                attempt = self.hands.release(clip.request.key)
                if attempt is not None:
                    message = f"encoding or storing: {type(error).__name__}: {error}"
                    self.results.send(
                        ClipFailed(worker=self.worker, key=clip.request.key, attempt=attempt, error=message)
                    )
        self.done.set()

    def deliver(self, clip: SampledClip) -> None:
        if not self.hands.any_wanted([clip.request]):
            self.hands.release(clip.request.key)
            return
        started = time.perf_counter()
        encoded = encode(clip.frames, frame_rate=clip.frame_rate)
        encoded_at = time.perf_counter()
        sheet, animation, master = (
            self.blobs.put(data, "webp") for data in (encoded.sheet, encoded.animation, encoded.master)
        )
        stored_at = time.perf_counter()
        metrics = clip.measure(clip.frames)
        timings = {
            "encode": round(encoded_at - started, 3),
            "store": round(stored_at - encoded_at, 3),
            "measure": round(time.perf_counter() - stored_at, 3),
        }
        attempt = self.hands.attempt(clip.request.key)
        if attempt is not None:
            self.results.record_and_send(
                ClipReady(
                    worker=self.worker,
                    key=clip.request.key,
                    attempt=attempt,
                    sheet=sheet,
                    animation=animation,
                    master=master,
                    media=encoded.media,
                    metrics=metrics,
                    timings={**clip.timings, **timings},
                    provenance={**clip.provenance, "worker_version": VERSION},
                )
            )
            self.finished.append(time.monotonic())
        self.hands.release(clip.request.key)

    @property
    def clips_a_minute(self) -> int:
        """Delivered in the last 60 seconds."""
        since = time.monotonic() - 60
        return sum(moment > since for moment in self.finished)
