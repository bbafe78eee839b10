from uuid import uuid4

from django.conf import settings
from django.db import models
from django.db.models import Q

from annotator.generation.models import Batch, Candidate, Task


class Enrolment(models.Model):
    """A person in a batch. `cursor` is the last task position offered; its row lock serialises what the person does.

    It is made when the person first comes, or is let in; who was removed keeps the row, and what they judged.
    `judged` counts the tasks this person has annotated. `limit` is how many they may; null: the batch's `person_share`.
    `apart`: how many gold tasks and repeats they were given. `gold_cursor` is the last gold task they walked past.
    `to_repeat`: [[number, task], …] of tasks to be given again, as soon as theirs of that number is due.
    """

    batch = models.ForeignKey(Batch, models.CASCADE, related_name="enrolments")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="enrolments")
    cursor = models.PositiveBigIntegerField(default=0)
    judged = models.PositiveIntegerField(default=0)
    limit = models.PositiveIntegerField(null=True)
    removed_at = models.DateTimeField(null=True)
    apart = models.PositiveIntegerField(default=0, db_default=0)
    gold_cursor = models.PositiveBigIntegerField(default=0, db_default=0)
    to_repeat = models.JSONField(default=list)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["batch", "user"], name="enrolment_once")]


class AssignmentState(models.TextChoices):
    LEASED = "leased"
    SUBMITTED = "submitted"
    EXPIRED = "expired"
    SKIPPED = "skipped"
    RETURNED = "returned"


class Assignment(models.Model):
    """A task leased to an annotator; `slots` are its candidate ids in the order this person sees them.

        leased ──submit──▶ submitted
        leased ──15 min without input──▶ expired
        leased ──skip──▶ skipped
        leased ──return, task held or void──▶ returned
        expired, returned ──leased again to the same person──▶ leased
        expired, returned, skipped ──late submission──▶ submitted

    Leased is the state that holds one of the task's slots, and submitted the one that has an annotation.
    """

    uuid = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    task = models.ForeignKey(Task, models.CASCADE, related_name="assignments", db_index=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="assignments", db_index=False)
    slots = models.JSONField()
    state = models.CharField(max_length=16, choices=AssignmentState, default=AssignmentState.LEASED)
    lease_until = models.DateTimeField()
    skip_reason = models.CharField(max_length=40, blank=True)
    leased_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["task", "user"], name="assignment_once_a_person")]
        indexes = [
            models.Index(fields=["lease_until"], condition=Q(state=AssignmentState.LEASED), name="assignment_leased"),
            models.Index(fields=["user", "state"], name="assignment_by_person"),
        ]


class Annotation(models.Model):
    """What an annotator submitted for an assignment: its revisions, and whether it counts.

    One that came when no slot was left is surplus: kept, not counted, and counted as soon as a slot comes back.
    """

    assignment = models.OneToOneField(Assignment, models.CASCADE, related_name="annotation")
    counted = models.BooleanField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["created_at"], condition=Q(counted=False), name="annotation_surplus")]


class Revision(models.Model):
    """One submission. The current one speaks; the others are kept as superseded.

    `number` is the browser's own count and not unique: two tabs may both send a second revision.
    """

    annotation = models.ForeignKey(Annotation, models.CASCADE, related_name="revisions")
    submission = models.UUIDField(unique=True)
    number = models.PositiveIntegerField()
    current = models.BooleanField(default=True)
    none_shareable = models.BooleanField()
    elapsed_ms = models.PositiveIntegerField()
    watched_ms = models.JSONField(default=list)
    device = models.CharField(max_length=16, blank=True)
    comment = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["annotation"], condition=Q(current=True), name="revision_one_current"),
        ]


class Verdict(models.Model):
    """Whether one candidate was judged shareable in one revision, and if not, why, where the annotator said so.

    Slots count from 1, as shown. `reasons` are of generation's Reason, in its order.
    """

    revision = models.ForeignKey(Revision, models.CASCADE, related_name="verdicts", db_index=False)
    candidate = models.ForeignKey(Candidate, models.PROTECT, related_name="verdicts")
    slot = models.PositiveSmallIntegerField()
    shareable = models.BooleanField()
    reasons = models.JSONField(default=list)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(shareable=False) | Q(reasons=[]), name="verdict_reasons_only_against_sharing"
            ),
            models.UniqueConstraint(fields=["revision", "candidate"], name="verdict_once_a_candidate"),
            models.UniqueConstraint(fields=["revision", "slot"], name="verdict_once_a_slot"),
        ]


DAY_MS = 24 * 60 * 60 * 1000


class ActiveDay(models.Model):
    """What a person did on one day, in UTC, by when it reached the server.

    `active_ms` is the time between inputs that came less than a minute apart, never more than a day; `judged` counts
    the tasks annotated, not the revisions.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="active_days")
    day = models.DateField()
    active_ms = models.PositiveIntegerField(default=0)
    judged = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "day"], name="active_day_once_a_person"),
            models.CheckConstraint(condition=Q(active_ms__lte=DAY_MS), name="active_day_within_a_day"),
        ]
        indexes = [models.Index(fields=["day"], name="active_day_by_day")]


class FlagKind(models.TextChoices):
    BROKEN = "broken"
    OFFENSIVE = "offensive"
    UNCLEAR = "unclear"


class Flag(models.Model):
    """An annotator's word that something is wrong with a task. An open `offensive` flag holds it for everybody.

    `slot` counts from 1, as the annotator saw it; null speaks of the task as a whole.
    """

    assignment = models.ForeignKey(Assignment, models.CASCADE, related_name="flags")
    kind = models.CharField(max_length=16, choices=FlagKind)
    slot = models.PositiveSmallIntegerField(null=True)
    comment = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    resolved_at = models.DateTimeField(null=True)
    resolved_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="flags_resolved")

    class Meta:
        indexes = [models.Index(fields=["id"], condition=Q(resolved_at=None), name="flag_unresolved")]
