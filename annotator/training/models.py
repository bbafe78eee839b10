import uuid

from django.db import models
from django.db.models import Q

from annotator.accounts.models import User
from annotator.checkpoints.models import Checkpoint
from annotator.releases.models import Export, Release


class Recipe(models.TextChoices):
    FINETUNE = "finetune", "HITL finetune"
    DISTIL = "distil", "Distillation"
    PRETRAIN = "pretrain", "Pretraining"
    PREFER = "prefer", "Preference learning"


class TrainingState(models.TextChoices):
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class TrainingRun(models.Model):
    """A checkpoint made from another, on a trainer. `name` is also its folder's and its checkpoint's.

        queued ──▶ running ──▶ done
          ▲  ▲        │├─────▶ failed ────┐
          │  └────────┘└─────▶ cancelled ─┤    (queued ──▶ cancelled, too)
          └───────────────────────────────┘    resumed: it goes on where it was saved

    A running row is its lease: a trainer that says nothing for `lease_until` loses it. `failures` counts those, and
    breaks, since the curve last grew. It learns from `release`, which reaches the trainer as `export`, or from `data`,
    a folder on the trainer's machine; from neither where the configuration has procedural clips. `config` is complete,
    with the defaults of its day: resumed later, it is the same run. `curve` has a row for each line of the run's log,
    thinned; `progress` (of the budget, 0 to 1) and `seconds` of training are its last, so that a list need not read it.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(max_length=80, unique=True)
    recipe = models.CharField(max_length=16, choices=Recipe)
    config = models.JSONField(default=dict)
    initial = models.ForeignKey(Checkpoint, models.PROTECT, related_name="training_runs")
    release = models.ForeignKey(Release, models.PROTECT, null=True, related_name="training_runs")
    export = models.ForeignKey(Export, models.PROTECT, null=True, related_name="training_runs")
    data = models.CharField(max_length=500, blank=True)
    state = models.CharField(max_length=16, choices=TrainingState, default=TrainingState.QUEUED)
    attempt = models.PositiveIntegerField(default=0)
    failures = models.PositiveIntegerField(default=0)
    trainer = models.CharField(max_length=80, blank=True)
    lease_until = models.DateTimeField(null=True)
    error = models.TextField(blank=True)
    curve = models.JSONField(default=list)
    progress = models.FloatField(default=0.0)
    seconds = models.FloatField(default=0.0)
    sheet = models.CharField(max_length=100, blank=True)
    output = models.OneToOneField(Checkpoint, models.PROTECT, null=True, related_name="made_by")
    created_by = models.ForeignKey(User, models.PROTECT, related_name="training_runs")
    created_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state=TrainingState.RUNNING, lease_until__isnull=False)
                | (~Q(state=TrainingState.RUNNING) & Q(lease_until__isnull=True)),
                name="training_leased_while_running",
            ),
            models.CheckConstraint(
                condition=Q(state=TrainingState.DONE, output__isnull=False)
                | (~Q(state=TrainingState.DONE) & Q(output__isnull=True)),
                name="training_done_has_a_checkpoint",
            ),
            models.CheckConstraint(
                condition=(Q(release=None) & Q(export=None)) | (Q(release__isnull=False) & Q(export__isnull=False)),
                name="training_release_comes_as_an_export",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Trainer(models.Model):
    """A process that trains, as far as it was heard of."""

    name = models.CharField(max_length=80, unique=True)
    device = models.CharField(max_length=80)
    last_seen_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name
