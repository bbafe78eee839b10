"""Submissions: the one verb that writes annotations and completes their verdicts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import F

from annotator.annotation.active_time import add_active_time
from annotator.annotation.apart import plan_repeat
from annotator.annotation.counting import count_annotation, count_apart
from annotator.annotation.enrolments import LOCKED
from annotator.annotation.models import (
    Annotation,
    Assignment,
    AssignmentState,
    Enrolment,
    Revision,
    Verdict,
)
from annotator.composed import Composed, ComposedUpdate, insert
from annotator.generation.lines import reopen_slot
from annotator.generation.models import BatchState, Reason, Task, TaskKind, TaskState

LOCKED_TASK = Composed(lambda given: Task.objects.select_for_update(no_key=True).filter(pk=given("task")))
SUBMITTED = ComposedUpdate(
    lambda given: (
        Assignment.objects.filter(uuid=given("uuid", Assignment._meta.pk), state=AssignmentState.LEASED),
        {"state": AssignmentState.SUBMITTED},
    )
)
ONE_MORE_JUDGED = ComposedUpdate(
    lambda given: (Enrolment.objects.filter(pk=given("enrolment")), {"judged": F("judged") + 1})
)


@dataclass(frozen=True, kw_only=True)
class Submission:
    """What a browser sends. `shareable` are slots, from 1; empty says that none is. `reasons`, by slot, say why others
    are not. Times are in milliseconds; `active_ms` is the person's, since their submission before."""

    submission: UUID
    revision: int
    shareable: frozenset[int]
    elapsed_ms: int
    watched_ms: Sequence[int]
    active_ms: int = 0
    reasons: Mapping[int, Sequence[str]] = field(default_factory=dict)
    device: str = ""
    comment: str = ""


@dataclass(frozen=True, kw_only=True)
class Stored:
    """`counted`: this very submission speaks for the person, and what it says counts. `enrolment` is as it is now."""

    counted: bool
    revision: int
    enrolment: Enrolment


def submit(*, assignment: Assignment, submission: Submission) -> Stored:
    """Stores a submission for the person's own assignment (with its task and batch); sending it again changes nothing.

    It is stored whatever has become of the lease, the task or the batch, and counts if a slot is there for it.
    Raises ValidationError for what cannot belong to this assignment.
    """
    check(assignment=assignment, submission=submission)
    try:
        with transaction.atomic():
            return store(assignment=assignment, submission=submission)
    except IntegrityError:
        if Revision.objects.filter(submission=submission.submission).exists():
            message = "This id was already used for another assignment: give each submission a new UUID."
            raise ValidationError({"submission": message}) from None
        raise


def check(*, assignment: Assignment, submission: Submission) -> None:
    shown = len(assignment.slots)
    wrong: dict[str, str] = {}
    if unknown := sorted(slot for slot in submission.shareable if not 1 <= slot <= shown):
        wrong["shareable"] = f"There is no slot {', '.join(map(str, unknown))}: this assignment has slots 1 to {shown}."
    if len(submission.watched_ms) != shown:
        wrong["watched_ms"] = f"Send one time a slot: {shown} are expected, {len(submission.watched_ms)} came."
    if wrong_reasons := reasons_that_cannot_be(assignment=assignment, submission=submission):
        wrong["reasons"] = wrong_reasons
    if wrong:
        raise ValidationError(wrong)


def reasons_that_cannot_be(*, assignment: Assignment, submission: Submission) -> str:
    """Empty where all can. What the batch offered once may still come: it waited in somebody's browser."""
    shown = len(assignment.slots)
    offered = assignment.task.batch.reasons_ever
    for slot, reasons in submission.reasons.items():
        if not 1 <= slot <= shown:
            return f"There is no slot {slot}: this assignment has slots 1 to {shown}."
        if slot in submission.shareable:
            return f"Slot {slot} is shareable: reasons are for slots that are not."
        if unknown := [reason for reason in reasons if reason not in offered]:
            known = ", ".join(offered) or "none"
            return f"This batch has not offered {', '.join(unknown)} for slot {slot}; it has offered: {known}."
    return ""


