"""A trainer that says it is free gets the run that waits longest."""

from datetime import datetime, timedelta

from django.db.models import F, Q
from django.utils import timezone
from kombu.exceptions import OperationalError

from annotator.releases.models import ExportState
from annotator.training.models import Recipe, TrainingRun, TrainingState
from annotator.training.outbox import send_train
from annotator.training.recipes import RECIPES
from inference_worker.messages import LEASE_SECONDS, Train


def lease_end() -> datetime:
    return timezone.now() + timedelta(seconds=LEASE_SECONDS)


def hand_out(*, trainer: str) -> TrainingRun | None:
    """None where nothing waits, another was faster, or the trainer was given a run that it has not said yes to."""
    if TrainingRun.objects.filter(state=TrainingState.RUNNING, trainer=trainer).exists():
        return None
    waiting = TrainingRun.objects.filter(state=TrainingState.QUEUED)
    lost = waiting.filter(export__state__in=[ExportState.FAILED, ExportState.CANCELLED])
    for unpacked in lost.select_related("export"):
        end_unpacked(unpacked)
    run = waiting.filter(Q(export=None) | Q(export__state=ExportState.READY)).order_by("id").first()
    if run is None:
        return None
    claimed = TrainingRun.objects.filter(pk=run.pk, state=TrainingState.QUEUED).update(
        state=TrainingState.RUNNING, trainer=trainer, attempt=F("attempt") + 1, lease_until=lease_end()
    )
    if not claimed:
        return None
    run = TrainingRun.objects.select_related("initial", "export").get(pk=run.pk)
    try:
        send_train(trainer=trainer, message=order_of(run))
    except OperationalError:
        TrainingRun.objects.filter(pk=run.pk, state=TrainingState.RUNNING, attempt=run.attempt).update(
            state=TrainingState.QUEUED, lease_until=None
        )
        raise
    return run


def end_unpacked(run: TrainingRun) -> None:
    reason = (run.export.error if run.export else "") or "its export was cancelled."
    TrainingRun.objects.filter(pk=run.pk, state=TrainingState.QUEUED).update(
        state=TrainingState.FAILED, error=f"The release could not be packed: {reason}", ended_at=timezone.now()
    )


def order_of(run: TrainingRun) -> Train:
    folder = {"data": {**run.config.get("data", {}), "release": run.data}} if run.data else {}
    return Train(
        run=str(run.public_id),
        attempt=run.attempt,
        name=run.name,
        recipe=run.recipe,
        config={**run.config, **folder},
        starts_from=RECIPES[Recipe(run.recipe)].starts_from,
        uri=run.initial.uri,
        sha256=run.initial.sha256,
        release=run.export.file if run.export else None,
    )
