import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from annotator.generation.models import Task


class Purpose(models.TextChoices):
    """A training release holds no `heldout` prompt, whatever its rule says."""

    TRAINING = "training"
    MEASURING = "measuring"


class ReleaseState(models.TextChoices):
    QUEUED = "queued"
    FREEZING = "freezing"
    FROZEN = "frozen"
    FAILED = "failed"


class Release(models.Model):
    """Labels frozen by a rule. Once frozen, its manifest never changes; withdrawn, it is only marked.

        queued ⇄ freezing ──▶ frozen ──withdraw──▶ frozen, withdrawn_at
                    └───────▶ failed (`error` says why)

    `manifest` is the blob of canonical JSON Lines, and so its name begins with the sha256 over them. `counts` are what
    the manifest adds up to. `rule` is of `rule.Rule`.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(max_length=100, unique=True)
    description = models.TextField(blank=True)
    licence = models.CharField(max_length=200, blank=True)
    purpose = models.CharField(max_length=16, choices=Purpose, default=Purpose.TRAINING)
    rule = models.JSONField()
    state = models.CharField(max_length=16, choices=ReleaseState, default=ReleaseState.QUEUED)
    attempt = models.PositiveSmallIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    tasks_read = models.PositiveIntegerField(default=0)
    tasks_to_read = models.PositiveIntegerField(null=True)
    error = models.TextField(blank=True)
    manifest = models.CharField(max_length=80, blank=True)
    counts = models.JSONField(default=dict)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="releases")
    created_at = models.DateTimeField(auto_now_add=True)
    frozen_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="releases_withdrawn"
    )
    withdrawal = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=(Q(state=ReleaseState.FROZEN) & ~Q(manifest="") & Q(frozen_at__isnull=False))
                | (~Q(state=ReleaseState.FROZEN) & Q(manifest="") & Q(frozen_at=None)),
                name="release_frozen_has_a_manifest",
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_at=None) | (Q(state=ReleaseState.FROZEN) & ~Q(withdrawal="")),
                name="release_withdrawn_for_a_reason",
            ),
            models.CheckConstraint(
                condition=~Q(state=ReleaseState.FREEZING) | Q(lease_until__isnull=False),
                name="release_being_frozen_has_a_lease",
            ),
        ]
        indexes = [
            models.Index(
                fields=["id"], condition=Q(state__in=[ReleaseState.QUEUED, ReleaseState.FREEZING]), name="release_due"
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def sha256(self) -> str:
        return self.manifest[:64]


class ReleasedTask(models.Model):
    """A task whose labels are in a release."""

    release = models.ForeignKey(Release, models.CASCADE, related_name="tasks", db_index=False)
    task = models.ForeignKey(Task, models.PROTECT, related_name="releases")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["release", "task"], name="released_task_once")]


class ReleasedPerson(models.Model):
    """Somebody whose annotations are in a release, and how many."""

    release = models.ForeignKey(Release, models.CASCADE, related_name="people", db_index=False)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="released_in")
    annotations = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["release", "person"], name="released_person_once")]


class CheckState(models.TextChoices):
    QUEUED = "queued"
    CHECKING = "checking"
    DONE = "done"


class ReleaseCheck(models.Model):
    """One look at whether a release is what was frozen. Done, it found nothing, or `problems`, a sentence each.

    queued ⇄ checking ──▶ done
    """

    release = models.ForeignKey(Release, models.CASCADE, related_name="checks")
    state = models.CharField(max_length=16, choices=CheckState, default=CheckState.QUEUED)
    attempt = models.PositiveSmallIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    tasks_checked = models.PositiveIntegerField(default=0)
    problems = models.JSONField(default=list)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="release_checks")
    asked_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["release"], condition=~Q(state=CheckState.DONE), name="release_checked_once_at_a_time"
            ),
        ]


class ExportState(models.TextChoices):
    QUEUED = "queued"
    WRITING = "writing"
    READY = "ready"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Layout(models.TextChoices):
    """How an export lays labels out; one module of `layouts` each."""

    VERDICTS_JSONL = "verdicts-jsonl", "One verdict a row, JSON Lines"
    VERDICTS_CSV = "verdicts-csv", "One verdict a row, CSV"
    VERDICTS_PARQUET = "verdicts-parquet", "One verdict a row, Parquet"
    KWISE = "kwise", "Choices among k clips (HPDv2's layout)"
    PAIRS = "pairs", "Pairs of one prompt (pickapic's layout)"
    UNPAIRED = "unpaired", "Single clips with a label (KTO's layout)"
    FOLDER = "folder", "A folder of clips (Hugging Face ImageFolder, VideoFolder)"
    WEBDATASET = "webdataset", "WebDataset shards"


class ClipFiles(models.TextChoices):
    """The files that come along for each clip."""

    NONE = "none", "No clips"
    WEBP = "webp", "Animated WebP"
    MP4 = "mp4", "MP4, on white"
    FRAMES = "frames", "PNG frames"
    MASTER = "master", "Lossless master (animated WebP)"


class Export(models.Model):
    """Labels as one zip, of a release or, where `release` is null, of what `rule` selects when it is written.

        queued ⇄ writing ──▶ ready
           │        ├──────▶ failed (`error` says why)
           └────────┴──────▶ cancelled

    `file` is the zip's blob name, which begins with its sha256.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    release = models.ForeignKey(Release, models.PROTECT, null=True, related_name="exports")
    rule = models.JSONField()
    layout = models.CharField(max_length=24, choices=Layout)
    clips = models.CharField(max_length=8, choices=ClipFiles, default=ClipFiles.NONE)
    only_shareable = models.BooleanField(default=False)
    state = models.CharField(max_length=16, choices=ExportState, default=ExportState.QUEUED)
    attempt = models.PositiveSmallIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)
    tasks_done = models.PositiveIntegerField(default=0)
    tasks_to_do = models.PositiveIntegerField(null=True)
    rows = models.PositiveIntegerField(default=0)
    error = models.TextField(blank=True)
    file = models.CharField(max_length=80, blank=True)
    bytes = models.PositiveBigIntegerField(default=0)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="exports")
    created_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=(Q(state=ExportState.READY) & ~Q(file="")) | (~Q(state=ExportState.READY) & Q(file="")),
                name="export_ready_has_a_file",
            ),
            models.CheckConstraint(
                condition=~Q(state=ExportState.WRITING) | Q(lease_until__isnull=False),
                name="export_being_written_has_a_lease",
            ),
        ]
        indexes = [
            models.Index(
                fields=["id"], condition=Q(state__in=[ExportState.QUEUED, ExportState.WRITING]), name="export_due"
            )
        ]
