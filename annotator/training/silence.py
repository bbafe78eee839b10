"""Runs whose trainer has said nothing for a lease's length."""

from django.db.models import F
from django.utils import timezone

from annotator.training.models import TrainingRun, TrainingState
from annotator.training.results import MOST_FAILURES, fail
from inference_worker.messages import LEASE_SECONDS


def collect_silent_runs() -> int:
    """A dispatch duty: a silent run waits for the next trainer, or has failed after MOST_FAILURES without a step
    between them. Returns how many it moved."""
    silent = TrainingRun.objects.filter(state=TrainingState.RUNNING, lease_until__lt=timezone.now())
    lost = f"No trainer answered for {LEASE_SECONDS} s, {MOST_FAILURES} times."
    failed = fail(silent.filter(failures__gte=MOST_FAILURES - 1), error=lost)
    return failed + silent.update(state=TrainingState.QUEUED, failures=F("failures") + 1, lease_until=None)
