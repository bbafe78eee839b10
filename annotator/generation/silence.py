"""Clips whose worker has said nothing for a lease's length."""

import logging

from django.db import IntegrityError, transaction
from django.utils import timezone

from annotator.generation.models import Clip, ClipState
from annotator.generation.results import MOST_ATTEMPTS, give_up, record_ready
from annotator.media import store
from inference_worker.messages import LEASE_SECONDS, ClipReady

CLIPS_A_TURN = 200

log = logging.getLogger(__name__)


def collect_silent_clips() -> int:
    """A dispatch duty: a silent clip whose result is on record is ready; any other waits again, or has failed after
    MOST_ATTEMPTS. Returns how many it moved."""
    silent = Clip.objects.filter(state=ClipState.RUNNING, lease_until__lt=timezone.now()).order_by("lease_until")
    return sum(collect(clip) for clip in silent.only("key", "attempt", "worker")[:CLIPS_A_TURN])


def collect(clip: Clip) -> bool:
    try:
        record = store.get_record("results", clip.key)
        if record is not None:
            return record_ready(ClipReady.from_json(record))
    except (ValueError, IntegrityError) as error:
        return end_silence(clip, unreadable=f"Its result record cannot be read: {error}")
    return end_silence(clip)


def end_silence(clip: Clip, *, unreadable: str = "") -> bool:
    with transaction.atomic():
        silent = Clip.objects.select_for_update().filter(
            pk=clip.pk, state=ClipState.RUNNING, attempt=clip.attempt, lease_until__lt=timezone.now()
        )
        current = silent.first()
        if current is None:
            return False
        log.warning("clip %s: no word from %s for %s s", current.key[:12], current.worker, LEASE_SECONDS)
        if unreadable or current.attempt >= MOST_ATTEMPTS:
            give_up(current, error=unreadable or f"No worker answered for {LEASE_SECONDS} s, {current.attempt} times.")
            return True
        # The worker's name stays: should it speak up before another has the clip, it may go on.
        return bool(silent.update(state=ClipState.QUEUED, lease_until=None))
