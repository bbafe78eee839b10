"""One training run: `python -m sticker_diffusion.training` in a process of its own, watched through its folder.

When it is done, `python -m sticker_diffusion.metrics.held_out` measures what came out.
"""

import json
import logging
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from inference_worker.blobs import BlobError, BlobStore
from inference_worker.messages import (
    Json,
    Message,
    Train,
    TrainingFailed,
    TrainingFinished,
    TrainingProgress,
    TrainingReturned,
)
from inference_worker.released import release_folder
from inference_worker.trainer_hands import TrainerHands
from inference_worker.weights import Weights, WeightsError

LOOK_SECONDS = 2.0
STOP_SECONDS = 60.0
MOST_POINTS = 200
"""Of the curve that is sent."""
RELEASES = "releases"
"""Folder of unpacked releases, beside those of runs."""
CHECKPOINT = "checkpoint"
"""Of a run's folder, once it is done."""
WRONG = 2
"""Exit status of the training command for settings that cannot be used."""

log = logging.getLogger(__name__)


@dataclass
class TrainingProcess:
    """`runs` is the folder of all runs; a run that was begun in it goes on."""

    trainer: str
    order: Train
    runs: Path
    weights: Weights
    blobs: BlobStore
    hands: TrainerHands
    report: Callable[[Message], None]
    _told: tuple[int, str] = field(default=(0, ""))

    @property
    def folder(self) -> Path:
        return self.runs / self.order.name

    def run(self) -> None:
        """Trains to the end, or until it is stopped, and reports which."""
        try:
            arguments = self._command()
        except (WeightsError, BlobError) as error:
            self._fail(str(error), final=True)
            return
        status, errors = self._watched(arguments)
        if status == 0 and not (self.hands.unwanted or self.hands.closed):
            measuring = [sys.executable, "-m", "sticker_diffusion.metrics.held_out", str(self.folder / CHECKPOINT)]
            status, errors = self._watched(measuring)
        self._end(status, errors)

    def _watched(self, arguments: list[str]) -> tuple[int, str]:
        """Runs a process to its end, or until the run is to stop; its exit status, and what it said of errors."""
        errors = self.runs / f"{self.order.name}.stderr"
        # The pipe is never written to: when this process dies, however, it closes, and the training stops itself.
        with errors.open("w") as written, subprocess.Popen(arguments, stdin=subprocess.PIPE, stderr=written) as child:
            while child.poll() is None and not self.hands.wait(LOOK_SECONDS):
                self._tell()
            if child.poll() is None:
                child.send_signal(signal.SIGTERM)
                try:
                    child.wait(STOP_SECONDS)
                except subprocess.TimeoutExpired:
                    child.kill()
        self._tell()
        return child.returncode, errors.read_text(encoding="utf-8", errors="replace")

    def _command(self) -> list[str]:
        self.runs.mkdir(parents=True, exist_ok=True)
        start = self.weights.folder(uri=self.order.uri, sha256=self.order.sha256)
        config = self.runs / f"{self.order.name}.json"
        settings = {**self.order.config, self.order.starts_from: str(start)}
        if self.order.release is not None:
            data = release_folder(self.order.release, blobs=self.blobs, cache=self.runs / RELEASES)
            settings["data"] = {**settings.get("data", {}), "release": str(data)}
        config.write_text(json.dumps(settings, indent=2))
        module = ["-m", "sticker_diffusion.training", self.order.recipe]
        return [sys.executable, *module, "--config", str(config), "--out", str(self.folder), "--with-parent"]

    def _tell(self) -> None:
        """Sends the curve and the newest samples, where there is more than was sent."""
        log_file = self.folder / "log.jsonl"
        lines = log_file.read_text().splitlines(keepends=True) if log_file.exists() else []
        whole = [line for line in lines if line.endswith("\n")]
        sheets = sorted((self.folder / "sheets").glob("*.png"))
        newest = sheets[-1].name if sheets else ""
        if (len(whole), newest) == self._told or not whole:
            return
        sheet = self.blobs.put(sheets[-1].read_bytes(), "png") if newest and newest != self._told[1] else None
        self._told = (len(whole), newest)
        self.report(
            TrainingProgress(
                trainer=self.trainer,
                run=self.order.run,
                attempt=self.order.attempt,
                curve=thinned([json.loads(line) for line in whole]),
                sheet=sheet,
            )
        )

    def _end(self, status: int, errors: str) -> None:
        run, attempt = self.order.run, self.order.attempt
        if status == 0:
            uri = (self.folder / CHECKPOINT).resolve().as_uri()
            self.report(TrainingFinished(trainer=self.trainer, run=run, attempt=attempt, uri=uri))
        elif self.hands.unwanted:
            log.info("%s was cancelled; it is saved", self.order.name)
        elif self.hands.closed:
            self.report(TrainingReturned(trainer=self.trainer, run=run, attempt=attempt))
        else:
            said = [line for line in errors.splitlines() if line.strip()] or [f"the process ended with {status}"]
            self._fail(said[-1].removeprefix("error: "), final=status == WRONG)

    def _fail(self, error: str, *, final: bool) -> None:
        self.report(
            TrainingFailed(
                trainer=self.trainer, run=self.order.run, attempt=self.order.attempt, error=error, final=final
            )
        )


def thinned(points: list[Json], most: int = MOST_POINTS) -> list[Json]:
    """At most so many points at even distances, the first and the last among them."""
    if len(points) <= most:
        return points
    return [points[round(i * (len(points) - 1) / (most - 1))] for i in range(most)]
