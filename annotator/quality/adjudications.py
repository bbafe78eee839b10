"""Adjudication: an admin decides where people disagree. Their verdicts stay as they are, and so does every decision."""

from collections.abc import Collection

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Exists, OuterRef, Prefetch, QuerySet

from annotator.accounts.models import User
from annotator.audit.recording import record
from annotator.generation.models import Candidate, ClipState, Task, TaskKind
from annotator.quality.models import Adjudication, PromptTally

MOST_CONTESTED = 30


def contested(*, batch: int | None = None) -> list[Task]:
    """Tasks that nobody has decided on, the most disagreement first; MOST_CONTESTED of them, others come up after."""
    decided = Adjudication.objects.filter(
        task__prompt=OuterRef("prompt"), task__batch=OuterRef("batch"), current=True
    )  # fmt: skip
    rows = PromptTally.objects.filter(~Exists(decided), disagreement__gt=0)
    rows = rows.filter(batch__isnull=False) if batch is None else rows.filter(batch=batch)
    places = {
        place: order
        for order, place in enumerate(
            rows.order_by("-disagreement", "id").values_list("batch", "prompt")[:MOST_CONTESTED]
        )
    }
    tasks = with_clips(
        Task.objects.filter(
            kind=TaskKind.ORDINARY,
            batch__in={batch_id for batch_id, _ in places},
            prompt__in={prompt for _, prompt in places},
        )
    )
    found = [task for task in tasks if (task.batch_id, task.prompt_id) in places]
    return sorted(found, key=lambda task: places[task.batch_id, task.prompt_id])


def decided(*, batch: int | None = None) -> QuerySet[Adjudication]:
    """The decisions that stand."""
    current = Adjudication.objects.filter(current=True)
    if batch is not None:
        current = current.filter(task__batch=batch)
    return current.select_related("decided_by").prefetch_related(Prefetch("task", with_clips(Task.objects.all())))


def with_clips(tasks: QuerySet[Task]) -> QuerySet[Task]:
    shown = Candidate.objects.filter(clip__state=ClipState.READY, dropped=False).select_related("clip").order_by("id")
    return tasks.select_related("prompt", "batch").prefetch_related(Prefetch("candidates", shown, to_attr="shown"))


def adjudicate(*, task: Task, shareable: Collection[int], comment: str, by: User) -> Adjudication:
    """Decides, or decides anew: the decision before stays on record as superseded."""
    candidates = set(task.candidates.filter(dropped=False).values_list("id", flat=True))
    if unknown := sorted(set(shareable) - candidates):
        known = ", ".join(map(str, sorted(candidates)))
        raise ValidationError({"shareable": f"{unknown[0]} is no candidate of this task; its candidates are {known}."})
    with transaction.atomic():
        Task.objects.select_for_update(no_key=True).get(pk=task.pk)
        Adjudication.objects.filter(task=task, current=True).update(current=False)
        chosen = sorted(set(shareable))
        record(verb="task.adjudicated", by=by, subject=task, name=str(task.batch), after={"shareable": chosen})
        return Adjudication.objects.create(task=task, shareable=chosen, comment=comment, decided_by=by)
