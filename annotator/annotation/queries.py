"""What annotators and researchers read of the annotation stage."""

from datetime import date, datetime
from typing import TypedDict
from uuid import UUID

from django.db.models import IntegerField, OuterRef, QuerySet, Subquery, Sum

from annotator.accounts.models import User
from annotator.annotation.enrolments import limit_of
from annotator.annotation.models import (
    ActiveDay,
    Annotation,
    Assignment,
    AssignmentState,
    Enrolment,
    Flag,
    Revision,
)
from annotator.generation.models import Batch, BatchState, Task, TaskState

# Of a batch's waiting tasks no more are counted: the list is asked for again and again, and a million take long.
MOST_COUNTED = 1000


class CountOfRows(Subquery):
    template = "(SELECT count(*) FROM (%(subquery)s) counted)"
    output_field = IntegerField()


class BatchToAnnotate(TypedDict):
    id: UUID
    name: str
    instructions: str
    paused: bool
    judged: int
    remaining_for_me: int | None
    tasks_open: int


def batches_to_annotate(*, user: User) -> list[BatchToAnnotate]:
    """The open batches, most urgent first, as this person meets them. Two queries."""
    enrolments = {each.batch_id: each for each in Enrolment.objects.filter(user=user, batch__state=BatchState.OPEN)}
    waiting = Task.objects.filter(batch=OuterRef("pk"), state=TaskState.OPEN, open_slots__gt=0)
    batches = Batch.objects.annotate(tasks_open=CountOfRows(waiting.values("pk")[:MOST_COUNTED]))
    listed: list[BatchToAnnotate] = []
    for batch in batches.filter(state=BatchState.OPEN).order_by("-priority", "pk"):
        enrolment = enrolments.get(batch.pk)
        if batch.pooled if enrolment is None else enrolment.removed_at is not None:
            continue
        judged = enrolment.judged if enrolment else 0
        limit = limit_of(batch=batch, enrolment=enrolment)
        listed.append(
            {
                "id": batch.public_id,
                "name": batch.name,
                "instructions": batch.instructions,
                "paused": batch.annotation_paused,
                "judged": judged,
                "remaining_for_me": None if limit is None else max(0, limit - judged),
                "tasks_open": batch.tasks_open,
            }
        )
    return listed


def history(*, batch: Batch, user: User) -> QuerySet[Assignment]:
    """What the person has judged in the batch; `annotation` gives the order."""
    mine = Assignment.objects.filter(user=user, task__batch=batch, state=AssignmentState.SUBMITTED)
    return mine.select_related("annotation")


def people_of(batch: Batch) -> QuerySet[Enrolment]:
    """Everybody who is or was in the batch."""
    return Enrolment.objects.filter(batch=batch).select_related("batch", "user")


def active_days(
    *, since: date | None = None, until: date | None = None, person: int | None = None
) -> QuerySet[ActiveDay]:
    """Both days included."""
    found = ActiveDay.objects.select_related("user")
    if since is not None:
        found = found.filter(day__gte=since)
    if until is not None:
        found = found.filter(day__lte=until)
    return found if person is None else found.filter(user=person)


class Done(TypedDict):
    judged: int
    elapsed_ms: int


def done(*, user: User, batch: Batch | None = None, since: datetime | None = None) -> Done:
    """How many tasks the person has judged, and how long their tasks had their attention. Two queries."""
    annotations = Annotation.objects.filter(assignment__user=user)
    if batch is not None:
        annotations = annotations.filter(assignment__task__batch=batch)
    revisions = Revision.objects.filter(annotation__in=annotations)
    if since is not None:
        annotations, revisions = annotations.filter(created_at__gte=since), revisions.filter(created_at__gte=since)
    total = revisions.aggregate(total=Sum("elapsed_ms"))["total"]
    return {"judged": annotations.count(), "elapsed_ms": total or 0}


def flags(*, unresolved: bool) -> QuerySet[Flag]:
    found = Flag.objects.select_related("assignment__task__batch", "assignment__task__prompt")
    return found.filter(resolved_at=None) if unresolved else found
