"""How batches and workers are doing. Whatever a batch's size, each answer costs a fixed, small number of queries."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import timedelta

from django.db.models import Count, Min, QuerySet, Sum
from django.utils import timezone

from annotator.generation.dispatch import LIVE_SECONDS
from annotator.generation.models import Batch, BatchState, Clip, ClipState, Source, Task, TaskKind, TaskState, Worker

RATE_WINDOW = timedelta(minutes=5)
# Below this the clock says more about chance than about speed.
FEWEST_FOR_A_RATE = 3
MOST_ERRORS = 10
WORKERS_SHOWN = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Judged:
    """A batch's ordinary tasks: how many in each state, and how many annotations count of how many wanted, void ones
    aside."""

    tasks: dict[str, int]
    counted: int
    wanted: int


@dataclass(frozen=True, kw_only=True)
class Progress:
    """`prompts`: of the whole batch; its tasks are fewer while it is being made. `rate`: clips a minute of late, None
    where too few have come to say. `seconds_left`: until the last clip at that rate; 0 where none is missing."""

    prompts: int
    made: bool
    tasks: dict[str, int]
    clips: dict[str, int]
    counted: int
    wanted: int
    rate: float | None
    seconds_left: int | None
    errors: list[dict[str, str | int]] = field(default_factory=list)


def batches(*, prompt_set_id: int | None = None) -> QuerySet[Batch]:
    """All of them, or those of one prompt set."""
    found = Batch.objects.select_related("prompt_set", "created_by")
    return found if prompt_set_id is None else found.filter(prompt_set=prompt_set_id)


def judged(batch_ids: Sequence[int]) -> dict[int, Judged]:
    """One query for all of them."""
    states: dict[int, dict[str, int]] = defaultdict(lambda: dict.fromkeys(TaskState.values, 0))
    counted: dict[int, int] = defaultdict(int)
    wanted: dict[int, int] = defaultdict(int)
    tasks = Task.objects.filter(batch__in=batch_ids, kind=TaskKind.ORDINARY).order_by().values_list("batch_id", "state")
    for batch_id, state, count, done, asked in tasks.annotate(Count("id"), Sum("counted"), Sum("overlap")):
        states[batch_id][state] = count
        if state != TaskState.VOID:
            counted[batch_id] += done
            wanted[batch_id] += asked
    return {
        batch_id: Judged(tasks=states[batch_id], counted=counted[batch_id], wanted=wanted[batch_id])
        for batch_id in batch_ids
    }


def progress(batch: Batch) -> Progress:
    """Four queries."""
    ordinary = {"candidates__task__batch": batch, "candidates__task__kind": TaskKind.ORDINARY}
    clips_of_batch = Clip.objects.filter(**ordinary).order_by()
    counts = dict(clips_of_batch.values_list("state").annotate(Count("id", distinct=True)))
    clips = {state: counts.get(state, 0) for state in ClipState.values}
    errors = (
        clips_of_batch.filter(state=ClipState.FAILED)
        .values("error")
        .annotate(count=Count("id", distinct=True))
        .order_by("-count", "error")[:MOST_ERRORS]
    )
    rate = clips_a_minute(batch)
    return Progress(
        prompts=batch.prompt_count,
        made=batch.filled_at is not None,
        clips=clips,
        rate=None if rate is None else round(rate, 1),
        seconds_left=seconds_left(batch, missing=clips[ClipState.QUEUED] + clips[ClipState.RUNNING], rate=rate),
        errors=[{"error": row["error"], "count": row["count"]} for row in errors],
        **asdict(judged([batch.pk])[batch.pk]),
    )


def clips_a_minute(batch: Batch) -> float | None:
    """Over the last RATE_WINDOW, from the first clip in it until now: it falls when nothing comes."""
    now = timezone.now()
    recent = Clip.objects.filter(wanted_by=batch, state=ClipState.READY, ready_at__gt=now - RATE_WINDOW)
    window = recent.aggregate(count=Count("id"), first=Min("ready_at"))
    if window["count"] < FEWEST_FOR_A_RATE:
        return None
    minutes: float = (now - window["first"]) / timedelta(minutes=1)
    return (window["count"] - 1) / minutes if minutes > 0 else None


def seconds_left(batch: Batch, *, missing: int, rate: float | None) -> int | None:
    if not missing and batch.filled_at is not None:
        return 0
    if not rate or batch.generation_paused or batch.state != BatchState.OPEN or batch.filled_at is None:
        return None
    return round(60 * missing / rate)


def sources_of(batch: Batch) -> QuerySet[Source]:
    return batch.sources.select_related("checkpoint", "clips_of__batch").order_by("id")


def workers() -> QuerySet[Worker]:
    """Those heard of in the last day."""
    return Worker.objects.filter(last_seen_at__gte=timezone.now() - WORKERS_SHOWN)


def is_live(worker: Worker) -> bool:
    return not worker.stopping and worker.last_seen_at >= timezone.now() - timedelta(seconds=LIVE_SECONDS)


def blobs() -> Iterator[str]:
    """Stickers of clips (a preview's may be no prompt's) and all that was made of them."""
    for names in Clip.objects.values_list("sticker", "sheet", "animation", "master").iterator():
        yield from names


def waiting_keys(keys: Sequence[str]) -> QuerySet[Clip, str]:
    """Of these, the keys of clips that are queued or running."""
    waiting = Clip.objects.filter(key__in=keys, state__in=[ClipState.QUEUED, ClipState.RUNNING])
    return waiting.values_list("key", flat=True)
