"""Gold tasks of what people agreed on, or an admin decided."""

from typing import NamedTuple

from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.db.models import Count, Exists, OuterRef, QuerySet

from annotator.accounts.models import User
from annotator.generation.models import Batch, Candidate, ClipState, Task, TaskKind, TaskState
from annotator.quality.gold import Answer, candidates_a_task, check_open, unfinished, write
from annotator.quality.models import Adjudication, GoldOrigin, PromptTally
from annotator.quality.recent_work import judged_by_all

JUDGED = [TaskState.OPEN, TaskState.DONE]
FEWEST_AGREEING = 2
MOST_AT_ONCE = 200


class Found(NamedTuple):
    """A task whose answer is known, as Gold has it, by candidate of the task itself."""

    task: Task
    answers: dict[int, Answer]
    origin: GoldOrigin


def make_gold_of_agreed(*, batch: Batch, source: Batch, at_least: int, most: int, by: User) -> int:
    """Gold tasks for `batch` of up to `most` tasks of `source` on which `at_least` people agreed about every clip, or
    that an admin decided; returns how many were made. A prompt that had a gold task here, removed or not, is left out.
    """
    check_open(batch)
    if at_least < FEWEST_AGREEING or not 1 <= most <= MOST_AT_ONCE:
        message = f"{FEWEST_AGREEING} people or more have to agree, and 1 to {MOST_AT_ONCE} tasks are made at once."
        raise ValidationError(message)
    made = 0
    for found in [*decided(batch, source, most=most), *agreed(batch, source, at_least=at_least, most=most)]:
        if made == most:
            break
        candidates = list(found.task.candidates.filter(pk__in=found.answers).order_by("id"))
        try:
            write(batch=batch, candidates=candidates, answers=found.answers, origin=found.origin, by=by)
            made += 1
        except IntegrityError:  # somebody else made one of this prompt meanwhile, or it was decided and agreed on
            continue
    return made


def decided(batch: Batch, source: Batch, *, most: int) -> list[Found]:
    """An admin's decision stands before what people agreed on."""
    decisions = Adjudication.objects.filter(current=True, task__in=usable(batch, source)).select_related("task")
    found = []
    for decision in decisions.order_by("id")[:most]:
        answers = {
            pk: Answer.SHAREABLE if pk in decision.shareable else Answer.NOT_SHAREABLE
            for pk in decision.task.candidates.filter(dropped=False).values_list("id", flat=True)
        }
        found.append(Found(decision.task, answers, GoldOrigin.ADJUDICATED))
    return found


def agreed(batch: Batch, source: Batch, *, at_least: int, most: int) -> list[Found]:
    alike = PromptTally.objects.filter(batch=source, annotations__gte=at_least, disagreement=0)
    nobody_decided = ~Exists(Adjudication.objects.filter(task=OuterRef("pk"), current=True))
    tasks = usable(batch, source).filter(nobody_decided, prompt__in=alike.values("prompt"))
    shown = {task.pk: task for task in tasks.order_by("id")[:most]}
    candidates: dict[int, list[int]] = {}
    rows = Candidate.objects.filter(task__in=shown, dropped=False).order_by("id")
    for task_id, pk in rows.values_list("task_id", "id"):
        candidates.setdefault(task_id, []).append(pk)
    counts = judged_by_all({pk for ids in candidates.values() for pk in ids})
    found = []
    for task_id, ids in candidates.items():
        said = [counts.get(pk, (0, 0)) for pk in ids]
        # The sums may be of a moment ago: what is counted now decides.
        if all(n >= at_least and y in {0, n} for n, y in said):
            answers = {
                pk: Answer.SHAREABLE if y else Answer.NOT_SHAREABLE for pk, (_, y) in zip(ids, said, strict=True)
            }  # fmt: skip
            found.append(Found(shown[task_id], answers, GoldOrigin.AGREED))
    return found


def usable(batch: Batch, source: Batch) -> QuerySet[Task]:
    """Ordinary tasks of `source` that look like those of `batch`, and of whose prompt it has had no gold task and has
    nothing to judge."""
    had = Task.objects.filter(batch=batch, kind=TaskKind.GOLD, prompt=OuterRef("prompt"))
    left = Candidate.objects.filter(task=OuterRef("pk"), dropped=False, clip__state=ClipState.READY).order_by()
    size = left.values("task").annotate(size=Count("id")).values("size")
    judging = unfinished(batch).filter(prompt=OuterRef("prompt"))
    tasks = Task.objects.filter(~Exists(had), ~Exists(judging), batch=source, kind=TaskKind.ORDINARY, state__in=JUDGED)
    return tasks.annotate(size=size).filter(size=candidates_a_task(batch))
