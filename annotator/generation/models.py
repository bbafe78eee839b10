from uuid import uuid4

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from annotator.checkpoints.models import Checkpoint
from annotator.prompts.models import Prompt, PromptSet

MOST_CANDIDATES = 9
MOST_GOLD = 0.3
MOST_REPEATS = 0.2


class BatchState(models.TextChoices):
    OPEN = "open"
    CLOSED = "closed"
    CANCELLED = "cancelled"


class Reason(models.TextChoices):
    """Why a candidate was not picked, as an annotator may say in one press. A batch offers some of them, or none."""

    WRONG_MOTION = "wrong_motion"
    HARDLY_MOVES = "hardly_moves"
    SEAM_POPS = "seam_pops"
    IDENTITY_DRIFTS = "identity_drifts"
    ARTEFACTS = "artefacts"
    EDGES = "edges"


class Batch(models.Model):
    """Prompts × sources, to be generated and judged.

        open ──close, or 24 h after the last task is done──▶ closed
        open ──cancel──────────────────────────────────────▶ cancelled

    Progress is derived, never a state. While a batch is open, its annotations can be revised.
    `next_position` hands out task positions; it moves only under this row's lock.
    Its prompts are those of `splits` that had one of `words` at `prompts_chosen_at`, had been in no batch if
    `unused_only`, and were drawn for a `sample`: those whose external id's MD5 is at most `sample_until`, if there is
    one. The tasks of a large batch are made in chunks, of the prompts up to `filled_through`; `filled_at` is when the
    last of its `prompt_count` was made. Extended, it goes through the prompts again, for those that have no task.
    Everybody may annotate it, or, where it is `pooled`, only people who have an enrolment.
    `reasons` are offered now; `reasons_ever` also those that were, for a browser may send them long afterwards.
    Of the tasks that a person is given, about `gold_rate` have a known answer and `repeat_rate` were judged by the same
    person before.
    """

    public_id = models.UUIDField(default=uuid4, unique=True, editable=False)
    name = models.CharField(max_length=100)
    prompt_set = models.ForeignKey(PromptSet, models.PROTECT, related_name="batches")
    splits = models.JSONField(default=list)
    words = models.JSONField(default=list)
    unused_only = models.BooleanField(default=False)
    sample = models.PositiveIntegerField(null=True)
    sample_until = models.CharField(max_length=32, blank=True)
    prompts_chosen_at = models.DateTimeField(default=timezone.now)
    prompt_count = models.PositiveIntegerField(default=0)
    filled_through = models.PositiveBigIntegerField(default=0)
    filled_at = models.DateTimeField(null=True)
    instructions = models.TextField(blank=True)
    reasons = models.JSONField(default=list)
    reasons_ever = models.JSONField(default=list)
    overlap = models.PositiveSmallIntegerField(default=1)
    priority = models.SmallIntegerField(default=0)
    seed_base = models.PositiveBigIntegerField()
    person_share = models.FloatField(default=0.3)
    gold_rate = models.FloatField(default=0, db_default=0)
    repeat_rate = models.FloatField(default=0, db_default=0)
    pooled = models.BooleanField(default=False)
    state = models.CharField(max_length=16, choices=BatchState, default=BatchState.OPEN)
    generation_paused = models.BooleanField(default=False)
    annotation_paused = models.BooleanField(default=False)
    next_position = models.PositiveBigIntegerField(default=1)
    served_at = models.DateTimeField(null=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="batches")
    created_at = models.DateTimeField(auto_now_add=True)
    last_task_done_at = models.DateTimeField(null=True)  # to a minute
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(overlap__gte=1), name="batch_overlap_at_least_one"),
            models.CheckConstraint(
                condition=Q(person_share__gt=0, person_share__lte=1), name="batch_share_of_a_person"
            ),
            models.CheckConstraint(
                condition=Q(gold_rate__gte=0, gold_rate__lte=MOST_GOLD, repeat_rate__gte=0)
                & Q(repeat_rate__lte=MOST_REPEATS),
                name="batch_rates_in_range",
            ),
            models.CheckConstraint(
                condition=Q(state=BatchState.OPEN, ended_at=None) | ~Q(state=BatchState.OPEN),
                name="batch_open_not_ended",
            ),
        ]
        indexes = [models.Index(fields=["state", "-priority", "served_at"], name="batch_by_turn")]

    def __str__(self) -> str:
        return self.name


