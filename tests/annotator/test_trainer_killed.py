"""The whole way of a training run through real processes, one of which is killed: it goes on, and ends registered."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest

from annotator.accounts.models import User
from annotator.checkpoints.registration import register_checkpoint
from annotator.training.models import Recipe, TrainingRun, TrainingState
from annotator.training.runs import ask_run
from tests.conftest import Live
from tests.sticker_diffusion.small_run import small_settings

CLIPS = 1200


@pytest.fixture
def run(researcher: User, tmp_path: Path) -> TrainingRun:
    settings = dataclasses.asdict(small_settings(tmp_path, clips=CLIPS))
    release = settings["data"].pop("release")
    config = {key: value for key, value in settings.items() if key not in ("initial", "minutes", "device")}
    initial, _ = register_checkpoint(place=settings["initial"])
    return ask_run(
        name="student", recipe=Recipe.FINETUNE, initial=initial, config=config, data=release, created_by=researcher
    )


@pytest.mark.processes
@pytest.mark.timeout(600)
def test_a_run_whose_trainer_is_killed_goes_on_with_the_next_and_its_checkpoint_is_registered(
    live: Live, run: TrainingRun, tmp_path: Path, wait_until: Callable[..., None]
) -> None:
    live.lines["trainer"] = f"python -m inference_worker.trainer --runs {tmp_path / 'runs'}"
    live.start("dispatcher")
    live.start("results")
    trainer = live.start("trainer")

    def now() -> TrainingRun:
        run.refresh_from_db()
        return run

    wait_until(lambda: now().progress > 0, seconds=180, what="the run has a curve")
    trainer.popen.kill()
    trainer.popen.wait()
    before = now()
    assert before.state == TrainingState.RUNNING
    learnt = list(before.curve)

    live.start("trainer")
    wait_until(lambda: now().state == TrainingState.DONE, seconds=300, what="the run is done")
    assert (run.attempt, run.error) == (2, "")
    assert run.curve[: len(learnt)] == learnt, "it went on, and did not begin again"
    assert run.curve[-1]["step"] == CLIPS // 4
    assert run.output is not None
    assert (run.output.name, run.output.role, run.output.parent) == ("student", "student", run.initial)
    assert "released clips" in run.output.card
