"""Training runs: asked for, handed to a free trainer, leased by heartbeats, ended once."""

import dataclasses
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from kombu.exceptions import OperationalError

from annotator.accounts.models import User
from annotator.checkpoints.models import Checkpoint, Engine
from annotator.generation.models import Clip
from annotator.releases.exporting import write_next_export
from annotator.releases.exports import ExportStateError, forget_export
from annotator.releases.models import Export, Purpose, Release
from annotator.releases.releases import withdraw_release
from annotator.releases.rule import Rule
from annotator.training import handing_out, results
from annotator.training.models import Recipe, Trainer, TrainingRun, TrainingState
from annotator.training.recipes import RECIPES
from annotator.training.runs import RunStateError, ask_run, cancel_run, resume_run
from annotator.training.silence import collect_silent_runs
from inference_worker.blobs import BlobStore
from inference_worker.messages import (
    STOP_TRAINING_TASK,
    TRAIN_TASK,
    Message,
    Train,
    TrainerHeartbeat,
    TrainingFailed,
    TrainingFinished,
    TrainingProgress,
    TrainingReturned,
)
from tests.annotator.actors import checkpoint
from tests.annotator.released import a_judging, frozen
from tests.annotator.test_checkpoints import write_checkpoint

pytestmark = pytest.mark.django_db
Sent = list[tuple[str, str, dict[str, Any]]]


@pytest.fixture
def base() -> Checkpoint:
    return checkpoint("general-small")


def asked(researcher: User, base: Checkpoint, **changes: Any) -> TrainingRun:
    usual: dict[str, Any] = {
        "name": "student",
        "recipe": Recipe.FINETUNE,
        "initial": base,
        "config": {"clips": 100},
        "data": "/releases/spring",
        "created_by": researcher,
    }
    return ask_run(**{**usual, **changes})


def say(message: Message) -> None:
    """As it comes over the broker."""
    results.record(kind=type(message).__name__, data=json.loads(json.dumps(message.to_json())))


def beat(trainer: str = "tom", run: TrainingRun | None = None, **changes: Any) -> None:
    held = {} if run is None else {"run": str(run.public_id), "attempt": run.attempt}
    say(TrainerHeartbeat(trainer=trainer, device="cpu", **{**held, **changes}))


def about(run: TrainingRun) -> dict[str, Any]:
    run.refresh_from_db()
    return {"trainer": run.trainer, "run": str(run.public_id), "attempt": run.attempt}


def test_a_free_trainer_gets_the_run_that_waits_longest_and_one_at_a_time(
    researcher: User, base: Checkpoint, sent: Sent
) -> None:
    first, second = asked(researcher, base), asked(researcher, base, name="other")
    beat("tom")
    beat("tom")
    beat("tina")
    assert [(task, queue) for task, queue, _ in sent] == [(TRAIN_TASK, "train.tom"), (TRAIN_TASK, "train.tina")]
    order = Train.from_json(sent[0][2])
    assert (order.run, order.attempt, order.name, order.recipe) == (str(first.public_id), 1, "student", "finetune")
    assert (order.config["clips"], order.config["optimiser"]["lr"]) == (100, 0.001)
    assert order.config["data"] == {"release": "/releases/spring", "replay": 0.25, "weigh_by_share": False,
                                    "domain": "keyframes", "seed": 0}  # fmt: skip
    assert (order.starts_from, order.uri, order.sha256) == ("initial", base.uri, base.sha256)
    second.refresh_from_db()
    assert (second.state, second.trainer) == (TrainingState.RUNNING, "tina")
    assert Trainer.objects.count() == 2


def test_a_stopping_trainer_gets_nothing(researcher: User, base: Checkpoint, sent: Sent) -> None:
    asked(researcher, base)
    beat(stopping=True)
    assert sent == []