class Source(models.Model):
    """One checkpoint of a batch, with the sampler settings and the clips per prompt asked of it.

    `clips_of`: the earlier source whose clips are taken, so that none are made.
    """

    batch = models.ForeignKey(Batch, models.CASCADE, related_name="sources")
    clips_of = models.ForeignKey("self", models.PROTECT, null=True, related_name="lent_to")
    checkpoint = models.ForeignKey(Checkpoint, models.PROTECT, related_name="sources")
    settings = models.JSONField(default=dict)
    clips_per_prompt = models.PositiveSmallIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(clips_per_prompt__gte=1, clips_per_prompt__lte=MOST_CANDIDATES),
                name="source_clips_in_range",
            )
        ]


class ClipState(models.TextChoices):
    QUEUED = "queued"
    RUNNING = "running"
    READY = "ready"
    FAILED = "failed"


class Clip(models.Model):
    """One generated animation. `key` is the hash of the request, so the same request is never generated twice.

        queued ──dispatched──▶ running ──recorded──▶ ready
           ▲                     │ │
           └──30 s of silence────┘ └──third failure──▶ failed ──retry──▶ queued

    While a clip runs, its row is the lease: heartbeats move `lease_until`. The first recorded result is the clip.
    `attempt` counts how often a worker was given it, `failures` how often one said that it failed: a worker that dies
    takes tries along that were not the clip's fault.
    `grouping` is what clips of one micro-batch must share: checkpoint and sampler settings, hashed.
    """

    key = models.CharField(max_length=64, unique=True)
    checkpoint = models.ForeignKey(Checkpoint, models.PROTECT, related_name="clips")
    caption = models.CharField(max_length=300)
    sticker = models.CharField(max_length=80)
    settings = models.JSONField()
    seed = models.PositiveBigIntegerField()
    sampler_version = models.PositiveSmallIntegerField()
    grouping = models.CharField(max_length=64)
    wanted_by = models.ForeignKey(Batch, models.SET_NULL, null=True, related_name="wanted_clips")
    state = models.CharField(max_length=16, choices=ClipState, default=ClipState.QUEUED)
    attempt = models.PositiveSmallIntegerField(default=0)
    failures = models.PositiveSmallIntegerField(default=0, db_default=0)
    lease_until = models.DateTimeField(null=True)
    worker = models.CharField(max_length=100, blank=True)
    error = models.TextField(blank=True)
    sheet = models.CharField(max_length=80, blank=True)
    animation = models.CharField(max_length=80, blank=True)
    master = models.CharField(max_length=80, blank=True)
    media = models.JSONField(default=dict)
    metrics = models.JSONField(default=dict)
    timings = models.JSONField(default=dict)
    provenance = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)
    ready_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(state=ClipState.READY) | ~(Q(sheet="") | Q(animation="") | Q(master="")),
                name="clip_ready_has_media",
            ),
            models.CheckConstraint(
                condition=~Q(state=ClipState.RUNNING) | Q(lease_until__isnull=False), name="clip_running_has_lease"
            ),
        ]
        indexes = [
            models.Index(fields=["wanted_by", "id"], condition=Q(state=ClipState.QUEUED), name="clip_queued"),
            models.Index(fields=["lease_until"], condition=Q(state=ClipState.RUNNING), name="clip_running"),
            models.Index(
                fields=["wanted_by", "ready_at"], condition=Q(state=ClipState.READY), name="clip_ready_lately"
            ),
            models.Index(fields=["ready_at"], condition=Q(state=ClipState.READY), name="clip_ready_when"),
            models.Index(fields=["checkpoint", "state"], name="clip_by_checkpoint"),
            models.Index(
                fields=["checkpoint", "-ready_at"], condition=Q(state=ClipState.READY), name="clip_latest_of_model"
            ),
        ]


class TaskKind(models.TextChoices):
    ORDINARY = "ordinary"
    GOLD = "gold"
    REPEAT = "repeat"
    PRACTICE = "practice"


class TaskState(models.TextChoices):
    FILLING = "filling"
    OPEN = "open"
    DONE = "done"
    HELD = "held"
    VOID = "void"


