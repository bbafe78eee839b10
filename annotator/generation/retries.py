"""Failed clips, tried again when a researcher says so."""

from django.db import transaction

from annotator.generation.arrivals import restore_candidates
from annotator.generation.models import Clip, ClipState

CLIPS_A_CHUNK = 500


def retry_failed(batch_id: int, *, error: str | None = None) -> int:
    """Queues the batch's failed clips again, or those that say `error`, where a task can still take them: one that
    nobody was given yet. What people have begun to judge stays as it was shown. Returns how many clips it queued."""
    said = {} if error is None else {"error": error}
    retried, after = 0, 0
    while True:
        with transaction.atomic():
            failed = Clip.objects.filter(state=ClipState.FAILED, pk__gt=after, candidates__task__batch=batch_id, **said)
            chosen = list(failed.order_by("id").values_list("id", flat=True).distinct()[:CLIPS_A_CHUNK])
            if not chosen:
                return retried
            locked = (
                Clip.objects.select_for_update().filter(pk__in=chosen, state=ClipState.FAILED, **said).order_by("id")
            )
            restored = restore_candidates(list(locked.values_list("id", flat=True)))
            retried += Clip.objects.filter(pk__in=restored, state=ClipState.FAILED).update(
                state=ClipState.QUEUED, attempt=0, failures=0, error="", worker="", wanted_by=batch_id
            )
        after = chosen[-1]