def store(*, assignment: Assignment, submission: Submission) -> Stored:
    task = assignment.task
    enrolment = LOCKED.first(batch=task.batch_id, user=assignment.user_id)
    task = LOCKED_TASK.first(task=assignment.task_id)
    welcome = assignment.task.batch.state == BatchState.OPEN and enrolment.removed_at is None
    was_leased = bool(SUBMITTED.run(uuid=assignment.pk))
    if not was_leased and not submit_what_was_given_up(assignment.pk):
        return revise(assignment=assignment, submission=submission, enrolment=enrolment, may_speak=welcome)

    ordinary = task.kind == TaskKind.ORDINARY
    in_use = task.state == (TaskState.OPEN if ordinary else TaskState.DONE)
    counted = welcome and in_use and (was_leased or task.open_slots > 0 or not ordinary)
    annotation = Annotation(assignment=assignment, counted=counted)
    insert([annotation])
    write_revision(assignment=assignment, annotation=annotation, submission=submission, current=True)
    add_active_time(user_id=assignment.user_id, active_ms=submission.active_ms, judged=1)
    ONE_MORE_JUDGED.run(enrolment=enrolment.pk)
    enrolment.judged += 1
    plan_repeat(batch=assignment.task.batch, enrolment=enrolment, task=task)
    if counted and not ordinary:
        count_apart(task_id=task.pk)
    elif counted:
        count_annotation(task=task, slots_taken=0 if was_leased else 1)
    elif was_leased:
        reopen_slot(task.pk)
    return Stored(counted=counted, revision=submission.revision, enrolment=enrolment)


def submit_what_was_given_up(uuid: UUID) -> bool:
    """A late submission; False where the assignment has one already."""
    late = Assignment.objects.filter(pk=uuid).exclude(state=AssignmentState.SUBMITTED)
    return bool(late.update(state=AssignmentState.SUBMITTED))


def revise(*, assignment: Assignment, submission: Submission, enrolment: Enrolment, may_speak: bool) -> Stored:
    """Another submission for a judged assignment. The highest revision speaks, and of equal ones the last to arrive."""
    annotation = Annotation.objects.get(assignment=assignment)
    revisions = list(annotation.revisions.only("submission", "number", "current"))
    for known in revisions:
        if known.submission == submission.submission:
            counted = annotation.counted and known.current
            return Stored(counted=counted, revision=known.number, enrolment=enrolment)
    speaks = may_speak and all(submission.revision >= each.number for each in revisions if each.current)
    if speaks:
        annotation.revisions.filter(current=True).update(current=False)
        Task.objects.filter(pk=assignment.task_id).update(tally_due=True)
    write_revision(assignment=assignment, annotation=annotation, submission=submission, current=speaks)
    add_active_time(user_id=assignment.user_id, active_ms=submission.active_ms, judged=0)
    return Stored(counted=annotation.counted and speaks, revision=submission.revision, enrolment=enrolment)


def write_revision(*, assignment: Assignment, annotation: Annotation, submission: Submission, current: bool) -> None:
    revision = Revision(
        annotation=annotation,
        submission=submission.submission,
        number=submission.revision,
        current=current,
        none_shareable=not submission.shareable,
        elapsed_ms=submission.elapsed_ms,
        watched_ms=list(submission.watched_ms),
        device=submission.device,
        comment=submission.comment,
    )
    insert([revision])
    insert(
        [
            Verdict(
                revision=revision,
                candidate_id=candidate_id,
                slot=slot,
                shareable=slot in submission.shareable,
                reasons=[reason for reason in Reason.values if reason in submission.reasons.get(slot, ())],
            )
            for slot, candidate_id in enumerate(assignment.slots, start=1)
        ]
    )