class Task(models.Model):
    """One prompt with its candidates, to be judged by `overlap` people.

        filling ──last clip in, two or more left──▶ open ──last slot counted──▶ done
           └──fewer than two left──▶ void            │ ▲                         │
                                                     ▼ │  (flag, release)        │
                                                     held        raised overlap ─┘──▶ open

    `missing_clips` is decremented by UPDATE as clips arrive, so exactly one arrival opens the task.
    `open_slots` counts the annotations that may still be leased; `counted` those that count.
    `position` is the task's place in the line that cursors walk: new at the tail whenever a slot comes back.
    `tally_due`: what counts of it has changed since quality last added it up; set by whoever changes it.

    Gold tasks and repeats stand in no line: they are done from the beginning, have no slots and no position, and are
    given out beside it, one annotation a person; `overlap` grows along with `counted`. A hold or a void takes them out
    as it does any other. `copy_of`: the ordinary task whose clips they have; null for gold whose clips were in none.
    """

    batch = models.ForeignKey(Batch, models.CASCADE, related_name="tasks", db_index=False)
    prompt = models.ForeignKey(Prompt, models.PROTECT, related_name="tasks")
    kind = models.CharField(max_length=16, choices=TaskKind, default=TaskKind.ORDINARY)
    state = models.CharField(max_length=16, choices=TaskState, default=TaskState.FILLING)
    missing_clips = models.PositiveSmallIntegerField()
    overlap = models.PositiveSmallIntegerField()
    open_slots = models.PositiveSmallIntegerField(default=0)
    counted = models.PositiveSmallIntegerField(default=0)
    position = models.PositiveBigIntegerField(null=True)
    opened_at = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)
    tally_due = models.BooleanField(default=False)
    copy_of = models.ForeignKey("self", models.CASCADE, null=True, related_name="copies", db_index=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(open_slots__lte=F("overlap") - F("counted")), name="task_never_beyond_overlap"
            ),
            models.CheckConstraint(condition=Q(counted__lte=F("overlap")), name="task_counted_within_overlap"),
            models.CheckConstraint(
                condition=~Q(state=TaskState.OPEN) | Q(position__isnull=False), name="task_open_has_position"
            ),
            models.UniqueConstraint(fields=["batch", "position"], name="task_position_once_a_batch"),
            models.UniqueConstraint(
                fields=["batch", "prompt"], condition=Q(kind=TaskKind.ORDINARY), name="task_once_a_prompt"
            ),
            models.UniqueConstraint(
                fields=["batch", "prompt"],
                condition=Q(kind=TaskKind.GOLD) & ~Q(state=TaskState.VOID),
                name="task_gold_once_a_prompt",
            ),
            models.CheckConstraint(
                condition=Q(kind=TaskKind.ORDINARY) | Q(open_slots=0, position=None), name="task_apart_in_no_line"
            ),
        ]
        indexes = [
            # Not `open_slots`: what is in an index cannot change in place, and this changes with every lease.
            models.Index(fields=["batch", "position"], condition=Q(state=TaskState.OPEN), name="task_in_line"),
            models.Index(fields=["batch", "state"], name="task_by_state"),
            models.Index(fields=["id"], condition=Q(tally_due=True), name="task_tally_due"),
            models.Index(fields=["batch", "id"], condition=Q(kind=TaskKind.GOLD), name="task_gold"),
            models.Index(fields=["copy_of"], condition=Q(copy_of__isnull=False), name="task_copies"),
        ]


class Candidate(models.Model):
    """A clip's place in a task. `dropped`: its clip failed, so nobody sees it."""

    task = models.ForeignKey(Task, models.CASCADE, related_name="candidates")
    clip = models.ForeignKey(Clip, models.PROTECT, related_name="candidates")
    dropped = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["task", "clip"], name="candidate_once_a_task")]


class Worker(models.Model):
    """A generate worker as its last heartbeat described it."""

    name = models.CharField(max_length=100, unique=True)
    version = models.CharField(max_length=40)
    device = models.CharField(max_length=100)
    state = models.JSONField(default=dict)
    held = models.PositiveSmallIntegerField(default=0)
    micro_batch = models.PositiveSmallIntegerField(default=1)
    stopping = models.BooleanField(default=False)
    first_seen_at = models.DateTimeField(auto_now_add=True)
    last_seen_at = models.DateTimeField()


class Preview(models.Model):
    """Clips that somebody waits for in front of a page: they go before those of all batches.

        waiting ──cancelled, or not looked at for a minute──▶ ended ──a week after it was asked──▶ gone

    `ended_at` is null while it waits, also once all its clips are in. `seen_at` is when its page last asked for it.
    Its clips are found or made by the key of their request; `wanted_by` names no preview, and is null where no batch
    wants them. A clip that waits is there as long as an open batch or a preview that has not ended wants it.
    """

    public_id = models.UUIDField(default=uuid4, unique=True, editable=False)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="previews")
    clips = models.ManyToManyField(Clip, through="PreviewClip", related_name="previews")
    asked_at = models.DateTimeField(auto_now_add=True)
    seen_at = models.DateTimeField()
    served_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["asked_by", "id"], condition=Q(ended_at=None), name="preview_waiting"),
            models.Index(fields=["asked_at"], name="preview_by_age"),
        ]


class PreviewClip(models.Model):
    """A clip's place in a preview."""

    preview = models.ForeignKey(Preview, models.CASCADE, related_name="places")
    clip = models.ForeignKey(Clip, models.CASCADE, related_name="preview_places")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["preview", "clip"], name="preview_clip_once")]
