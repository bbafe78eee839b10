"""Invitations: a link that makes one account, once, before it expires."""

import secrets
from datetime import timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from annotator.accounts.models import Invitation, Role, User
from annotator.accounts.people import create_person
from annotator.accounts.tokens import digest
from annotator.audit.recording import record

LIFE_DAYS = 7
SPENT = "This invitation was used already, has expired or was cut short: ask for a new one."


def invite(*, role: Role, by: User, note: str = "", days: int = LIFE_DAYS) -> tuple[Invitation, str]:
    """A new invitation and its secret, which cannot be had again."""
    secret = secrets.token_urlsafe(32)
    expires_at = timezone.now() + timedelta(days=days)
    with transaction.atomic():
        invitation = Invitation.objects.create(
            digest=digest(secret), role=role, note=note, created_by=by, expires_at=expires_at
        )
        record(verb="invitation.made", by=by, subject=invitation, name=named(invitation))
    return invitation, secret


def accept_invitation(*, secret: str, username: str, password: str) -> User:
    """The new account. Of two who accept at once, one gets it and the other the error."""
    now = timezone.now()
    with transaction.atomic():
        open_ones = Invitation.objects.filter(digest=digest(secret), accepted_by=None, expires_at__gt=now)
        invitation = open_ones.first()
        if invitation is None:
            raise ValidationError({"secret": [SPENT]})
        user = create_person(username=username, role=Role(invitation.role), password=password, verb="person.joined")
        if not open_ones.update(accepted_by=user):
            raise ValidationError({"secret": [SPENT]})
    return user


def withdraw_invitation(*, invitation: Invitation, by: User) -> None:
    with transaction.atomic():
        if not Invitation.objects.filter(pk=invitation.pk, accepted_by=None).delete()[0]:
            raise ValidationError("This invitation was accepted: switch the account off under People instead.")
        record(verb="invitation.withdrawn", by=by, subject=invitation, name=named(invitation))


def named(invitation: Invitation) -> str:
    """The audit's word for it."""
    return f"{invitation.note or 'somebody'}, as {invitation.role}"
