"""Closes batches that have been finished for a day; until then their annotations can be revised."""

from datetime import timedelta

from django.core.exceptions import ValidationError
from django.db.models import Exists, OuterRef
from django.utils import timezone

from annotator.generation.batches import close_batch
from annotator.generation.models import Batch, BatchState, Task, TaskKind, TaskState

REVISABLE = timedelta(hours=24)


def close_finished_batches() -> int:
    """A dispatch duty. Returns how many batches it closed."""
    unfinished = Task.objects.filter(
        batch=OuterRef("pk"),
        kind=TaskKind.ORDINARY,
        state__in=[TaskState.FILLING, TaskState.OPEN, TaskState.HELD],
    )
    finished = Batch.objects.filter(
        ~Exists(unfinished),
        state=BatchState.OPEN,
        filled_at__isnull=False,
        last_task_done_at__lt=timezone.now() - REVISABLE,
    )
    closed = 0
    for batch_id in list(finished.values_list("id", flat=True)):
        try:
            close_batch(batch_id)
        except ValidationError:  # a researcher cancelled it meanwhile
            continue
        closed += 1
    return closed
