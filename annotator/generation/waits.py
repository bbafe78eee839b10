"""How long the clips of a preview will take: by what stands before them, and by how long such clips took of late."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone

from annotator.generation.dispatch import LIVE_SECONDS
from annotator.generation.models import Clip, ClipState, Preview, PreviewClip, Worker
from annotator.generation.pace import Pace, pace_of


@dataclass(frozen=True, kw_only=True)
class Wait:
    """`ahead`: clips that are sampled or begun before it. `seconds`: None where nothing was measured yet, or no worker
    runs."""

    ahead: int
    seconds: float | None


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A preview as its page shows it."""

    preview: Preview
    clips: list[Clip]
    workers: int
    waits: dict[int, Wait]


def see(preview: Preview) -> Seen:
    """Two queries, four while clips wait, and one for each of their sources."""
    clips = list(Clip.objects.filter(previews=preview).select_related("checkpoint").order_by("preview_places__id"))
    workers = live_workers()
    return Seen(preview=preview, clips=clips, workers=len(workers), waits=waits(preview, clips, workers))


def live_workers() -> list[str]:
    since = timezone.now() - timedelta(seconds=LIVE_SECONDS)
    return list(Worker.objects.filter(last_seen_at__gte=since, stopping=False).values_list("name", flat=True))


def waits(preview: Preview, clips: Sequence[Clip], workers: Collection[str]) -> dict[int, Wait]:
    """By clip id. A worker samples what it has in order; what is queued goes to whichever is free. People take turns,
    so a later preview of somebody else may go before some of these: then it takes longer than said here."""
    waiting = [clip for clip in clips if clip.state in {ClipState.QUEUED, ClipState.RUNNING}]
    if not waiting:
        return {}
    in_hand = Counter(Clip.objects.filter(state=ClipState.RUNNING).values_list("worker", flat=True))
    earlier = PreviewClip.objects.filter(preview__ended_at=None, preview__lt=preview.pk, clip__state=ClipState.QUEUED)
    before = set(earlier.values_list("clip_id", flat=True)) - {clip.pk for clip in waiting}
    paces: dict[str, Pace | None] = {
        clip.grouping: pace_of(
            checkpoint_id=clip.checkpoint_id, grouping=clip.grouping, settings=clip.settings, workers=workers
        )
        for clip in {clip.grouping: clip for clip in waiting}.values()
    }
    queued = in_hand.total() + len(before)
    found: dict[int, Wait] = {}
    for clip in sorted(waiting, key=lambda clip: clip.pk):
        if clip.state == ClipState.RUNNING:
            # What a worker has in hand it may sample in one micro-batch: all of it is an upper bound.
            ahead, turns = 0, in_hand[clip.worker]
        else:
            ahead, turns = queued, -(-(queued + 1) // max(1, len(workers)))
            queued += 1
        pace = paces[clip.grouping]
        found[clip.pk] = Wait(ahead=ahead, seconds=turns * pace.seconds if pace and workers else None)
    return found
