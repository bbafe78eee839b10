"""Releases are asked for, given up before they are frozen, and withdrawn."""

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from annotator.accounts.models import User
from annotator.audit.recording import record
from annotator.generation.models import Batch
from annotator.prompts.models import Split
from annotator.quality.weighted_votes import NOT_INSTALLED, is_installed
from annotator.releases.models import Purpose, Release, ReleaseState
from annotator.releases.rule import Rule


class ReleaseStateError(Exception):
    """A release that is not in a state for what was asked."""


def check_rule(rule: Rule, *, purpose: Purpose) -> None:
    """Raises ValidationError for a rule that cannot be meant."""
    wrong: dict[str, str] = {}
    if not rule.splits:
        wrong["splits"] = "Choose at least one split."
    elif purpose == Purpose.TRAINING and Split.HELDOUT in rule.splits:
        wrong["splits"] = "A training release holds no heldout prompts: they are there to measure what it trains."
    if rule.least_annotations < rule.least_shares:
        wrong["least_annotations"] = (
            f"At least {rule.least_shares} is expected: of fewer annotations no clip can have that many shares."
        )
    if rule.least_probability is not None and not is_installed():
        wrong["least_probability"] = NOT_INSTALLED
    known = set(Batch.objects.filter(pk__in=rule.batches).values_list("pk", flat=True))
    if unknown := [batch for batch in rule.batches if batch not in known]:
        wrong["batches"] = f"There is no batch {unknown[0]}."
    if wrong:
        raise ValidationError(wrong)


def create_release(
    *, name: str, purpose: Purpose, rule: Rule, by: User, description: str = "", licence: str = ""
) -> Release:
    """Queues a release; `manage.py work` freezes it. Raises ValidationError."""
    check_rule(rule, purpose=purpose)
    try:
        with transaction.atomic():
            release = Release.objects.create(
                name=name,
                purpose=purpose,
                rule=rule.stored(),
                description=description,
                licence=licence,
                created_by=by,
            )
            record(verb="release.asked", by=by, subject=release, after=rule.stored())
            return release
    except IntegrityError:
        raise ValidationError({"name": f"A release is named {name} already: choose another name."}) from None


def give_up_release(release: Release, *, by: User) -> None:
    """Deletes one that was never frozen. Raises ReleaseStateError."""
    with transaction.atomic():
        locked = Release.objects.select_for_update().get(pk=release.pk)
        if locked.state == ReleaseState.FROZEN:
            raise ReleaseStateError(f"{release.name} is frozen: it can be withdrawn, and stays on record.")
        record(verb="release.given_up", by=by, subject=locked)
        locked.delete()


def withdraw_release(release: Release, *, reason: str, by: User) -> None:
    """Marks a frozen release; nothing of it changes. Raises ReleaseStateError, and ValidationError without a reason."""
    if not reason.strip():
        raise ValidationError({"reason": "Say why: whoever trained on it will want to know."})
    with transaction.atomic():
        withdrawn = Release.objects.filter(pk=release.pk, state=ReleaseState.FROZEN, withdrawn_at=None).update(
            withdrawn_at=timezone.now(), withdrawn_by=by, withdrawal=reason.strip()
        )
        if withdrawn:
            record(verb="release.withdrawn", by=by, subject=release, after={"reason": reason.strip()})
    release.refresh_from_db()
    if not withdrawn:
        state = "withdrawn already" if release.withdrawn_at else f"{release.state}: only a frozen one can be withdrawn"
        raise ReleaseStateError(f"{release.name} is {state}.")
