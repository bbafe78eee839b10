"""Which annotations count: never more of a task than its overlap, and a surplus one as soon as a slot is free."""

from datetime import timedelta

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from annotator.annotation.models import Annotation, Enrolment
from annotator.composed import ComposedUpdate
from annotator.generation.models import Batch, BatchState, Task, TaskState

AT_ONCE = 200
TIME = Task._meta.get_field("done_at")
COUNT = ComposedUpdate(
    lambda given: (
        Task.objects.filter(pk=given("task")),
        {
            "counted": given("counted"),
            "open_slots": given("open_slots"),
            "state": given("state"),
            "done_at": given("done_at", TIME),
            "tally_due": True,
        },
    )
)
COUNT_APART = ComposedUpdate(
    lambda given: (Task.objects.filter(pk=given("task")), {"counted": F("counted") + 1, "overlap": F("overlap") + 1})
)
# The batch's row is one for everybody, and locked by whoever writes it: once a minute is enough for what it is asked.
STAMPED_EVERY = timedelta(minutes=1)
STAMP = ComposedUpdate(
    lambda given: (
        Batch.objects.filter(
            Q(last_task_done_at=None) | Q(last_task_done_at__lt=given("long_ago", TIME)), pk=given("batch")
        ),
        {"last_task_done_at": given("done_at", TIME)},
    )
)


def count_annotation(*, task: Task, slots_taken: int) -> None:
    """Counts one more annotation of a task that the caller has locked and knows to be open.

    `slots_taken`: 1 where it takes one of the open slots, 0 where it was leased. Where the overlap was lowered, more
    may be leased than is wanted; then the slots that are still open go first.
    """
    task.counted += 1
    task.open_slots = min(task.open_slots - slots_taken, task.overlap - task.counted)
    now = timezone.now()
    if task.counted == task.overlap:
        task.state, task.done_at = TaskState.DONE, now
    COUNT.run(task=task.pk, counted=task.counted, open_slots=task.open_slots, state=task.state, done_at=task.done_at)
    if task.state == TaskState.DONE:
        STAMP.run(batch=task.batch_id, done_at=now, long_ago=now - STAMPED_EVERY)


def count_apart(*, task_id: int) -> None:
    """One more annotation of a gold task or a repeat, which has room for everybody's."""
    COUNT_APART.run(task=task_id)


def count_surplus() -> int:
    """The dispatcher's duty: where a slot came back to a task that has a surplus annotation, that one counts now.

    Without it, a task whose last slot comes back when everybody else has judged or skipped it would stay short.
    """
    removed = Enrolment.objects.filter(
        batch=OuterRef("assignment__task__batch"), user=OuterRef("assignment__user"), removed_at__isnull=False
    )
    surplus = Annotation.objects.filter(
        ~Exists(removed),
        counted=False,
        assignment__task__state=TaskState.OPEN,
        assignment__task__open_slots__gt=0,
        assignment__task__batch__state=BatchState.OPEN,
    ).order_by("created_at")
    return sum(
        count_waiting(annotation_id=annotation_id, task_id=task_id)
        for annotation_id, task_id in list(surplus.values_list("pk", "assignment__task_id")[:AT_ONCE])
    )


def count_waiting(*, annotation_id: int, task_id: int) -> bool:
    with transaction.atomic():
        task = Task.objects.select_for_update(no_key=True).get(pk=task_id)
        if task.state != TaskState.OPEN or task.open_slots == 0:
            return False
        if not Annotation.objects.filter(pk=annotation_id, counted=False).update(counted=True):
            return False
        count_annotation(task=task, slots_taken=1)
    return True
