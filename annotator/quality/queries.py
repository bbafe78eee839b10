"""What the labels are: counted verdicts of ordinary tasks, in each annotation's current revision, of people whose
labels are not set aside. Every rate and every release begins here."""

from collections.abc import Iterator
from typing import Any

from django.db.models import Count, Exists, OuterRef, QuerySet, Sum

from annotator.accounts.models import User
from annotator.annotation.models import Assignment, AssignmentState, Verdict
from annotator.generation.models import TaskKind
from annotator.quality.models import PromptTally, SetAside


def set_aside_now() -> QuerySet[SetAside]:
    return SetAside.objects.filter(undone_at=None)


def counted_verdicts(*, batch: int | None = None) -> QuerySet[Verdict]:
    verdicts = Verdict.objects.filter(
        ~Exists(set_aside_now().filter(person=OuterRef("revision__annotation__assignment__user"))),
        revision__current=True,
        revision__annotation__counted=True,
        candidate__task__kind=TaskKind.ORDINARY,
    )
    return verdicts if batch is None else verdicts.filter(candidate__task__batch=batch)


def people_who_count(*, batch: int | None = None) -> QuerySet[User]:
    """Whoever has an annotation that counts."""
    theirs = Assignment.objects.filter(
        user=OuterRef("pk"), state=AssignmentState.SUBMITTED, annotation__counted=True, task__kind=TaskKind.ORDINARY
    )
    if batch is not None:
        theirs = theirs.filter(task__batch=batch)
    return User.objects.filter(Exists(theirs), ~Exists(set_aside_now().filter(person=OuterRef("pk"))))


def tallies(*, batch: int | None = None) -> QuerySet[PromptTally]:
    """One a prompt: of one batch, or over all of them."""
    return PromptTally.objects.filter(batch=batch)


def shapes(*columns: str, batch: int | None = None) -> Iterator[tuple[Any, ...]]:
    """The different values of these columns, each with how many prompts have them."""
    return tallies(batch=batch).values_list(*columns).annotate(prompts=Count("id")).order_by(*columns).iterator()


def counts(*, batch: int | None = None) -> dict[str, int]:
    found = tallies(batch=batch).aggregate(annotations=Sum("annotations", default=0), prompts=Count("id"))
    return {**found, "annotators": people_who_count(batch=batch).count()}
