"""How many came when: clips of a batch and annotations of it, counted in equal stretches of time."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db.models import BigIntegerField, Count, Func, Max, Min, QuerySet
from django.utils import timezone

from annotator.annotation.models import Annotation
from annotator.generation.models import Batch, BatchState, Clip, ClipState, Task, TaskKind, TaskState

MOST_STRETCHES = 120
MINUTE, HOUR, DAY = 60, 3600, 86400
STRETCHES = [
    *(MINUTE * count for count in (1, 2, 5, 10, 15, 30)),
    *(HOUR * count for count in (1, 2, 3, 6, 12)),
    *(DAY * count for count in (1, 2, 7, 14, 28, 91, 364)),
]


@dataclass(frozen=True, kw_only=True)
class Series:
    """`counts[i]` came in the `seconds` from `starts_at + i * seconds` on. At most MOST_STRETCHES."""

    starts_at: datetime
    seconds: int
    counts: list[int]


class Epoch(Func):
    """Whole seconds since 1970, on either database."""

    output_field = BigIntegerField()

    def as_sqlite(self, compiler: Any, connection: Any, **more: Any) -> Any:
        return self.as_sql(compiler, connection, template="CAST(strftime('%%%%s', %(expressions)s) AS INTEGER)", **more)

    def as_postgresql(self, compiler: Any, connection: Any, **more: Any) -> Any:
        return self.as_sql(compiler, connection, template="FLOOR(EXTRACT(EPOCH FROM %(expressions)s))::bigint", **more)


def clips_over_time(batch: Batch) -> Series | None:
    """Clips made for the batch; those that were there before it are in none of its minutes."""
    made = Clip.objects.filter(wanted_by=batch)
    going = made.filter(state__in=[ClipState.QUEUED, ClipState.RUNNING]).exists()
    return counted_in_time(made.filter(state=ClipState.READY), "ready_at", going=going)


def annotations_over_time(batch: Batch) -> Series | None:
    """Annotations that count, by when they first came."""
    annotations = Annotation.objects.filter(
        counted=True, assignment__task__batch=batch, assignment__task__kind=TaskKind.ORDINARY
    )
    waiting = Task.objects.filter(batch=batch, state=TaskState.OPEN)
    going = batch.state == BatchState.OPEN and waiting.exists()
    return counted_in_time(annotations, "created_at", going=going)


def counted_in_time(rows: QuerySet[Any], column: str, *, going: bool) -> Series | None:
    """From the first row to the last, or until now where it is `going` on: then only stretches that are over, for half
    a minute would look like a slow one. None before the first is."""
    bounds = rows.order_by().aggregate(first=Min(column), last=Max(column))
    if bounds["first"] is None:
        return None
    first = int(bounds["first"].timestamp())
    last = int((timezone.now() if going else bounds["last"]).timestamp())
    seconds = next((each for each in STRETCHES if last // each - first // each < MOST_STRETCHES), last - first + 1)
    start, end = first // seconds, last // seconds + (not going)
    counts = [0] * max(0, end - start)
    stretches = rows.order_by().annotate(stretch=Epoch(column) / seconds).values_list("stretch").annotate(Count("id"))
    for stretch, count in stretches:
        if stretch - start < len(counts):
            counts[stretch - start] = count
    starts_at = datetime.fromtimestamp(start * seconds, tz=UTC)
    return Series(starts_at=starts_at, seconds=seconds, counts=counts) if counts else None
