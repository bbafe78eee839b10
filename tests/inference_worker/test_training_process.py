"""A trainer runs the real training command, tells how it goes, stops when told, and names what was wrong."""

import dataclasses
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from threading import Timer
from typing import Any

import pytest

from inference_worker.blobs import BlobStore
from inference_worker.folders import folder_sha256
from inference_worker.messages import (
    Message,
    Train,
    TrainingFailed,
    TrainingFinished,
    TrainingProgress,
    TrainingReturned,
)
from inference_worker.trainer_hands import TrainerHands
from inference_worker.training_process import MOST_POINTS, TrainingProcess, thinned
from inference_worker.weights import Weights
from sticker_diffusion.checkpoint import load_checkpoint
from tests.sticker_diffusion.small_run import small_settings

Begin = Callable[..., tuple[TrainingProcess, list[Message]]]


@pytest.fixture
def begin(tmp_path: Path) -> Begin:
    """`begin(**config)` is a process that is not yet started, and what it will report."""
    settings = dataclasses.asdict(small_settings(tmp_path, clips=104))
    start = tmp_path / "initial"

    def make(**config: Any) -> tuple[TrainingProcess, list[Message]]:
        del settings["initial"]
        asked = {**settings, "sheet_minutes": 60.0, **config}
        told: list[Message] = []
        order = Train(
            run="r",
            attempt=1,
            name="student",
            recipe="finetune",
            config={key: value for key, value in asked.items() if value is not None},
            starts_from="initial",
            uri=start.as_uri(),
            sha256=folder_sha256(start),
        )
        process = TrainingProcess(
            trainer="tom",
            order=order,
            runs=tmp_path / "runs",
            weights=Weights(cache=tmp_path / "cache", cache_bytes=10**9, base=tmp_path),
            blobs=BlobStore((tmp_path / "blobs").as_uri()),
            hands=TrainerHands(order=order),
            report=told.append,
        )
        return process, told

    return make


def test_a_run_goes_from_its_order_to_a_checkpoint_with_its_curve_and_samples(begin: Begin) -> None:
    process, told = begin()
    process.run()
    *progress, finished = told
    assert isinstance(finished, TrainingFinished)
    made = load_checkpoint(process.folder / "checkpoint").description
    assert made.name == "student"
    assert made.provenance.metrics["held_out"]["pairs"] == 19
    assert "of 19 clips show the verb" in (process.folder / "checkpoint" / "README.md").read_text()
    assert finished.uri == (process.folder / "checkpoint").as_uri()
    latest = progress[-1]
    assert isinstance(latest, TrainingProgress)
    assert latest.curve[-1]["step"] == 25
    assert latest.sheet is not None
    assert process.blobs.exists(latest.sheet)


@pytest.mark.parametrize("cancelled", [True, False])
def test_a_run_that_is_stopped_is_saved_and_handed_back_unless_it_was_cancelled(begin: Begin, cancelled: bool) -> None:
    process, told = begin(clips=400_000)
    stop = (lambda: process.hands.stop("r")) if cancelled else process.hands.close

    def once_begun() -> None:
        if (process.folder / "state.pt").exists():
            stop()
        else:
            wait()

    def wait() -> None:
        timer = Timer(0.2, once_begun)
        timer.daemon = True
        timer.start()

    wait()
    process.run()
    assert not (process.folder / "checkpoint").exists()
    ends = [message for message in told if not isinstance(message, TrainingProgress)]
    assert ends == ([] if cancelled else [TrainingReturned(trainer="tom", run="r", attempt=1)])


def test_wrong_settings_and_foreign_weights_fail_for_good_and_say_why(begin: Begin) -> None:
    process, told = begin(learning_rate=1)
    process.run()
    (failed,) = told
    assert isinstance(failed, TrainingFailed)
    assert failed.final
    assert "unknown key learning_rate; known keys are initial, data" in failed.error
    told.clear()
    process.order = dataclasses.replace(process.order, sha256="0" * 64)
    process.run()
    (failed,) = told
    assert isinstance(failed, TrainingFailed)
    assert failed.final
    assert "was registered" in failed.error


def test_a_trainer_that_waits_has_no_torch_in_memory() -> None:
    code = "import inference_worker.trainer, sys; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_hands_hold_one_order_and_stop_only_their_own_run() -> None:
    order = Train(run="a", attempt=1, name="a", recipe="distil", config={}, starts_from="teacher", uri="", sha256="")
    hands = TrainerHands()
    hands.take(order)
    hands.take(dataclasses.replace(order, run="b"))
    assert hands.wait_for_order() == order
    hands.stop("b")
    assert not hands.wait(0)
    hands.stop("a")
    assert hands.wait(0)
    hands.release()
    hands.take(dataclasses.replace(order, run="b"))
    assert not hands.wait(0)
    hands.close()
    assert hands.wait_for_order() is None


def test_a_long_curve_is_thinned_with_both_ends() -> None:
    points = [{"step": i} for i in range(1001)]
    thin = thinned(points)
    assert len(thin) == MOST_POINTS
    assert (thin[0], thin[-1]) == (points[0], points[-1])
    assert thinned(points[:3]) == points[:3]
