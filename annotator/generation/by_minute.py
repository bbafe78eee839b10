"""Clips a minute of each worker, of late."""

from collections import defaultdict
from datetime import timedelta

from django.db.models import Count
from django.db.models.functions import TruncMinute
from django.utils import timezone

from annotator.generation.models import Clip, ClipState

MINUTES = 30


def clips_by_minute() -> dict[str, list[int]]:
    """By the worker's name: clips in each of the last MINUTES whole minutes, and in the one that runs, last."""
    this = timezone.now().replace(second=0, microsecond=0)
    first = this - timedelta(minutes=MINUTES - 1)
    found: dict[str, list[int]] = defaultdict(lambda: [0] * MINUTES)
    rows = (
        Clip.objects.filter(state=ClipState.READY, ready_at__gte=first)
        .order_by()
        .annotate(minute=TruncMinute("ready_at"))
        .values_list("worker", "minute")
        .annotate(Count("id"))
    )
    for worker, minute, clips in rows:
        place = (minute - first) // timedelta(minutes=1)
        if worker and place < MINUTES:
            found[worker][place] += clips
    return dict(found)