def test_a_run_waits_again_where_the_broker_does_not_take_it(
    researcher: User, base: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(**message: Any) -> None:
        raise OperationalError

    monkeypatch.setattr(handing_out, "send_train", fails)
    run = asked(researcher, base)
    with pytest.raises(OperationalError):
        beat()
    run.refresh_from_db()
    assert (run.state, run.lease_until) == (TrainingState.QUEUED, None)


def test_heartbeats_move_the_lease_and_a_silent_run_goes_to_another_trainer(
    researcher: User, base: Checkpoint, sent: Sent
) -> None:
    run = asked(researcher, base)
    beat()
    TrainingRun.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    run.refresh_from_db()
    beat(run=run)
    assert collect_silent_runs() == 0
    TrainingRun.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert collect_silent_runs() == 1
    beat("tina")
    late = about(run) | {"trainer": "tom", "attempt": 1}
    say(TrainingFailed(**late, error="killed", final=True))
    say(TrainingReturned(**late))
    run.refresh_from_db()
    assert (run.state, run.trainer, run.attempt) == (TrainingState.RUNNING, "tina", 2)
    # Tom, who comes back, is told to stop.
    beat("tom", run=run, attempt=1)
    assert (sent[-1][0], sent[-1][1]) == (STOP_TRAINING_TASK, "train.tom")


def test_a_run_fails_after_three_deaths_unless_its_curve_grew_between_them(
    researcher: User, base: Checkpoint, sent: Sent
) -> None:
    run = asked(researcher, base)
    for death in range(4):
        beat()
        if death == 1:
            say(TrainingProgress(**about(run), curve=[{"step": 25, "progress": 0.5, "seconds": 30.0}]))
        TrainingRun.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
        assert collect_silent_runs() == 1
        run.refresh_from_db()
        assert run.state == (TrainingState.FAILED if death == 3 else TrainingState.QUEUED)
    assert run.error == "No trainer answered for 30 s, 3 times."


def test_a_finished_run_registers_its_checkpoint_with_its_lineage_once(
    researcher: User, base: Checkpoint, sent: Sent, tmp_path: Path
) -> None:
    run = asked(researcher, base)
    beat()
    folder = write_checkpoint(tmp_path / "out", name="whatever the folder is called")
    message = TrainingFinished(**about(run), uri=folder.as_uri())
    say(message)
    say(message)
    run.refresh_from_db()
    assert (run.state, run.progress, run.lease_until) == (TrainingState.DONE, 1.0, None)
    made = run.output
    assert made is not None
    assert (made.name, made.role, made.parent, made.default_settings) == ("student", "student", base, {"steps": 8})


def test_a_checkpoint_that_cannot_be_registered_fails_its_run_with_the_reason(
    researcher: User, base: Checkpoint, sent: Sent, tmp_path: Path
) -> None:
    run = asked(researcher, base)
    beat()
    say(TrainingFinished(**about(run), uri=(tmp_path / "nothing").as_uri()))
    run.refresh_from_db()
    assert run.state == TrainingState.FAILED
    assert run.error.startswith("Trained, but not registered: ")


def test_a_wrong_setting_fails_at_once_and_a_break_is_tried_again(
    researcher: User, base: Checkpoint, sent: Sent
) -> None:
    wrong, broken = asked(researcher, base), asked(researcher, base, name="broken")
    beat()
    say(TrainingFailed(**about(wrong), error="unknown key lr\0", final=True))
    beat()
    say(TrainingFailed(**about(broken), error="out of memory", final=False))
    wrong.refresh_from_db()
    broken.refresh_from_db()
    assert (wrong.state, wrong.error) == (TrainingState.FAILED, "unknown key lr")
    assert (broken.state, broken.failures) == (TrainingState.QUEUED, 1)


def test_a_run_is_cancelled_once_and_can_be_resumed(
    researcher: User, base: Checkpoint, sent: Sent, django_capture_on_commit_callbacks: Any
) -> None:
    run = asked(researcher, base)
    with pytest.raises(RunStateError, match="only a failed or cancelled run"):
        resume_run(run, by=run.created_by)
    beat()
    run.refresh_from_db()
    with django_capture_on_commit_callbacks(execute=True):
        cancel_run(run, by=run.created_by)
    assert sent[-1] == (STOP_TRAINING_TASK, "train.tom", {"version": 1, "run": str(run.public_id)})
    say(TrainingFinished(**about(run), uri="file:///nowhere"))
    with pytest.raises(RunStateError, match="is cancelled already"):
        cancel_run(run, by=run.created_by)
    resume_run(run, by=run.created_by)
    assert (run.state, run.ended_at) == (TrainingState.QUEUED, None)
    beat()
    run.refresh_from_db()
    assert (run.state, run.attempt) == (TrainingState.RUNNING, 2)


def test_a_trainer_that_stops_hands_its_run_back(researcher: User, base: Checkpoint, sent: Sent) -> None:
    run = asked(researcher, base)
    beat()
    say(TrainingReturned(**about(run)))
    run.refresh_from_db()
    assert (run.state, run.failures) == (TrainingState.QUEUED, 0)


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"name": "My Student"}, "Small letters"),
        ({"name": "general-small"}, "A checkpoint is named general-small"),
        ({"data": ""}, "learns from one"),
        ({"config": {"clips": 0}}, "clips: a whole number from 1"),
        ({"config": {"initial": "x"}}, "given as `initial`"),
        ({"config": {"learning_rate": 1}}, "learning_rate: a run of the recipe HITL finetune has no such setting"),
        ({"recipe": Recipe.PRETRAIN}, "give no release"),
    ],
)
def test_a_run_that_could_not_work_is_refused(
    researcher: User, base: Checkpoint, changes: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(ValidationError, match=complaint):
        asked(researcher, base, **changes)


def test_a_run_keeps_the_defaults_of_its_day(researcher: User, base: Checkpoint, sent: Sent) -> None:
    run = asked(researcher, base, recipe=Recipe.PRETRAIN, data="", config={"batch": 16})
    assert (run.config["clips"], run.config["batch"], run.config["drill"]["captions"]) == (9600, 16, 64)
    beat()
    order = Train.from_json(sent[0][2])
    assert (order.recipe, order.starts_from, order.config) == ("pretrain", "initial", run.config)


def test_names_are_unique_and_pipelines_are_not_trained(researcher: User, base: Checkpoint) -> None:
    asked(researcher, base)
    with pytest.raises(ValidationError, match="A training run is named student"):
        asked(researcher, base)
    pipeline = checkpoint("svd")
    pipeline.engine = Engine.DIFFUSERS
    with pytest.raises(ValidationError, match="public pipeline"):
        asked(researcher, pipeline, name="other")


def test_the_database_holds_state_lease_and_output_together(researcher: User, base: Checkpoint) -> None:
    run = asked(researcher, base)
    for impossible in ({"state": "running"}, {"state": "done"}, {"lease_until": timezone.now()}, {"output": base}):
        with pytest.raises(IntegrityError), transaction.atomic():
            TrainingRun.objects.filter(pk=run.pk).update(**impossible)


def test_messages_of_other_versions_are_dropped(caplog: pytest.LogCaptureFixture) -> None:
    results.record(kind="TrainingEnlightened", data={})
    results.record(kind="TrainingFinished", data={"trainer": "tom"})
    assert "does not know" in caplog.text
    assert "cannot be read" in caplog.text


@pytest.fixture
def release(researcher: User, blobs: BlobStore) -> Release:
    a_judging(researcher)
    return frozen("spring", researcher, Rule(), Purpose.TRAINING)


def test_a_run_of_a_release_waits_until_it_is_packed_and_carries_it(
    researcher: User, base: Checkpoint, release: Release, sent: Sent
) -> None:
    run = asked(researcher, base, name="learner", data="", release=release)
    beat()
    assert not sent, "it is not packed yet"
    assert write_next_export()
    beat()
    ((_, _, message),) = sent
    export = Export.objects.get()
    assert (message["release"], export.layout, export.clips) == (export.file, "folder", "master")
    assert export.only_shareable
    again = asked(researcher, base, name="another", data="", release=release)
    assert (again.export, run.release) == (export, release), "packed once"
    with pytest.raises(ExportStateError, match="learns from this file"):
        forget_export(export)


def test_a_recipe_that_learns_from_what_was_not_shared_gets_all_clips(
    researcher: User, base: Checkpoint, release: Release, sent: Sent, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked(researcher, base, name="learner", data="", release=release)
    everything = dataclasses.replace(RECIPES[Recipe.DISTIL], only_shareable=False)
    monkeypatch.setitem(RECIPES, Recipe.DISTIL, everything)
    run = asked(researcher, base, name="all", recipe=Recipe.DISTIL, data="", release=release)
    assert run.export is not None
    assert not run.export.only_shareable
    assert Export.objects.count() == 2


def test_a_release_that_cannot_be_packed_fails_its_run(
    researcher: User, base: Checkpoint, release: Release, blobs: BlobStore, sent: Sent
) -> None:
    run = asked(researcher, base, name="learner", data="", release=release)
    for name in Clip.objects.values_list("master", flat=True):
        blobs.delete(name)
    write_next_export()
    beat()
    run.refresh_from_db()
    assert run.state == TrainingState.FAILED
    assert "could not be packed: the blob" in run.error
    assert not sent


def test_only_a_training_release_that_stands_is_trained_on(
    researcher: User, admin: User, base: Checkpoint, release: Release
) -> None:
    measuring = frozen("measuring", researcher)
    with pytest.raises(ValidationError, match="is to measure with"):
        asked(researcher, base, data="", release=measuring)
    with pytest.raises(ValidationError, match="not both"):
        asked(researcher, base, release=release)
    withdraw_release(release, reason="wrong prompts", by=admin)
    with pytest.raises(ValidationError, match="was withdrawn: wrong prompts"):
        asked(researcher, base, data="", release=release)
    assert not TrainingRun.objects.exists()
