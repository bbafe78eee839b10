"""The one verb of this app: whoever changes something says so here, in the transaction of the change."""

from collections.abc import Mapping
from typing import Any

from django.contrib.auth.models import AbstractUser
from django.db.models import Model

from annotator.audit.models import Entry
from annotator.audit.sentences import VERBS

LONGEST_NAME = 300


def record(
    *,
    verb: str,
    by: AbstractUser | None,
    subject: Model,
    name: str | None = None,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """`by` is None for what the system or a command does. `before` and `after` are JSON; what is the same in both is
    left out. Raises ValueError for a verb that has no sentence."""
    if verb not in VERBS:
        raise ValueError(f"{verb!r} has no sentence; there are: {', '.join(VERBS)}")
    before, after = dict(before or {}), dict(after or {})
    same = {key for key in before.keys() & after.keys() if before[key] == after[key]}
    Entry.objects.create(
        actor_id=by.pk if by else None,
        verb=verb,
        subject=str(subject._meta.model_name),
        subject_key=str(subject.pk),
        subject_name=(str(subject) if name is None else name)[:LONGEST_NAME],
        before={key: value for key, value in before.items() if key not in same},
        after={key: value for key, value in after.items() if key not in same},
    )
