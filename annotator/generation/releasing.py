"""An ended batch lets go: of its tasks that were never full, and of the clips that it alone still waited for."""

from collections import defaultdict
from functools import partial
from time import monotonic

from django.db import transaction
from django.db.models import Exists, Min, OuterRef

from annotator.generation.models import Batch, BatchState, Candidate, Clip, ClipState, PreviewClip, Task, TaskState
from annotator.generation.outbox import send_drop

ROWS_A_CHUNK = 500
SECONDS_A_TURN = 2.0
WAITING = [ClipState.QUEUED, ClipState.RUNNING]


def release(batch_id: int) -> None:
    """Chunk by chunk, for SECONDS_A_TURN or so: what is left then, or after a crash, the dispatcher finds."""
    end = monotonic() + SECONDS_A_TURN
    for release_chunk in (void_tasks, release_clips):
        last = release_chunk(batch_id, after=0)
        while last is not None and monotonic() < end:
            last = release_chunk(batch_id, after=last)


def void_tasks(batch_id: int, *, after: int) -> int | None:
    """Tasks that wait for clips wait no longer. Takes a chunk after the id `after`; returns its last id, or None."""
    with transaction.atomic():
        filling = Task.objects.filter(batch=batch_id, state=TaskState.FILLING, pk__gt=after).order_by("id")
        ids = list(filling.select_for_update().values_list("id", flat=True)[:ROWS_A_CHUNK])
        unready = Candidate.objects.filter(task__in=ids, dropped=False).exclude(clip__state=ClipState.READY)
        unready.update(dropped=True)
        Task.objects.filter(pk__in=ids).update(state=TaskState.VOID, missing_clips=0)
    return ids[-1] if ids else None


def release_clips(batch_id: int, *, after: int) -> int | None:
    """Clips that another open batch waits for are its own from now on, and those that a preview waits for are left to
    it; the others go, and the workers that hold them are told. Takes a chunk after the id `after`; returns its last
    id, or None."""
    with transaction.atomic():
        wanted = Clip.objects.select_for_update().filter(wanted_by=batch_id, state__in=WAITING, pk__gt=after)
        wanted = wanted.order_by("id")
        clips = {clip.pk: clip for clip in wanted.only("key", "state", "worker")[:ROWS_A_CHUNK]}
        heirs = (
            Candidate.objects.filter(clip__in=clips, dropped=False, task__batch__state=BatchState.OPEN)
            .values_list("clip_id")
            .annotate(heir=Min("task__batch_id"))
        )
        handed: dict[int, list[int]] = defaultdict(list)
        for clip_id, heir in heirs:
            handed[heir].append(clip_id)
        for heir, ids in handed.items():
            Clip.objects.filter(pk__in=ids).update(wanted_by=heir)
        unwanted = set(clips).difference(*handed.values())
        Candidate.objects.filter(clip__in=unwanted).delete()
        looked_at = PreviewClip.objects.filter(clip__in=unwanted, preview__ended_at=None)
        left = set(looked_at.values_list("clip_id", flat=True))
        Clip.objects.filter(pk__in=left).update(wanted_by=None)
        unwanted -= left
        Clip.objects.filter(pk__in=unwanted).delete()
        drops: dict[str, list[str]] = defaultdict(list)
        for clip_id in sorted(unwanted):
            if clips[clip_id].state == ClipState.RUNNING:
                drops[clips[clip_id].worker].append(clips[clip_id].key)
        for worker, keys in drops.items():
            transaction.on_commit(partial(send_drop, worker=worker, keys=keys), robust=True)
    return max(clips, default=None)


def release_leftovers() -> int:
    """A dispatch duty: lets go of what a process that died while it ended a batch left behind. Returns how many
    batches it found so."""
    clips = Clip.objects.filter(wanted_by=OuterRef("pk"))
    left = Batch.objects.exclude(state=BatchState.OPEN).filter(
        Exists(clips.filter(state=ClipState.QUEUED))
        | Exists(clips.filter(state=ClipState.RUNNING))
        | Exists(Task.objects.filter(batch=OuterRef("pk"), state=TaskState.FILLING))
    )
    ids = list(left.values_list("id", flat=True))
    for batch_id in ids:
        release(batch_id)
    return len(ids)
