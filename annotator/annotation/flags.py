"""Flags: an annotator says that something is wrong; a researcher decides."""

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F, TextChoices
from django.utils import timezone

from annotator.accounts.models import User
from annotator.annotation.models import Annotation, Assignment, AssignmentState, Flag, FlagKind
from annotator.audit.recording import record
from annotator.generation.lines import move_to_tail
from annotator.generation.models import Task, TaskState

IN_USE = [TaskState.OPEN, TaskState.DONE]


class Decision(TextChoices):
    """`release`: the task is fine and goes on where it was. `void`: nobody sees it again and nothing of it counts."""

    RELEASE = "release"
    VOID = "void"


def raise_flag(*, assignment: Assignment, kind: FlagKind, slot: int | None, comment: str) -> Flag:
    """Notes a flag, once however often it is sent. An offensive one takes the task away from everybody at once."""
    if slot is not None and not 1 <= slot <= len(assignment.slots):
        shown = len(assignment.slots)
        raise ValidationError({"slot": f"There is no slot {slot}: this assignment has slots 1 to {shown}."})
    with transaction.atomic():
        task = Task.objects.select_for_update(no_key=True).get(pk=assignment.task_id)
        flag, _ = Flag.objects.get_or_create(
            assignment=assignment, kind=kind, slot=slot, resolved_at=None, defaults={"comment": comment}
        )
        if kind == FlagKind.OFFENSIVE and task.state in IN_USE:
            take_away(task=task, becomes=TaskState.HELD)
    return flag


def take_away(*, task: Task, becomes: TaskState) -> None:
    """Returns all leases of a task that the caller has locked, and moves its state."""
    Assignment.objects.filter(task=task, state=AssignmentState.LEASED).update(state=AssignmentState.RETURNED)
    Task.objects.filter(pk=task.pk).update(state=becomes, open_slots=F("overlap") - F("counted"))


def resolve(*, flag: Flag, decision: Decision, by: User) -> int:
    """Settles every open flag of the flagged task with one decision; how many that were (0: somebody was first)."""
    with transaction.atomic():
        task = Task.objects.select_for_update(no_key=True).get(pk=flag.assignment.task_id)
        standing = Flag.objects.filter(assignment__task=task, resolved_at=None)
        settled = standing.update(resolved_at=timezone.now(), resolved_by=by)
        if not settled:
            return 0
        after = {"task": task.pk, "decision": decision.value}
        record(verb="flag.resolved", by=by, subject=flag, name=str(task.batch), after=after)
        if decision == Decision.VOID:
            void(task=task)
        elif task.state == TaskState.HELD:
            release(task=task)
    return settled


def void(*, task: Task) -> None:
    take_away(task=task, becomes=TaskState.VOID)
    Annotation.objects.filter(assignment__task=task, counted=True).update(counted=False)
    Task.objects.filter(pk=task.pk).update(open_slots=0, counted=0, tally_due=True)


def release(*, task: Task) -> None:
    """Back to where it was: done if all its annotations are there, else to the tail of the line."""
    if task.counted == task.overlap:
        Task.objects.filter(pk=task.pk).update(state=TaskState.DONE)
    else:
        Task.objects.filter(pk=task.pk).update(state=TaskState.OPEN)
        move_to_tail(task.batch_id, [task.pk])
