"""The clips of a batch as researchers look at them: chosen, in an order, with what annotators said of each."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.db.models import (
    Count,
    Exists,
    FloatField,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    Subquery,
    TextChoices,
    Value,
)
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast, Coalesce

from annotator.annotation.models import Flag
from annotator.generation.models import Batch, Candidate, Task, TaskKind
from annotator.quality.measured import figure
from annotator.quality.queries import counted_verdicts


class Finding(TextChoices):
    """What is wrong with a clip, as the metrics or an annotator say."""

    VERB_MISSED = "verb_missed"
    FROZEN = "frozen"
    SEAM_JUMPS = "seam_jumps"
    FLAGGED = "flagged"


class Shared(TextChoices):
    """By counted verdicts."""

    SOME = "some"
    NOBODY = "nobody"
    UNJUDGED = "unjudged"


class Order(TextChoices):
    BY_CHECKPOINT = "by_checkpoint"
    MOST_MOTION = "most_motion"
    LEAST_MOTION = "least_motion"
    BEST_IDENTITY = "best_identity"
    WORST_IDENTITY = "worst_identity"
    WORST_SEAM = "worst_seam"
    MOST_SHARED = "most_shared"
    LEAST_SHARED = "least_shared"


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """All that is said holds of a clip; what is left out says nothing."""

    checkpoint: int | None = None
    state: str = ""
    caption: str = ""
    finding: str = ""
    shared: str = ""


@dataclass(frozen=True, kw_only=True)
class Said:
    """What annotators said of a candidate: counted verdicts, those that would share it, and the kinds of its flags."""

    shown: int = 0
    shareable: int = 0
    flags: tuple[str, ...] = ()


NOTHING_SAID = Said()
ALL = Wanted()
# Beyond every figure: what cannot be said stands last, whichever way the order goes.
LAST = 1e300
# A step over the seam this much larger than the usual one is seen as a jump; the pages mark such a clip, too.
JUMPS = 1.8


def clips(batch: Batch, wanted: Wanted = ALL) -> QuerySet[Candidate]:
    """The candidates of the batch's ordinary tasks, with their clips."""
    found = Candidate.objects.filter(task__batch=batch, task__kind=TaskKind.ORDINARY)
    found = found.select_related("clip__checkpoint")
    if wanted.checkpoint is not None:
        found = found.filter(clip__checkpoint=wanted.checkpoint)
    if wanted.state:
        found = found.filter(clip__state=wanted.state)
    if wanted.caption:
        found = found.filter(clip__caption__icontains=wanted.caption)
    if wanted.finding == Finding.VERB_MISSED:
        found = found.filter(clip__metrics__recognised=False)
    elif wanted.finding == Finding.FROZEN:
        found = found.filter(clip__metrics__frozen=True)
    elif wanted.finding == Finding.SEAM_JUMPS:
        found = found.alias(seam=figure("clip__metrics", "seam_ratio")).filter(seam__gt=JUMPS)
    elif wanted.finding == Finding.FLAGGED:
        found = found.filter(pk__in=list(flags(Flag.objects.filter(assignment__task__batch=batch))))
    verdicts = counted_verdicts(batch=batch.pk).filter(candidate=OuterRef("pk"))
    if wanted.shared == Shared.SOME:
        found = found.filter(Exists(verdicts.filter(shareable=True)))
    elif wanted.shared == Shared.NOBODY:
        found = found.filter(Exists(verdicts), ~Exists(verdicts.filter(shareable=True)))
    elif wanted.shared == Shared.UNJUDGED:
        found = found.filter(~Exists(verdicts))
    return found


def in_order(found: QuerySet[Candidate], order: str) -> tuple[QuerySet[Candidate], str]:
    """The clips with their `rank`, and the keyset that lists them by it."""
    ranks: dict[str, tuple[Combinable, bool]] = {
        Order.BY_CHECKPOINT: (Cast("clip__checkpoint", FloatField()), False),
        Order.MOST_MOTION: (figure("clip__metrics", "motion_size"), True),
        Order.LEAST_MOTION: (figure("clip__metrics", "motion_size"), False),
        Order.BEST_IDENTITY: (figure("clip__metrics", "identity_db"), True),
        Order.WORST_IDENTITY: (figure("clip__metrics", "identity_db"), False),
        Order.WORST_SEAM: (figure("clip__metrics", "seam_ratio"), True),
        Order.MOST_SHARED: (share_of_verdicts(), True),
        Order.LEAST_SHARED: (share_of_verdicts(), False),
    }
    rank, falling = ranks[order]
    missing = Value(-LAST if falling else LAST, output_field=FloatField())
    return found.annotate(rank=Coalesce(rank, missing)), "-rank -id" if falling else "rank id"


def share_of_verdicts() -> "Subquery[FloatField[float, float]]":
    """Of a candidate's counted verdicts; null where there is none."""
    shown, shareable = Count("id"), Count("id", filter=Q(shareable=True))
    shares = (
        counted_verdicts()
        .filter(candidate=OuterRef("pk"))
        .order_by()
        .values("candidate")
        .annotate(share=Cast(shareable, FloatField()) / Cast(shown, FloatField()))
    )
    return Subquery(shares.values("share"), output_field=FloatField())


def prompts(batch: Batch, wanted: Wanted = ALL) -> QuerySet[Task]:
    """The batch's tasks with their prompts and all of their clips, those aside that have no clip that is wanted."""
    tasks = Task.objects.filter(batch=batch, kind=TaskKind.ORDINARY).select_related("prompt")
    if wanted != ALL:
        tasks = tasks.filter(Exists(clips(batch, wanted).filter(task=OuterRef("pk"))))
    beside = clips(batch, Wanted(checkpoint=wanted.checkpoint)).order_by("clip__checkpoint", "id")
    return tasks.prefetch_related(Prefetch("candidates", beside))


def fitting(batch: Batch, wanted: Wanted, tasks: Collection[Task]) -> set[int]:
    """Which of these tasks' candidates are wanted."""
    return set(clips(batch, wanted).filter(task__in=tasks).values_list("id", flat=True))


def said_of(candidates: Collection[Candidate]) -> dict[int, Said]:
    """Two queries for all of them."""
    ids = [candidate.pk for candidate in candidates]
    verdicts = (
        counted_verdicts()
        .filter(candidate__in=ids)
        .order_by()
        .values_list("candidate")
        .annotate(shown=Count("id"), shares=Count("id", filter=Q(shareable=True)))
    )
    counts = {candidate: (shown, shareable) for candidate, shown, shareable in verdicts}
    tasks = {candidate.task_id for candidate in candidates}
    flagged = flags(Flag.objects.filter(assignment__task__in=tasks))
    said = {}
    for key in ids:
        shown, shareable = counts.get(key, (0, 0))
        said[key] = Said(shown=shown, shareable=shareable, flags=tuple(flagged.get(key, ())))
    return said


def flags(raised: QuerySet[Flag]) -> dict[int, Iterable[str]]:
    """By candidate the kinds of its flags; one that names no slot speaks of all of a task's candidates."""
    found: dict[int, set[str]] = defaultdict(set)
    for kind, slot, slots in raised.values_list("kind", "slot", "assignment__slots"):
        for candidate in slots if slot is None else slots[slot - 1 : slot]:
            found[candidate].add(kind)
    return {candidate: sorted(kinds) for candidate, kinds in found.items()}
