"""A person's place in a batch: how far they have walked, how much they have judged, how much they may."""

from math import ceil

from django.db import transaction

from annotator.accounts.models import User
from annotator.annotation.handouts import HandoutState
from annotator.annotation.models import Enrolment
from annotator.composed import Composed
from annotator.generation.models import Batch, BatchState

LOCKED = Composed(
    lambda given: Enrolment.objects.select_for_update(no_key=True).filter(
        batch_id=given("batch"), user_id=given("user")
    )
)


def locked_enrolment(*, batch: Batch, user: User) -> Enrolment:
    """The person's row, locked until the transaction ends; made on their first visit."""
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError("an enrolment is locked within a transaction only")
    rows = Enrolment.objects.select_for_update(no_key=True)
    return LOCKED.first(batch=batch.pk, user=user.pk) or rows.get_or_create(batch=batch, user=user)[0]


def limit_of(*, batch: Batch, enrolment: Enrolment | None) -> int | None:
    """How many tasks of the batch the person may judge; None: all of them."""
    if enrolment is not None and enrolment.limit is not None:
        return enrolment.limit
    if batch.person_share >= 1:
        return None
    return ceil(round(batch.person_share * length(batch), 6))


def length(batch: Batch) -> int:
    """The tasks of somebody who judges all of it: each prompt, and what is given beside the line at the batch's rates.
    What people see of their progress is measured by this, so that nothing beside the line shows in it."""
    beside = batch.gold_rate + batch.repeat_rate
    return batch.prompt_count + int(round(batch.prompt_count * beside / (1 - beside), 6))


def standing(*, batch: Batch, enrolment: Enrolment, work: bool) -> HandoutState:
    """What the person is told of the batch, where there is `work` for them in hand or in line, or none."""
    limit = limit_of(batch=batch, enrolment=enrolment)
    if batch.state != BatchState.OPEN:
        return HandoutState.CLOSED
    if enrolment.removed_at is not None:
        return HandoutState.REMOVED
    if work:
        return HandoutState.READY
    if batch.annotation_paused:
        return HandoutState.PAUSED
    if limit is not None and enrolment.judged >= limit:
        return HandoutState.LIMIT
    return HandoutState.EMPTY
