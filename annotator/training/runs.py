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
from annotator.training.recipes import RECIPES, Need

NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,79}")


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
    """Queues a run; of a release, it waits until that is packed. `config` is what differs from the recipe's defaults.

    Raises ValidationError.
    """
    description = RECIPES[recipe]
    if not NAME.fullmatch(name):
        raise ValidationError({"name": "Small letters, digits, dots, - and _ are expected, 80 at most."})
    if initial.engine != Engine.STICKER_DIFFUSION:
        raise ValidationError(
            {"initial": f"{initial.name} is a public pipeline: it generates, and is not trained here."}
        )
    if release is not None and data:
        raise ValidationError({"data": "Give a release or a folder of clips, not both."})
    if description.release == Need.NEEDED and release is None and not data:
        raise ValidationError({"release": f"A release is expected: a {description.name} learns from one."})
    if description.release == Need.NONE and (release is not None or data):
        raise ValidationError({"release": f"{description.name} learns from procedural clips: give no release."})
    if release is not None:
        check_release_trains(release)
    complete = description.complete(config)
    if Checkpoint.objects.filter(name=name).exists():
        raise ValidationError({"name": f"A checkpoint is named {name} already: choose another name."})
    try:
        with transaction.atomic():
            exported = packed(release, by=created_by, only_shareable=description.only_shareable) if release else None
            run = TrainingRun.objects.create(
                name=name,
                recipe=recipe,
                initial=initial,
                config=complete,
                release=release,
                export=exported,
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


def packed(release: Release, *, by: User, only_shareable: bool = True) -> Export:
    """The release's clips as lossless masters, as the recipe reads them; asked for where they are not packed yet."""
    kind: dict[str, Any] = {
        "layout": Layout.FOLDER,
        "clips": ClipFiles.MASTER,
        "only_shareable": only_shareable,
    }
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
