"""Who may annotate a batch: people are let in, capped, removed and taken back. What they judged stays in any case."""

from collections.abc import Collection, Mapping

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from annotator.accounts.models import User
from annotator.annotation.models import Enrolment
from annotator.annotation.returns import return_hand
from annotator.audit.recording import record
from annotator.generation.models import Batch, BatchState


def let_in(*, batch: Batch, usernames: Collection[str], limit: int | None = None, by: User | None = None) -> None:
    """Everybody named, or nobody where a name is wrong; who was removed is taken back. `limit`: for each of them."""
    check_open(batch)
    people = list(User.objects.filter(username__in=usernames, is_active=True))
    if unknown := sorted(set(usernames) - {user.username for user in people}):
        message = f"There is no account in use named {', '.join(unknown)}: check the spelling, nobody was let in."
        raise ValidationError({"usernames": message})
    with transaction.atomic():
        Enrolment.objects.bulk_create(
            (Enrolment(batch=batch, user=user, limit=limit) for user in people),
            update_conflicts=True,
            unique_fields=["batch", "user"],
            update_fields=["removed_at"] if limit is None else ["removed_at", "limit"],
        )
        record(verb="batch.people", by=by, subject=batch, after={"let_in": sorted(usernames), "limit": limit})


def change_place(*, enrolment: Enrolment, changes: Mapping[str, object], by: User | None = None) -> None:
    """`limit`: how many tasks the person may judge, None for the batch's share. `removed`: whether they are out."""
    check_open(enrolment.batch)
    before = {"limit": enrolment.limit, "removed": enrolment.removed_at is not None}
    person = {"person": enrolment.user.username}
    columns: dict[str, object] = {}
    if "limit" in changes:
        columns["limit"] = changes["limit"]
    if "removed" in changes:
        columns["removed_at"] = (enrolment.removed_at or timezone.now()) if changes["removed"] else None
    with transaction.atomic():
        Enrolment.objects.filter(pk=enrolment.pk).update(**columns)
        was = {name: before[name] for name in changes}
        record(verb="batch.people", by=by, subject=enrolment.batch, before=was, after={**person, **changes})
    # Apart from it: a lease in progress holds the enrolment's row, so once it says removed the hand only shrinks.
    if changes.get("removed"):
        return_hand(batch=enrolment.batch, user=enrolment.user)


def check_open(batch: Batch) -> None:
    if batch.state != BatchState.OPEN:
        raise ValidationError(f"The batch is {batch.state}: who may annotate matters only while it is open.")
