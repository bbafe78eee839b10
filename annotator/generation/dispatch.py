"""Keeps live workers supplied: picks clips by SQL, so that pauses, priorities and ends act at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from math import inf

from django.db import transaction
from django.db.models import Count, Exists, F, Max, OuterRef, QuerySet, Subquery
from django.utils import timezone
from kombu.exceptions import OperationalError

from annotator.generation.leases import lease_end
from annotator.generation.models import Batch, BatchState, Clip, ClipState, Preview, PreviewClip, Worker
from annotator.generation.outbox import send_generate
from inference_worker.messages import ClipRequest, Generate

LIVE_SECONDS = 30
# How far to look for clips to go with the first one: far enough for nine sources, and the same at any queue length.
LOOK_AHEAD = 256
# A clip that was lost this often may be what ends its workers: it goes alone, so that it takes no other along.
ALONE_AFTER = 2
TRIES = 3


def fill_workers() -> int:
    """A dispatch duty: gives every live worker up to two micro-batches, the emptiest first. Returns how many clips."""
    since = timezone.now() - timedelta(seconds=LIVE_SECONDS)
    workers = list(Worker.objects.filter(last_seen_at__gte=since, stopping=False))
    if not workers:
        return 0
    running = (
        Clip.objects.filter(state=ClipState.RUNNING).values("worker").annotate(count=Count("id"), most=Max("attempt"))
    )
    in_flight = {
        name: inf if most > ALONE_AFTER else count
        for name, count, most in running.values_list("worker", "count", "most")
    }
    sent = 0
    hungry = [worker for worker in workers if in_flight.get(worker.name, 0) <= worker.micro_batch]
    while hungry:
        worker = min(hungry, key=lambda worker: in_flight.get(worker.name, 0) / worker.micro_batch)
        clips = hand_out(worker)
        if not clips:
            break
        sent += len(clips)
        in_flight[worker.name] = inf if clips[0].attempt > ALONE_AFTER else in_flight.get(worker.name, 0) + len(clips)
        hungry = [worker for worker in hungry if in_flight.get(worker.name, 0) <= worker.micro_batch]
    return sent


def hand_out(worker: Worker) -> list[Clip]:
    """Gives a worker the next micro-batch; empty where no clip waits, or others hold the rows for the moment."""
    for _ in range(TRIES):
        turn = next_turn()
        if turn is None:
            break
        clips = claim(choose(turn.queue, at_most=worker.micro_batch), turn=turn, worker=worker.name)
        if clips:
            deliver(clips, worker=worker.name)
            return clips
    return []


@dataclass(frozen=True)
class Turn:
    """Whose clips go next, a preview's or a batch's, and these in order."""

    of: QuerySet[Preview] | QuerySet[Batch]
    queue: QuerySet[Clip]


def next_turn() -> Turn | None:
    """Previews go before batches: somebody sits and waits for them."""
    queued = Clip.objects.filter(state=ClipState.QUEUED)
    if (preview_id := next_preview()) is not None:
        return Turn(Preview.objects.filter(pk=preview_id), queued.filter(previews=preview_id).order_by("id"))
    if (batch_id := next_batch()) is not None:
        # As a range, and in this order, only the index of queued clips by batch fits. With `=`, PostgreSQL would walk
        # along all clips by id, past those of every batch before it.
        of_batch = queued.filter(wanted_by__gte=batch_id, wanted_by__lte=batch_id)
        return Turn(Batch.objects.filter(pk=batch_id), of_batch.order_by("wanted_by", "id"))
    return None


def next_preview() -> int | None:
    return waiting_previews().values_list("id", flat=True).first()


def waiting_previews() -> QuerySet[Preview]:
    """In the order of their turns: the oldest of the person served longest ago comes first."""
    waiting = PreviewClip.objects.filter(preview=OuterRef("pk"), clip__state=ClipState.QUEUED)
    own = Preview.objects.filter(asked_by=OuterRef("asked_by"), ended_at=None).order_by()
    served = own.values("asked_by").annotate(last=Max("served_at")).values("last")
    previews = Preview.objects.filter(Exists(waiting), ended_at=None)
    return previews.order_by(Subquery(served).asc(nulls_first=True), "id")


def next_batch() -> int | None:
    return waiting_batches().values_list("id", flat=True).first()


def waiting_batches() -> QuerySet[Batch]:
    """In the order of their turns: highest priority first, among equals the one served longest ago."""
    waiting = Clip.objects.filter(wanted_by=OuterRef("pk"), state=ClipState.QUEUED)
    batches = Batch.objects.filter(Exists(waiting), state=BatchState.OPEN, generation_paused=False)
    return batches.order_by("-priority", F("served_at").asc(nulls_first=True), "id")


def choose(queue: QuerySet[Clip], *, at_most: int) -> list[int]:
    """The first clip that waits, and those near it that can be sampled with it."""
    near = list(queue.values_list("id", "grouping", "attempt")[: max(LOOK_AHEAD, 16 * at_most)])
    if not near or near[0][2] >= ALONE_AFTER:
        return [pk for pk, _, _ in near[:1]]
    return [pk for pk, grouping, attempt in near if grouping == near[0][1] and attempt < ALONE_AFTER][:at_most]


def claim(clip_ids: Sequence[int], *, turn: Turn, worker: str) -> list[Clip]:
    """Those of the clips that are still queued, now running on `worker`: of two claims on a clip, one gets it."""
    with transaction.atomic():
        queued = turn.queue.select_for_update(skip_locked=True, of=("self",)).filter(pk__in=clip_ids)
        ids = list(queued.order_by("id").values_list("id", flat=True))
        moved = Clip.objects.filter(pk__in=ids, state=ClipState.QUEUED).update(
            state=ClipState.RUNNING, worker=worker, attempt=F("attempt") + 1, lease_until=lease_end()
        )
        if moved:
            turn.of.update(served_at=timezone.now())
        return list(Clip.objects.filter(pk__in=ids).select_related("checkpoint").order_by("id"))


def deliver(clips: Sequence[Clip], *, worker: str) -> None:
    """Sends the claimed clips, or puts them back where the broker does not take them."""
    first = clips[0]
    requests = [
        ClipRequest(key=clip.key, caption=clip.caption, sticker=clip.sticker, seed=clip.seed, attempt=clip.attempt)
        for clip in clips
    ]
    message = Generate(
        engine=first.checkpoint.engine,
        checkpoint=first.checkpoint.sha256,
        uri=first.checkpoint.uri,
        settings=first.settings,
        clips=[request.to_json() for request in requests],
    )
    try:
        send_generate(worker=worker, message=message)
    except OperationalError:
        for clip in clips:
            Clip.objects.filter(pk=clip.pk, state=ClipState.RUNNING, worker=worker, attempt=clip.attempt).update(
                state=ClipState.QUEUED, worker="", attempt=F("attempt") - 1, lease_until=None
            )
        raise
