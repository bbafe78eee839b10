"""Training runs are asked for, cancelled and resumed."""

import re
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from annotator.accounts.models import User
from annotator.audit.recording import record
from annotator.checkpoints.models import Checkpoint, Engine
from annotator.releases.exports import ask_export
from annotator.releases.models import ClipFiles, Export, ExportState, Layout, Purpose, Release, ReleaseState
from annotator.releases.rule import Rule
from annotator.training.models import Recipe, TrainingRun, TrainingState
from annotator.training.outbox import tell_to_stop

NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,79}")
STARTS_FROM = {Recipe.FINETUNE: "initial", Recipe.DISTIL: "teacher"}
"""The key of a recipe's configuration that is the checkpoint's folder."""


class RunStateError(Exception):
    """A run that is not in a state for what was asked."""


def ask_run(
    *,
    name: str,
    recipe: Recipe,
    initial: Checkpoint,
    config: dict[str, Any],
    created_by: User,
    release: Release | None = None,
    data: str = "",
) -> TrainingRun:
    """Queues a run. Of a release, it waits until that is packed. Only the trainer knows the recipe's keys, and checks
    them. Raises ValidationError."""
    if not NAME.fullmatch(name):
        raise ValidationError({"name": "Small letters, digits, dots, - and _ are expected, 80 at most."})
    if initial.engine != Engine.STICKER_DIFFUSION:
        raise ValidationError(
            {"initial": f"{initial.name} is a public pipeline: it generates, and is not trained here."}
        )
    if not isinstance(config, dict):
        raise ValidationError({"config": "An object of settings is expected."})
    if key := next((key for key in ("initial", "teacher") if key in config), None):
        raise ValidationError(
            {"config": f"{key}: the run's own checkpoint is given as `initial`, beside the settings."}
        )
    if release is not None and data:
        raise ValidationError({"data": "Give a release or a folder of clips, not both."})
    if recipe == Recipe.FINETUNE and release is None and not data:
        raise ValidationError({"release": "A release is expected: a HITL finetune learns from one."})
    if release is not None:
        check_release_trains(release)
    if not ({"clips", "minutes"} & set(config)):
        raise ValidationError({"config": "A budget is expected: clips, or minutes."})
    if Checkpoint.objects.filter(name=name).exists():
        raise ValidationError({"name": f"A checkpoint is named {name} already: choose another name."})
    try:
        with transaction.atomic():
            run = TrainingRun.objects.create(
                name=name,
                recipe=recipe,
                initial=initial,
                config=config,
                release=release,
                export=packed(release, by=created_by) if release else None,
                data=data,
                created_by=created_by,
            )
            after = {"recipe": recipe.value, "initial": initial.name, "release": release.name if release else data}
            record(verb="training.asked", by=created_by, subject=run, after=after)
            return run
    except IntegrityError:
        raise ValidationError({"name": f"A training run is named {name} already: choose another name."}) from None


def check_release_trains(release: Release) -> None:
    if release.state != ReleaseState.FROZEN:
        raise ValidationError({"release": f"{release.name} is {release.state}: a frozen release is expected."})
    if release.withdrawn_at is not None:
        raise ValidationError({"release": f"{release.name} was withdrawn: {release.withdrawal}"})
    if release.purpose != Purpose.TRAINING:
        raise ValidationError({"release": f"{release.name} is to measure with: a training release is expected."})


def packed(release: Release, *, by: User) -> Export:
    """The release's shareable clips as lossless masters, as the finetuning reads them; asked for where it is not."""
    kind: dict[str, Any] = {"layout": Layout.FOLDER, "clips": ClipFiles.MASTER, "only_shareable": True}
    usable = release.exports.filter(**kind).exclude(state__in=[ExportState.FAILED, ExportState.CANCELLED])
    return usable.first() or ask_export(release=release, rule=Rule.of(release.rule), by=by, **kind)


def cancel_run(run: TrainingRun, *, by: User) -> None:
    """Ends a run that waits or runs; its trainer saves, and stops within a step. Raises RunStateError."""
    live = TrainingRun.objects.filter(pk=run.pk, state__in=[TrainingState.QUEUED, TrainingState.RUNNING])
    with transaction.atomic():
        cancelled = live.update(state=TrainingState.CANCELLED, lease_until=None, ended_at=timezone.now())
        if cancelled:
            record(verb="training.cancelled", by=by, subject=run)
    run.refresh_from_db()
    if not cancelled:
        raise RunStateError(f"{run.name} is {run.state} already: only a queued or running run can be cancelled.")
    if run.trainer:
        transaction.on_commit(lambda: tell_to_stop(run), robust=True)


def resume_run(run: TrainingRun, *, by: User) -> None:
    """Queues a failed or cancelled run again, to go on where it was saved. Raises RunStateError."""
    ended = TrainingRun.objects.filter(pk=run.pk, state__in=[TrainingState.FAILED, TrainingState.CANCELLED])
    with transaction.atomic():
        resumed = ended.update(state=TrainingState.QUEUED, failures=0, error="", ended_at=None)
        if resumed:
            record(verb="training.resumed", by=by, subject=run)
    run.refresh_from_db()
    if not resumed:
        raise RunStateError(f"{run.name} is {run.state}: only a failed or cancelled run can be resumed.")
