"""Renewals: input on one task shows that the person is there, so everything in their hand stays theirs."""

from datetime import datetime

from django.utils import timezone

from annotator.accounts.models import User
from annotator.annotation.leases import LEASE, leases_of
from annotator.annotation.models import Assignment


def renew(*, assignment: Assignment, user: User) -> datetime | None:
    """Moves the leases of all that the person holds in this batch; until when, or None if this one is not leased."""
    until = timezone.now() + LEASE
    held = leases_of(batch=assignment.task.batch, user=user)
    held.update(lease_until=until)
    return until if held.filter(pk=assignment.pk).exists() else None
