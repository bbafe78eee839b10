"""A generate worker: Celery takes messages in the main thread; sampling, delivery and results have a thread each."""

import logging
import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import Thread, Timer
from types import FrameType
from typing import TYPE_CHECKING, Literal

from celery.platforms import EX_FAILURE, EX_OK
from celery.worker import WorkController, state

from inference_worker.app import app
from inference_worker.blobs import BlobStore
from inference_worker.delivery import Delivery
from inference_worker.memory import Fitting, main_memory_mb
from inference_worker.messages import ClipsReturned, Heartbeat, generate_queue
from inference_worker.results import Results
from inference_worker.tasks import hands
from inference_worker.version import VERSION
from inference_worker.weights import Weights

if TYPE_CHECKING:
    from inference_worker.sampling import Sampler

# Together less than the ten seconds, or six in the demo, that process managers wait before they kill.
SAMPLING_ENDS_SECONDS = 3.0
DELIVERY_ENDS_SECONDS = 1.5
REPORTS_END_SECONDS = 1.0
STOP_SECONDS = 9.0

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Options:
    """What the command line says. `base` is where relative checkpoint addresses start."""

    name: str
    device: str
    dtype: Literal["bfloat16", "float32", "float16"] | None
    micro_batch: int
    compile: bool
    threads: int | None
    blobs_url: str
    cache: Path
    cache_gb: float
    base: Path


class Worker:
    def __init__(self, options: Options) -> None:
        self.options = options
        self.started_at = time.monotonic()
        self.stopping = False
        self.sampler: Sampler | None = None
        blobs = BlobStore(options.blobs_url)
        self.blobs = blobs
        self.weights = Weights(cache=options.cache, cache_bytes=int(options.cache_gb * 1e9), base=options.base)
        self.results = Results(app=app, blobs=blobs, heartbeat=self.heartbeat)
        self.delivery = Delivery(worker=options.name, hands=hands, blobs=blobs, results=self.results)

    def run(self) -> None:
        """Works until a signal stops it."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)
        sampling = _start("sampling", self._sample)
        delivering = _start("delivery", self.delivery.run)
        reporting = _start("results", self.results.run)
        controller = WorkController(
            app=app,
            hostname=f"{self.options.name}@worker",
            queues=[generate_queue(self.options.name)],
            without_gossip=True,
            without_mingle=True,
            without_heartbeat=True,
            loglevel=logging.WARNING,
        )
        controller.start()
        if not self.stopping:
            self._stop()
        sampling.join(SAMPLING_ENDS_SECONDS)
        self.delivery.close()
        delivering.join(DELIVERY_ENDS_SECONDS)
        left = hands.let_go()
        if left:
            log.info("handing back %d clips", len(left))
            self.results.send(ClipsReturned(worker=self.options.name, keys=left))
        self.results.send(self.heartbeat())
        self.results.close()
        reporting.join(REPORTS_END_SECONDS)
        log.info("stopped")

    def _sample(self) -> None:
        # Loading torch takes seconds: meanwhile the worker is heard of and takes its first clips.
        from inference_worker.sampling import Sampler  # noqa: PLC0415

        self.sampler = Sampler(
            worker=self.options.name,
            hands=hands,
            blobs=self.blobs,
            weights=self.weights,
            report=self.results.send,
            deliver=self.delivery.put,
            fitting=Fitting(self.options.micro_batch),
            device=self.options.device,
            dtype=self.options.dtype,
            compile=self.options.compile,
            threads=self.options.threads,
        )
        self.sampler.run()

    def heartbeat(self) -> Heartbeat:
        sampler = self.sampler
        used, total = sampler.memory_mb if sampler else main_memory_mb()
        return Heartbeat(
            worker=self.options.name,
            worker_version=VERSION,
            device=sampler.device_name if sampler else self.options.device,
            micro_batch=self.options.micro_batch,
            held=hands.keys(),
            state={
                "memory_used_mb": used,
                "memory_total_mb": total,
                "checkpoint": sampler.checkpoint if sampler else None,
                "at_hand": sampler.at_hand if sampler else None,
                "clips_a_minute": self.delivery.clips_a_minute,
            },
            stopping=self.stopping,
            up_seconds=round(time.monotonic() - self.started_at, 3),
        )

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if self.stopping:
            os._exit(128 + number)
        self._stop()
        state.should_stop = EX_OK  # type: ignore[assignment]

    def _stop(self) -> None:
        self.stopping = True
        hands.close(SAMPLING_ENDS_SECONDS)
        # A broker that no longer answers must not hold the process.
        watchdog = Timer(STOP_SECONDS, os._exit, args=[EX_FAILURE])
        watchdog.daemon = True
        watchdog.start()


def _start(name: str, body: Callable[[], None]) -> Thread:
    def run() -> None:
        try:
            body()
        except BaseException:
            # A worker that samples and says nothing, or the other way round, is worse than one that is started again.
            log.critical("the %s thread broke: the worker ends", name, exc_info=True)
            os._exit(EX_FAILURE)

    thread = Thread(target=run, name=name, daemon=True)
    thread.start()
    return thread
