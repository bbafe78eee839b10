"""The queue as people see it: what runs where, what goes next and why, and what waits for somebody's word."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from annotator.generation.dispatch import waiting_batches, waiting_previews
from annotator.generation.models import Batch, BatchState, Clip, ClipState
from annotator.generation.waits import live_workers

MOST_SHOWN = 20
MOST_COUNTED = 10_000


@dataclass(frozen=True, kw_only=True)
class Running:
    """Clips of one batch (None: of previews) and checkpoint in a worker's hands."""

    worker: str
    checkpoint: str
    batch: int | None
    batch_name: str | None
    clips: int


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """A batch, or a preview (`batch` is None), with clips that wait; `clips` are counted up to MOST_COUNTED."""

    batch: int | None
    name: str
    clips: int
    priority: int | None
    why: str


@dataclass(frozen=True, kw_only=True)
class Outlook:
    """`next` in the order in which turns are taken; `held` takes no turn: its `why` says what that waits for."""

    workers: int
    running: list[Running]
    next: list[Waiting]
    held: list[Waiting]


def outlook() -> Outlook:
    """Eight queries, and one for each batch shown; for one that waits for another batch's clips, three."""
    batches = list(waiting_batches()[:MOST_SHOWN])
    return Outlook(
        workers=len(live_workers()),
        running=running(),
        next=[*previews(), *in_turn(batches)],
        held=[*paused(), *unplanned(), *waiting_for_others()],
    )


def running() -> list[Running]:
    rows = (
        Clip.objects.filter(state=ClipState.RUNNING)
        .order_by("worker", "wanted_by", "checkpoint")
        .values_list("worker", "checkpoint__name", "wanted_by", "wanted_by__name")
        .annotate(Count("id"))
    )
    return [
        Running(worker=worker, checkpoint=checkpoint, batch=batch, batch_name=name, clips=clips)
        for worker, checkpoint, batch, name, clips in rows
    ]


def previews() -> list[Waiting]:
    queued = Count("clips", filter=Q(clips__state=ClipState.QUEUED))
    counted = waiting_previews().annotate(waiting=queued).select_related("asked_by")[:MOST_SHOWN]
    return [
        Waiting(
            batch=None,
            name=f"Preview of {preview.asked_by.username}",
            clips=preview.waiting,
            priority=None,
            why="somebody waits in front of it: previews go before all batches",
        )
        for preview in counted
    ]


def in_turn(batches: Sequence[Batch]) -> list[Waiting]:
    return [
        waiting(batch, why=why(batch, before=batches[:place], all_of=batches)) for place, batch in enumerate(batches)
    ]


def why(batch: Batch, *, before: Sequence[Batch], all_of: Sequence[Batch]) -> str:
    """In words: what puts it behind those before it, and before the rest."""
    alike = sum(other.priority == batch.priority for other in all_of)
    higher = sorted({other.priority for other in before if other.priority > batch.priority})
    others = "1 other" if alike == 2 else f"{alike - 1} others"
    turn = f"takes turns with {others} of its priority" if alike > 1 else ""
    if higher:
        after = f"after what has priority {higher[0]}" + (" and more" if len(higher) > 1 else "")
        return f"{after}, then {turn}" if turn else after
    if len(all_of) == 1:
        return "no other batch waits"
    if not turn:
        return f"its priority, {batch.priority}, is the highest"
    return f"{turn}; its turn is next" if not before else turn


def paused() -> list[Waiting]:
    batches = Batch.objects.filter(Exists(queued_of_its_own()), state=BatchState.OPEN, generation_paused=True)
    shown = batches.order_by("-priority", "id")[:MOST_SHOWN]
    return [waiting(batch, why="its generation is paused") for batch in shown]


def unplanned() -> list[Waiting]:
    """Those whose first clips the dispatcher has yet to write down."""
    batches = Batch.objects.filter(~Exists(queued_of_its_own()), state=BatchState.OPEN, filled_at=None)
    shown = batches.order_by("-priority", "id")[:MOST_SHOWN]
    return [waiting(batch, why="its clips are being planned, which is the dispatcher's work") for batch in shown]


def waiting_for_others() -> list[Waiting]:
    """Those that asked for just the clips of another batch, and get them in its turn. Only batches with one seed base
    can share clips, so that candidates, of which there may be millions, are looked through for hardly any."""
    alike = Batch.objects.filter(seed_base=OuterRef("seed_base"), state=BatchState.OPEN).exclude(pk=OuterRef("pk"))
    batches = Batch.objects.filter(
        Exists(alike), ~Exists(queued_of_its_own()), state=BatchState.OPEN, filled_at__isnull=False
    )
    found = []
    for batch in batches.order_by("-priority", "id")[:MOST_SHOWN]:
        clips = Clip.objects.filter(candidates__task__batch=batch, state=ClipState.QUEUED)
        other = Batch.objects.filter(wanted_clips__in=clips).first()
        if other is not None:
            resting = ", whose generation is paused" if other.generation_paused else ""
            count = clips.distinct()[:MOST_COUNTED].count()
            why = f"its clips come with those of {other.name}{resting}"
            found.append(Waiting(batch=batch.pk, name=batch.name, clips=count, priority=batch.priority, why=why))
    return found


def queued_of_its_own() -> QuerySet[Clip]:
    return Clip.objects.filter(wanted_by=OuterRef("pk"), state=ClipState.QUEUED)


def waiting(batch: Batch, *, why: str) -> Waiting:
    clips = Clip.objects.filter(wanted_by=batch, state=ClipState.QUEUED)[:MOST_COUNTED].count()
    return Waiting(batch=batch.pk, name=batch.name, clips=clips, priority=batch.priority, why=why)
