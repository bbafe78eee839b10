from django.conf import settings
from django.db import models

CAPTION_LENGTH = 300


class Split(models.TextChoices):
    """`hitl` prompts are judged to train; `heldout` ones only to measure."""

    HITL = "hitl"
    HELDOUT = "heldout"


class PromptSet(models.Model):
    name = models.CharField(max_length=100, unique=True)
    description = models.TextField(blank=True)
    licence = models.CharField(max_length=200, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="prompt_sets")
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name


class Prompt(models.Model):
    """A caption and a static sticker (`sticker` is a blob name: sha256 of its PNG, and `.png`).

    Withdrawn, it is in no new batch, nobody judges it, and nothing of it counts from then on; it stays on record.
    """

    prompt_set = models.ForeignKey(PromptSet, models.CASCADE, related_name="prompts")
    external_id = models.CharField(max_length=100)
    caption = models.CharField(max_length=CAPTION_LENGTH)
    sticker = models.CharField(max_length=80)
    split = models.CharField(max_length=8, choices=Split, default=Split.HITL)
    created_at = models.DateTimeField(auto_now_add=True)
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="prompts_withdrawn"
    )
    withdrawal = models.CharField(max_length=500, blank=True, db_default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["prompt_set", "external_id"], name="prompt_external_id_once_a_set"),
            models.CheckConstraint(condition=~models.Q(caption=""), name="prompt_has_caption"),
        ]


class ImportState(models.TextChoices):
    UPLOADED = "uploaded"
    READING = "reading"
    CHECKED = "checked"
    DONE = "done"
    REFUSED = "refused"
    CANCELLED = "cancelled"


class Import(models.Model):
    """Prompts on their way into a set, from a zip (`file` is its blob name). Nothing is in the set before `done`.

        uploaded ⇄ reading → checked → done
            │         │ ╲       │
            │         │  → refused (it cannot be read as a whole; `error` says why)
            └─────────┴─────────┴→ cancelled

    Whoever reads it holds it until `lease_until`, as attempt number `attempt`; a silent one is read again from its
    start.
    """

    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="imports")
    created_at = models.DateTimeField(auto_now_add=True)
    file = models.CharField(max_length=80)
    file_name = models.CharField(max_length=200)
    set_name = models.CharField(max_length=100)
    licence = models.CharField(max_length=200, blank=True)
    accept_photos = models.BooleanField(default=False)
    heldout_share = models.FloatField(default=0.0)

    state = models.CharField(max_length=9, choices=ImportState, default=ImportState.UPLOADED)
    attempt = models.PositiveSmallIntegerField(default=0)
    started_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)
    rows = models.PositiveIntegerField(null=True)
    rows_read = models.PositiveIntegerField(default=0)
    good_rows = models.PositiveIntegerField(default=0)
    bad_rows = models.PositiveIntegerField(default=0)
    rows_there = models.PositiveIntegerField(default=0)
    captions_from_names = models.BooleanField(default=False)
    error = models.TextField(blank=True)
    prompt_set = models.ForeignKey(PromptSet, models.SET_NULL, null=True, related_name="imports")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(state=ImportState.READING) | models.Q(lease_until__isnull=False),
                name="import_that_is_read_has_a_lease",
            ),
        ]
        indexes = [
            models.Index(
                fields=["id"],
                condition=models.Q(state__in=[ImportState.UPLOADED, ImportState.READING]),
                name="import_to_read",
            ),
        ]


class CheckedRow(models.Model):
    """A good row of an import, until it becomes a prompt."""

    of = models.ForeignKey(Import, models.CASCADE, related_name="checked_rows")
    external_id = models.CharField(max_length=100)
    caption = models.CharField(max_length=CAPTION_LENGTH)
    sticker = models.CharField(max_length=80)
    split = models.CharField(max_length=8, choices=Split)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["of", "external_id"], name="checked_row_once_an_import")]


class ImportProblem(models.Model):
    """What is wrong with a row of an import; `column` is empty where it is the row itself."""

    of = models.ForeignKey(Import, models.CASCADE, related_name="problems")
    place = models.CharField(max_length=300)
    column = models.CharField(max_length=20, blank=True)
    sentence = models.TextField()
