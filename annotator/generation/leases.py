"""A running clip's row is its lease: the worker that holds it says so every few seconds, or loses it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

from django.db import transaction
from django.utils import timezone

from annotator.generation.models import Clip, ClipState
from annotator.generation.outbox import send_drop
from inference_worker.messages import LEASE_SECONDS


def lease_end() -> datetime:
    return timezone.now() + timedelta(seconds=LEASE_SECONDS)


def end_lost_leases(*, worker: str, held: Sequence[str], up_seconds: float) -> int:
    """A worker that started `up_seconds` ago holds nothing from before: such leases end now. Returns how many."""
    started = timezone.now() - timedelta(seconds=up_seconds)
    before = started + timedelta(seconds=LEASE_SECONDS)
    lost = Clip.objects.filter(state=ClipState.RUNNING, worker=worker, lease_until__lt=before).exclude(key__in=held)
    return lost.update(lease_until=timezone.now())


def extend_leases(*, worker: str, keys: Sequence[str]) -> int:
    """The worker holds these clips: their leases move, and those it lost by silence are its own again unless somebody
    else has them. What it should not be working on (ended, or another worker's) it is told to drop. Returns how many
    leases moved."""
    if not keys:
        return 0
    with transaction.atomic():
        locked = Clip.objects.select_for_update().filter(key__in=keys).order_by("id").only("key", "state", "worker")
        own = [clip for clip in locked if clip.worker == worker]
        held = [clip.pk for clip in own if clip.state in {ClipState.QUEUED, ClipState.RUNNING}]
        Clip.objects.filter(pk__in=held).update(state=ClipState.RUNNING, lease_until=lease_end())
        finished = {clip.key for clip in own if clip.state == ClipState.READY}
        strays = sorted(set(keys) - finished - {clip.key for clip in own if clip.pk in held})
        if strays:
            transaction.on_commit(partial(send_drop, worker=worker, keys=strays), robust=True)
    return len(held)
