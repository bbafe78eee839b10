"""Who may annotate a batch: people are let in, capped, removed and taken back. What they judged stays in any case."""

from collections.abc import Collection, Mapping

from django.core.exceptions import ValidationError
from django.utils import timezone

from annotator.accounts.models import User
from annotator.annotation.models import Enrolment
from annotator.annotation.returns import return_hand
from annotator.generation.models import Batch, BatchState


def let_in(*, batch: Batch, usernames: Collection[str], limit: int | None = None) -> None:
    """Everybody named, or nobody where a name is wrong; who was removed is taken back. `limit`: for each of them."""
    check_open(batch)
    people = list(User.objects.filter(username__in=usernames, is_active=True))
    if unknown := sorted(set(usernames) - {user.username for user in people}):
        message = f"There is no account in use named {', '.join(unknown)}: check the spelling, nobody was let in."
        raise ValidationError({"usernames": message})
    Enrolment.objects.bulk_create(
        (Enrolment(batch=batch, user=user, limit=limit) for user in people),
        update_conflicts=True,
        unique_fields=["batch", "user"],
        update_fields=["removed_at"] if limit is None else ["removed_at", "limit"],
    )


def change_place(*, enrolment: Enrolment, changes: Mapping[str, object]) -> None:
    """`limit`: how many tasks the person may judge, None for the batch's share. `removed`: whether they are out."""
    check_open(enrolment.batch)
    if "limit" in changes:
        Enrolment.objects.filter(pk=enrolment.pk).update(limit=changes["limit"])
    if changes.get("removed") is True:
        remove(enrolment=enrolment)
    elif changes.get("removed") is False:
        Enrolment.objects.filter(pk=enrolment.pk).update(removed_at=None)


def remove(*, enrolment: Enrolment) -> int:
    """Takes a person out and gives back what they hold; how many tasks that were.

    Two transactions: a lease in progress holds the enrolment's row, so once it says removed the hand only shrinks.
    """
    Enrolment.objects.filter(pk=enrolment.pk, removed_at=None).update(removed_at=timezone.now())
    return return_hand(batch=enrolment.batch, user=enrolment.user)


def check_open(batch: Batch) -> None:
    if batch.state != BatchState.OPEN:
        raise ValidationError(f"The batch is {batch.state}: who may annotate matters only while it is open.")
