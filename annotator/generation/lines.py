"""The line in which a batch's open tasks wait: places at its tail, and slots that come back.

Lock order, everywhere in this app: clips by id, then tasks by id, then the batch row, last and briefly. Whoever holds
a batch row waits for nothing else, so no cycle can form. Enrolments come before tasks, assignments under their task's
lock.
"""

from collections.abc import Sequence

from django.db import transaction
from django.db.models import Case, F, PositiveBigIntegerField, Value, When
from django.db.models.functions import Coalesce
from django.utils import timezone

from annotator.composed import Composed, ComposedUpdate
from annotator.generation.models import Batch, Task, TaskState

TAKE_PLACES = ComposedUpdate(
    lambda given: (
        Batch.objects.filter(pk=given("batch")),
        {"next_position": F("next_position") + given("count", Batch._meta.get_field("next_position"))},
    )
)
TAIL = Composed(lambda given: Batch.objects.filter(pk=given("batch")).values_list("next_position"))
GIVE_BACK = ComposedUpdate(
    lambda given: (
        Task.objects.filter(
            pk=given("task"),
            state__in=[TaskState.OPEN, TaskState.HELD],
            open_slots__lt=F("overlap") - F("counted"),
        ),
        {"open_slots": F("open_slots") + 1},
    )
)
BATCH_OF = Composed(lambda given: Task.objects.filter(pk=given("task")).values_list("batch_id"))
MOVE = ComposedUpdate(lambda given: (Task.objects.filter(pk=given("task")), {"position": given("position")}))


def next_positions(batch_id: int, count: int) -> range:
    """Takes `count` places at the tail. Holds the batch row's lock until the surrounding transaction ends."""
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError("positions are handed out within a transaction only")
    if not TAKE_PLACES.run(batch=batch_id, count=count):
        raise Batch.DoesNotExist(f"batch {batch_id} does not exist")
    (end,) = TAIL.first(batch=batch_id)
    return range(end - count, end)


def next_position(batch_id: int) -> int:
    """Takes the place at the tail. Holds the batch row's lock until the surrounding transaction ends."""
    return next_positions(batch_id, 1)[0]


def reopen_slot(task_id: int) -> bool:
    """Gives one slot of a task back, with a new place at the tail. False where no slot can come back: the task is
    done or void, or its slots and counted annotations already make up its overlap. Call it within a transaction."""
    with transaction.atomic():
        returned = GIVE_BACK.run(task=task_id)
        if returned:
            (batch_id,) = BATCH_OF.first(task=task_id)
            MOVE.run(task=task_id, position=next_position(batch_id))
    return bool(returned)


def move_to_tail(batch_id: int, task_ids: Sequence[int]) -> None:
    """Gives tasks of one batch, whose rows the caller has locked, new places at its tail, in the order given."""
    if not task_ids:
        return
    places = zip(task_ids, next_positions(batch_id, len(task_ids)), strict=True)
    Task.objects.filter(pk__in=task_ids).update(
        position=Case(
            *[When(pk=task_id, then=Value(place)) for task_id, place in places],
            output_field=PositiveBigIntegerField(),
        )
    )


def open_tasks(batch_id: int, task_ids: Sequence[int]) -> None:
    """Puts filling or held tasks of one batch, whose rows the caller has locked, at the tail with all free slots."""
    move_to_tail(batch_id, task_ids)
    Task.objects.filter(pk__in=task_ids, state__in=[TaskState.FILLING, TaskState.HELD]).update(
        state=TaskState.OPEN,
        open_slots=F("overlap") - F("counted"),
        opened_at=Coalesce(F("opened_at"), timezone.now()),
    )
