"""Students are promoted, by the rule or against it, and promotions revoked."""

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from annotator.accounts.models import User
from annotator.audit.recording import record
from annotator.checkpoints.models import CheckpointRole
from annotator.generation.models import Batch
from annotator.promotion.models import Promotion
from annotator.promotion.selection import selection


class PromotionStateError(Exception):
    """A promotion that is not in a state for what was asked."""


def promote(*, batch: Batch, source: int, note: str, by: User) -> Promotion:
    """Makes the checkpoint of one of the batch's sources, with its settings, the one to use. The rule is asked anew,
    whatever the page said a moment ago. Raises ValidationError for a teacher, and where it is against the rule and
    `note` does not say why."""
    figures = selection(batch)
    row = next((each for each in figures["sources"] if each["source"] == source), None)
    if row is None:
        raise ValidationError({"source": f"The batch {batch.name!r} has no source {source}."})
    if row["role"] != CheckpointRole.STUDENT:
        raise ValidationError({"source": f"{row['name']} is a teacher: only students are promoted."})
    if not row["by_rule"] and not note.strip():
        unmet = " ".join(condition["says"] for condition in row["conditions"] if not condition["met"])
        raise ValidationError({"note": f"This is against the rule, so say why it is promoted all the same. {unmet}"})
    with transaction.atomic():
        promotion = Promotion.objects.create(
            checkpoint_id=row["checkpoint"],
            batch=batch,
            settings=row["settings"],
            rule=figures["rule"],
            figures=figures,
            by_rule=row["by_rule"],
            note=note.strip(),
            promoted_by=by,
        )
        after = {"batch": batch.name, "settings": row["changed"], "by_rule": row["by_rule"], "note": promotion.note}
        record(verb="checkpoint.promoted", by=by, subject=promotion.checkpoint, after=after)
    return promotion


def revoke(promotion: Promotion, *, reason: str, by: User) -> None:
    """What stood before it stands again. Raises PromotionStateError for one that is revoked already."""
    with transaction.atomic():
        revoked = Promotion.objects.filter(pk=promotion.pk, revoked_at=None).update(
            revoked_at=timezone.now(), revoked_by=by, revoked_because=reason
        )
        if not revoked:
            raise PromotionStateError(f"This promotion of {promotion.checkpoint.name} was revoked already.")
        record(
            verb="promotion.revoked", by=by, subject=promotion, name=promotion.checkpoint.name, after={"reason": reason}
        )
    promotion.refresh_from_db()
