"""Records what trainers say. Messages may come twice, late and out of order."""

import logging
from uuid import UUID

from django.db.models import F, QuerySet
from django.utils import timezone

from annotator.checkpoints.models import CheckpointRole
from annotator.checkpoints.registration import RegistrationError, register_checkpoint
from annotator.training.handing_out import hand_out, lease_end
from annotator.training.models import Trainer, TrainingRun, TrainingState
from annotator.training.outbox import send_stop
from inference_worker.messages import (
    TRAINING_RESULT_TYPES,
    Json,
    MessageError,
    TrainerHeartbeat,
    TrainingFailed,
    TrainingFinished,
    TrainingProgress,
    TrainingReturned,
)

MOST_FAILURES = 3
LONGEST_ERROR = 2_000

log = logging.getLogger(__name__)


def record(*, kind: str, data: Json) -> None:
    """Records one message. One that cannot be understood is logged and dropped: sending it again would not help."""
    message_type = TRAINING_RESULT_TYPES.get(kind)
    if message_type is None:
        log.error("a trainer sent a %r, which this version does not know", kind)
        return
    try:
        message = message_type.from_json(data)
    except MessageError as error:
        log.error("a trainer sent a message that cannot be read: %s", error)
        return
    match message:
        case TrainerHeartbeat():
            record_heartbeat(message)
        case TrainingProgress():
            record_progress(message)
        case TrainingFinished():
            record_finished(message)
        case TrainingFailed():
            record_failed(message)
        case TrainingReturned():
            held(message).update(state=TrainingState.QUEUED, lease_until=None)


def held(message: TrainingProgress | TrainingFinished | TrainingFailed | TrainingReturned) -> QuerySet[TrainingRun]:
    """The run that a message is about, if this attempt of it is still the trainer's."""
    return TrainingRun.objects.filter(
        public_id=UUID(message.run), state=TrainingState.RUNNING, trainer=message.trainer, attempt=message.attempt
    )


def record_heartbeat(message: TrainerHeartbeat) -> None:
    Trainer.objects.update_or_create(
        name=message.trainer, defaults={"device": message.device, "last_seen_at": timezone.now()}
    )
    if message.run is None or message.attempt is None:
        if not message.stopping:
            hand_out(trainer=message.trainer)
        return
    own = TrainingRun.objects.filter(
        public_id=UUID(message.run), state=TrainingState.RUNNING, trainer=message.trainer, attempt=message.attempt
    )
    if not own.update(lease_until=lease_end()):
        send_stop(trainer=message.trainer, run=message.run)


def record_progress(message: TrainingProgress) -> None:
    """The curve grows: what failed before it did is forgiven."""
    latest = message.curve[-1]
    shown = {"sheet": message.sheet} if message.sheet else {}
    held(message).update(
        curve=message.curve,
        progress=latest["progress"],
        seconds=latest["seconds"],
        failures=0,
        lease_until=lease_end(),
        **shown,
    )


def record_finished(message: TrainingFinished) -> None:
    """The checkpoint registers itself, as a student of the one that the run started from."""
    run = held(message).select_related("initial").first()
    if run is None:
        return
    try:
        checkpoint, _ = register_checkpoint(place=message.uri, role=CheckpointRole.STUDENT, name=run.name)
    except RegistrationError as error:
        fail(held(message), error=f"Trained, but not registered: {error}")
        return
    type(checkpoint).objects.filter(pk=checkpoint.pk).update(parent=run.initial)
    held(message).update(
        state=TrainingState.DONE,
        output=checkpoint,
        progress=1.0,
        lease_until=None,
        error="",
        ended_at=timezone.now(),
    )


def record_failed(message: TrainingFailed) -> None:
    """Tries again where that may help, up to MOST_FAILURES without a step between them."""
    runs = held(message)
    run = runs.first()
    if run is None:
        return
    if message.final or run.failures + 1 >= MOST_FAILURES:
        fail(runs, error=message.error)
    else:
        runs.update(
            state=TrainingState.QUEUED, failures=F("failures") + 1, lease_until=None, error=as_text(message.error)
        )


def fail(runs: QuerySet[TrainingRun], *, error: str) -> int:
    return runs.update(
        state=TrainingState.FAILED,
        failures=F("failures") + 1,
        lease_until=None,
        error=as_text(error),
        ended_at=timezone.now(),
    )


def as_text(error: str) -> str:
    """PostgreSQL's texts have no NUL."""
    return error.replace("\0", "")[:LONGEST_ERROR]
