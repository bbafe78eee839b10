"""Who sees which training runs; all else answers 404."""

from uuid import UUID

from django.shortcuts import get_object_or_404

from annotator.training.models import TrainingRun


def run_to_steer(*, public_id: UUID) -> TrainingRun:
    """Researchers see and steer every run; the views let nobody else in."""
    runs = TrainingRun.objects.select_related("initial", "output__parent", "release", "created_by")
    return get_object_or_404(runs, public_id=public_id)
