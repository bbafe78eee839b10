from django.conf import settings
from django.db import models
from django.db.models import Q

from annotator.generation.models import Batch, Task
from annotator.prompts.models import Prompt


class PromptTally(models.Model):
    """What the counted verdicts on a prompt add up to, in one batch or, where `batch` is null, in all of them.

    Derived, and made anew by `tallying` whenever something of it changed. Its columns are small canonical JSON, so that
    prompts which were judged alike can be counted by GROUP BY: a million verdicts are a few hundred shapes.

    `rates`: [[checkpoint, shown, shareable, clips that half of their people or more would share], …].
    `sources`: [[source, shown, shareable], …], a source by the beginning of its clips' grouping: a checkpoint with its
    sampler settings. Only of one batch.
    `wins`: [[chosen checkpoint, passed over, how often], …] within the annotations.
    `slots`: [[slots shown, annotations, [shareable in slot 1, …]], …].
    `agreement`: [verdicts on clips that two or more judged, shareable of them, Σ 2·y·(n-y)/(n-1) over those clips].
    `disagreement`: how often two people who judged the same clip said otherwise, 0…1.
    `verb` is the one that the caption asks for, by the clips' metrics; empty where no rule found one.
    """

    prompt = models.ForeignKey(Prompt, models.CASCADE, related_name="tallies")
    batch = models.ForeignKey(Batch, models.CASCADE, null=True, related_name="tallies")
    verb = models.CharField(max_length=40, blank=True)
    annotations = models.PositiveIntegerField()
    rates = models.TextField()
    sources = models.TextField(default="[]", db_default="[]")
    wins = models.TextField()
    slots = models.TextField()
    agreement = models.TextField()
    disagreement = models.FloatField()

    class Meta:
        indexes = [
            models.Index(fields=["-disagreement"], condition=Q(disagreement__gt=0), name="prompt_tally_contested")
        ]
        constraints = [
            models.UniqueConstraint(fields=["prompt", "batch"], name="prompt_tally_once_a_batch"),
            models.UniqueConstraint(fields=["prompt"], condition=Q(batch=None), name="prompt_tally_once_in_all"),
        ]


class GoldOrigin(models.TextChoices):
    BY_HAND = "by_hand"
    AGREED = "agreed"
    ADJUDICATED = "adjudicated"


class Gold(models.Model):
    """The known answer of a gold task. It is changed by making the task void, and another one.

    `shareable` and `unshareable` are candidate ids; of the task's others either answer is right, and none is scored.
    """

    task = models.OneToOneField(Task, models.CASCADE, related_name="gold")
    shareable = models.JSONField()
    unshareable = models.JSONField()
    origin = models.CharField(max_length=16, choices=GoldOrigin)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="gold_made")
    made_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(shareable=[]) | ~Q(unshareable=[]), name="gold_scores_something")
        ]


class SetAside(models.Model):
    """A person whose labels are out of every rate and of releases to come, until it is undone. Nothing is deleted.

    set aside (undone_at null) ──undo──▶ undone; set aside again it is another row
    """

    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="set_asides")
    reason = models.CharField(max_length=500)
    set_at = models.DateTimeField(auto_now_add=True)
    set_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="set_asides_made")
    undone_at = models.DateTimeField(null=True)
    undone_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="set_asides_undone")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["person"], condition=Q(undone_at=None), name="set_aside_once_at_a_time"),
            models.CheckConstraint(condition=~Q(reason=""), name="set_aside_has_reason"),
        ]


class Adjudication(models.Model):
    """An admin's decision on a task that people disagree about. It stands beside their verdicts and changes none.

        current ──decided again──▶ superseded

    `shareable` are candidate ids; of the task's others, the decision is that they are not.
    """

    task = models.ForeignKey(Task, models.CASCADE, related_name="adjudications")
    shareable = models.JSONField()
    comment = models.CharField(max_length=500, blank=True)
    current = models.BooleanField(default=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="adjudications")
    decided_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["task"], condition=Q(current=True), name="adjudication_one_current")
        ]
