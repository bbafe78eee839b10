from django.db import models
from django.db.models import Q

from annotator.accounts.models import User
from annotator.checkpoints.models import Checkpoint
from annotator.generation.models import Batch


class Promotion(models.Model):
    """A student that became the one to use, with the sampler settings that it was judged with.

        stands ──a later one──▶ stands behind it ──the later one is revoked──▶ stands
           └──revoke──▶ revoked

    The newest that is not revoked stands. Rows are added and never deleted; only a revocation is written into one.
    `rule` is the rule of that day and `figures` what was on the page then, with every condition. Where `by_rule` is
    false it was promoted against the rule, and `note` says why.
    """

    checkpoint = models.ForeignKey(Checkpoint, models.PROTECT, related_name="promotions")
    batch = models.ForeignKey(Batch, models.PROTECT, related_name="promotions")
    settings = models.JSONField()
    rule = models.JSONField()
    figures = models.JSONField()
    by_rule = models.BooleanField()
    note = models.CharField(max_length=500, blank=True)
    promoted_by = models.ForeignKey(User, models.PROTECT, related_name="promotions")
    promoted_at = models.DateTimeField(auto_now_add=True)
    revoked_at = models.DateTimeField(null=True)
    revoked_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="revocations")
    revoked_because = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(by_rule=True) | ~Q(note=""), name="promotion_against_the_rule_says_why"),
            models.CheckConstraint(
                condition=Q(revoked_at=None, revoked_by=None, revoked_because="")
                | (Q(revoked_at__isnull=False, revoked_by__isnull=False) & ~Q(revoked_because="")),
                name="promotion_revoked_by_somebody_for_a_reason",
            ),
        ]
        indexes = [models.Index(fields=["-id"], condition=Q(revoked_at=None), name="promotion_standing")]

    def __str__(self) -> str:
        return self.checkpoint.name
