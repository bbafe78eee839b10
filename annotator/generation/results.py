"""Records what workers say. Messages may come twice, late and out of order, and two recorders may run at once."""

import logging

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from annotator.generation.arrivals import clip_arrived, clip_failed, restore_candidates
from annotator.generation.leases import end_lost_leases, extend_leases
from annotator.generation.models import Clip, ClipState, Worker
from inference_worker.messages import (
    LEASE_SECONDS,
    RESULT_TYPES,
    ClipFailed,
    ClipReady,
    ClipsReturned,
    ClipStarted,
    Heartbeat,
    Json,
    MessageError,
)

MOST_FAILURES = 3
# Also those that were lost with their worker, or with the broker's memory.
MOST_ATTEMPTS = 8
LONGEST_ERROR = 2_000

log = logging.getLogger(__name__)


def record(*, kind: str, data: Json) -> None:
    """Records one message. One that cannot be understood is logged and dropped: sending it again would not help."""
    message_type = RESULT_TYPES.get(kind)
    if message_type is None:
        log.error("a worker sent a %r, which this version does not know", kind)
        return
    try:
        message = message_type.from_json(data)
    except MessageError as error:
        log.error("a worker sent a message that cannot be read: %s", error)
        return
    match message:
        case ClipStarted():
            extend_leases(worker=message.worker, keys=message.keys)
        case ClipReady():
            record_ready(message)
        case ClipFailed():
            record_failed(message)
        case ClipsReturned():
            record_returned(message)
        case Heartbeat():
            record_heartbeat(message)


def record_ready(message: ClipReady) -> bool:
    """The first result is the clip; False for any later one, and for a clip that nobody wants any more."""
    with transaction.atomic():
        clip = lock_clip(message.key)
        if clip is None or clip.state == ClipState.READY:
            return False
        if clip.state == ClipState.FAILED:
            restore_candidates([clip.pk])
        Clip.objects.filter(pk=clip.pk).exclude(state=ClipState.READY).update(
            state=ClipState.READY,
            sheet=message.sheet,
            animation=message.animation,
            master=message.master,
            media=message.media,
            metrics=message.metrics,
            timings=message.timings,
            provenance=message.provenance,
            worker=message.worker,
            error="",
            lease_until=None,
            ready_at=timezone.now(),
        )
        clip_arrived(clip.pk)
    return True


def record_failed(message: ClipFailed) -> bool:
    """Tries again, or gives up after MOST_FAILURES; False for the failure of an attempt that is over."""
    with transaction.atomic():
        clip = lock_clip(message.key)
        waiting = clip is not None and clip.state in {ClipState.QUEUED, ClipState.RUNNING}
        if clip is None or not waiting or clip.attempt != message.attempt:
            return False
        failures = clip.failures + 1
        if message.final or failures >= MOST_FAILURES or clip.attempt >= MOST_ATTEMPTS:
            give_up(clip, error=message.error)
        else:
            Clip.objects.filter(pk=clip.pk, state=clip.state).update(
                state=ClipState.QUEUED, failures=failures, error=as_text(message.error), worker="", lease_until=None
            )
    return True


def give_up(clip: Clip, *, error: str) -> None:
    """The locked clip has failed for good."""
    failed = Clip.objects.filter(pk=clip.pk, state=clip.state).update(
        state=ClipState.FAILED, error=as_text(error), lease_until=None
    )
    if failed:
        clip_failed(clip.pk)


def record_returned(message: ClipsReturned) -> int:
    """Clips that a stopping worker had not begun wait again, with no attempt lost. Returns how many."""
    with transaction.atomic():
        held = Clip.objects.select_for_update().filter(key__in=message.keys).order_by("id")
        ids = [clip.pk for clip in held if clip.state == ClipState.RUNNING and clip.worker == message.worker]
        return Clip.objects.filter(pk__in=ids, state=ClipState.RUNNING).update(
            state=ClipState.QUEUED, attempt=F("attempt") - 1, worker="", lease_until=None
        )


def record_heartbeat(message: Heartbeat) -> None:
    described = {
        "version": message.worker_version,
        "device": message.device,
        "state": message.state,
        "held": len(message.held),
        "micro_batch": message.micro_batch,
        "stopping": message.stopping,
        "last_seen_at": timezone.now(),
    }
    if not Worker.objects.filter(name=message.worker).update(**described):
        Worker.objects.bulk_create([Worker(name=message.worker, **described)], ignore_conflicts=True)
    extend_leases(worker=message.worker, keys=message.held)
    if message.up_seconds is not None and message.up_seconds < LEASE_SECONDS:
        end_lost_leases(worker=message.worker, held=message.held, up_seconds=message.up_seconds)


def lock_clip(key: str) -> Clip | None:
    return Clip.objects.select_for_update().filter(key=key).first()


def as_text(error: str) -> str:
    """PostgreSQL's texts have no NUL."""
    return error.replace("\0", "")[:LONGEST_ERROR]
