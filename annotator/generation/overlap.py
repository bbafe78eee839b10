"""Changes how many people judge each task of a batch, while they do."""

from collections.abc import Sequence
from time import sleep

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Case, F, Max, PositiveSmallIntegerField, Q, QuerySet, Value, When
from django.db.models.functions import Greatest
from django.utils import timezone

from annotator.generation.lines import move_to_tail
from annotator.generation.models import Batch, Task, TaskKind, TaskState

MOST_OVERLAP = 100
TASKS_A_CHUNK = 500
SECONDS_BETWEEN_TRIES = 0.02


def check_overlap(overlap: int) -> None:
    if not 1 <= overlap <= MOST_OVERLAP:
        raise ValidationError({"overlap": f"An overlap from 1 to {MOST_OVERLAP} is expected, not {overlap}."})


def check_change(*, batch_id: int, overlap: int) -> None:
    """Raises ValidationError where a task has more counted annotations already than `overlap`."""
    check_overlap(overlap)
    counted = Task.objects.filter(batch=batch_id, kind=TaskKind.ORDINARY).aggregate(most=Max("counted"))["most"] or 0
    if counted > overlap:
        message = (
            f"Some tasks have {counted} counted annotations already: the overlap can go down to {counted}, no lower."
        )
        raise ValidationError({"overlap": message})


def spread_overlap(batch_id: int) -> None:
    """Brings the tasks to their batch's overlap, chunk by chunk, and again until none differs: of two changes at once
    the last one wins, and one that was interrupted goes on when asked for again."""
    while differing(batch_id).exists():
        if not spread_chunk(batch_id):
            sleep(SECONDS_BETWEEN_TRIES)


def differing(batch_id: int) -> QuerySet[Task]:
    target = Batch.objects.values_list("overlap", flat=True).get(pk=batch_id)
    too_many = Q(overlap__gt=target) & Q(overlap__gt=F("counted"))
    return Task.objects.filter(Q(overlap__lt=target) | too_many, batch=batch_id, kind=TaskKind.ORDINARY)


def spread_chunk(batch_id: int) -> int:
    """Returns how many tasks it changed. It locks many at once, in another order than people lease them, so it never
    waits for one: rows that somebody holds are passed by, and found again by a later chunk."""
    with transaction.atomic():
        target = Batch.objects.values_list("overlap", flat=True).get(pk=batch_id)
        rows = differing(batch_id).select_for_update(skip_locked=True).order_by("id")[:TASKS_A_CHUNK]
        tasks = list(rows.only("overlap", "state"))
        raise_overlap(batch_id, [task for task in tasks if task.overlap < target], target)
        lower_overlap(batch_id, [task.pk for task in tasks if task.overlap > target], target)
    return len(tasks)


def raise_overlap(batch_id: int, tasks: Sequence[Task], target: int) -> None:
    """Each task gets the slots it lacks; those in line, and those that were done, a new place at the tail."""
    started = Q(state__in=[TaskState.OPEN, TaskState.HELD, TaskState.DONE])
    Task.objects.filter(pk__in=[task.pk for task in tasks]).update(
        overlap=target,
        open_slots=Case(
            When(started, then=F("open_slots") + target - F("overlap")),
            default=F("open_slots"),
            output_field=PositiveSmallIntegerField(),
        ),
    )
    waiting = [task.pk for task in tasks if task.state in {TaskState.OPEN, TaskState.DONE}]
    move_to_tail(batch_id, waiting)
    Task.objects.filter(pk__in=waiting).update(state=TaskState.OPEN, done_at=None)


def lower_overlap(batch_id: int, task_ids: Sequence[int], target: int) -> None:
    """Free slots go first; a task that has what it needs is done. One that got more counted meanwhile keeps those."""
    kept = Greatest(Value(target), F("counted"), output_field=PositiveSmallIntegerField())
    Task.objects.filter(pk__in=task_ids).update(
        overlap=kept,
        open_slots=Greatest(
            Value(0), F("open_slots") - (F("overlap") - kept), output_field=PositiveSmallIntegerField()
        ),
    )
    now = timezone.now()
    done = Task.objects.filter(pk__in=task_ids, state=TaskState.OPEN, counted=F("overlap"))
    if done.update(state=TaskState.DONE, done_at=now):
        Batch.objects.filter(pk=batch_id).update(last_task_done_at=now)
