"""What is told of training runs beside their rows."""

from collections.abc import Iterator
from datetime import timedelta

from django.db.models import QuerySet
from django.utils import timezone

from annotator.training.models import Trainer, TrainingRun, TrainingState
from inference_worker.messages import LEASE_SECONDS


def minutes_left(run: TrainingRun) -> float | None:
    """At the pace so far; None before the curve begins, and for a run that does not run."""
    if run.state != TrainingState.RUNNING or not run.progress:
        return None
    return round(run.seconds * (1 - run.progress) / run.progress / 60, 1)


def live_trainers() -> QuerySet[Trainer]:
    """Those heard of within a lease's length."""
    return Trainer.objects.filter(last_seen_at__gte=timezone.now() - timedelta(seconds=LEASE_SECONDS))


def blobs() -> Iterator[str]:
    """The newest samples of each run."""
    yield from TrainingRun.objects.exclude(sheet="").values_list("sheet", flat=True).iterator()
