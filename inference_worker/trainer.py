"""python -m inference_worker.trainer: trains the runs that the web side queues, one at a time."""

import argparse
import logging
import os
import signal
import socket
import sys
from pathlib import Path
from threading import Thread

from celery.platforms import EX_FAILURE
from celery.worker import WorkController

from inference_worker.__main__ import NAME, PROJECT, hold_name
from inference_worker.app import app
from inference_worker.blobs import BlobStore
from inference_worker.messages import TRAINING_RESULT_TASK, TrainerHeartbeat, train_queue
from inference_worker.results import Results
from inference_worker.trainer_tasks import hands
from inference_worker.training_process import TrainingProcess
from inference_worker.weights import Weights

log = logging.getLogger(__name__)


class Trainer:
    """Celery listens in the main thread; training and reporting have a thread each."""

    def __init__(self, *, name: str, runs: Path, blobs: BlobStore, weights: Weights) -> None:
        self.name, self.runs, self.blobs, self.weights = name, runs, blobs, weights
        self.results = Results(app=app, blobs=blobs, heartbeat=self.heartbeat, task=TRAINING_RESULT_TASK)

    def heartbeat(self) -> TrainerHeartbeat:
        order = hands.order
        return TrainerHeartbeat(
            trainer=self.name,
            device="cpu",
            run=order.run if order else None,
            attempt=order.attempt if order else None,
            stopping=hands.closed,
        )

    def run(self) -> None:
        """Works until a signal stops it; the run in hand is saved and handed back."""
        training = Thread(target=self._guarded, args=(self.train,), daemon=True)
        reporting = Thread(target=self._guarded, args=(self.results.run,), daemon=True)
        training.start()
        reporting.start()
        controller = WorkController(
            app=app,
            hostname=f"{self.name}@trainer",
            queues=[train_queue(self.name)],
            without_gossip=True,
            without_mingle=True,
            without_heartbeat=True,
            loglevel=logging.WARNING,
        )

        def stop(number: int, frame: object) -> None:
            hands.close()
            controller.stop()

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, stop)
        controller.start()
        hands.close()
        training.join()
        self.results.close()
        reporting.join(5)

    def train(self) -> None:
        while (order := hands.wait_for_order()) is not None:
            log.info("%s %s, attempt %d", order.recipe, order.name, order.attempt)
            TrainingProcess(
                trainer=self.name,
                order=order,
                runs=self.runs,
                weights=self.weights,
                blobs=self.blobs,
                hands=hands,
                report=self.results.send,
            ).run()
            hands.release()

    def _guarded(self, body: object) -> None:
        try:
            body()  # type: ignore[operator]
        except BaseException:
            log.critical("a thread broke: the trainer ends", exc_info=True)
            os._exit(EX_FAILURE)


def parser() -> argparse.ArgumentParser:
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "stickerloop"
    root = argparse.ArgumentParser(
        prog="python -m inference_worker.trainer",
        description="Trains the runs that the web side queues, one at a time, until SIGTERM or Ctrl-C. Training goes "
        "on where it was saved, also after kill -9.",
        epilog="Environment, the same as on the web side: REDIS_URL, the broker; BLOBS_URL, where samples are put.",
    )
    root.add_argument("--name", help="the trainer's name and queue; one per running trainer (default: HOST-trainer)")
    root.add_argument(
        "--runs",
        type=Path,
        default=PROJECT / "runs",
        help="folder of the runs; the web side reads finished checkpoints there, at the same path (default: ./runs)",
    )
    root.add_argument("--cache", type=Path, default=cache, help=f"folder for fetched checkpoints (default: {cache})")
    root.add_argument("--cache-gb", type=float, default=50, help="what that folder may hold (default: 50)")
    root.add_argument(
        "--base", type=Path, default=PROJECT, help="where relative checkpoint addresses start (default: the project)"
    )
    return root


def main(arguments: list[str] | None = None) -> None:
    root = parser()
    given = root.parse_args(arguments)
    name = given.name or f"{socket.gethostname().split('.')[0]}-trainer"
    if not NAME.fullmatch(name):
        root.error(f"--name {name!r}: letters, digits, dots, - and _ are expected, 80 at most")
    blobs_url = os.environ.get("BLOBS_URL")
    if not blobs_url:
        root.error("set BLOBS_URL to the store of the web side, e.g. file:///srv/stickerloop/blobs")
    logging.basicConfig(level="INFO", format="%(asctime)s %(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    logging.getLogger("celery").setLevel(logging.WARNING)
    lock = hold_name(name)
    Trainer(
        name=name,
        runs=given.runs.resolve(),
        blobs=BlobStore(blobs_url),
        weights=Weights(cache=given.cache, cache_bytes=int(given.cache_gb * 1e9), base=given.base.resolve()),
    ).run()
    lock.close()


if __name__ == "__main__":
    main()
