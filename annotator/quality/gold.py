"""Gold tasks: making them, and taking them out again."""

from collections.abc import Collection, Mapping, Sequence

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import QuerySet, Sum, TextChoices

from annotator.accounts.models import User
from annotator.annotation.flags import void
from annotator.audit.recording import record
from annotator.generation.models import Batch, BatchState, Candidate, ClipState, Task, TaskKind, TaskState
from annotator.quality.models import Gold, GoldOrigin


class Answer(TextChoices):
    """`either`: not scored."""

    SHAREABLE = "shareable"
    NOT_SHAREABLE = "not_shareable"
    EITHER = "either"


def make_gold(*, batch: Batch, answers: Mapping[int, Answer], by: User) -> Gold:
    """A gold task of these candidates of ordinary tasks, all of one prompt. Raises ValidationError for what would be
    no task, has no answer, or could be told from the batch's other tasks."""
    check_open(batch)
    rows = Candidate.objects.filter(pk__in=answers, dropped=False, clip__state=ClipState.READY)
    candidates = list(rows.filter(task__kind=TaskKind.ORDINARY).select_related("task").order_by("id"))
    if unknown := sorted(set(answers) - {candidate.pk for candidate in candidates}):
        message = f"{unknown[0]} is no candidate of an ordinary task with a clip that is ready: take them from a batch."
        raise ValidationError({"answers": message})
    if len({candidate.task.prompt_id for candidate in candidates}) != 1:
        raise ValidationError({"answers": "A task is about one prompt: name candidates of one, two or more of them."})
    if len({candidate.clip_id for candidate in candidates}) != len(candidates):
        raise ValidationError({"answers": "Two of these candidates are the same clip: name each clip once."})
    usual = candidates_a_task(batch)
    if len(candidates) != usual:
        message = f"Tasks of this batch have {usual} clips, this one would have {len(candidates)}: people would tell."
        raise ValidationError({"answers": message})
    if unfinished(batch).filter(prompt=candidates[0].task.prompt_id).exists():
        message = "This prompt is still being judged in the batch: whoever gets both would tell. Take one that is not."
        raise ValidationError({"answers": message})
    if set(answers.values()) <= {Answer.EITHER}:
        raise ValidationError({"answers": "Say of at least one clip that it is shareable, or that it is not."})
    try:
        return write(batch=batch, candidates=candidates, answers=answers, origin=GoldOrigin.BY_HAND, by=by)
    except IntegrityError:
        message = "The batch has a gold task of this prompt: remove it, then make this one."
        raise ValidationError({"answers": message}) from None


def candidates_a_task(batch: Batch) -> int:
    clips: int = batch.sources.aggregate(clips=Sum("clips_per_prompt", default=0))["clips"]
    return clips


def unfinished(batch: Batch) -> QuerySet[Task]:
    """The ordinary tasks that people may still be given."""
    ordinary = Task.objects.filter(batch=batch, kind=TaskKind.ORDINARY)
    return ordinary.exclude(state__in=[TaskState.DONE, TaskState.VOID])


def check_open(batch: Batch) -> None:
    if batch.state != BatchState.OPEN:
        raise ValidationError(f"The batch is {batch.state}: only an open one hands out tasks.")


def write(
    *, batch: Batch, candidates: Sequence[Candidate], answers: Mapping[int, Answer], origin: GoldOrigin, by: User
) -> Gold:
    """Whoever judged the prompt in its own batch, or the clips where they are from, is not given it. Raises
    IntegrityError for a second gold task of one prompt."""
    first = candidates[0].task
    own = Task.objects.filter(batch=batch, prompt=first.prompt_id, kind=TaskKind.ORDINARY).first()
    with transaction.atomic():
        task = Task.objects.create(
            batch=batch,
            prompt_id=first.prompt_id,
            kind=TaskKind.GOLD,
            state=TaskState.DONE,
            copy_of=own or first,
            missing_clips=0,
            overlap=0,
        )
        said: dict[Answer, list[int]] = {answer: [] for answer in Answer}
        for candidate in candidates:
            copy = Candidate.objects.create(task=task, clip_id=candidate.clip_id)
            said[answers[candidate.pk]].append(copy.pk)
        gold = Gold.objects.create(
            task=task,
            shareable=said[Answer.SHAREABLE],
            unshareable=said[Answer.NOT_SHAREABLE],
            origin=origin,
            made_by=by,
        )
        record(verb="gold.made", by=by, subject=gold, name=str(batch), after={"origin": origin.value, "task": task.pk})
    return gold


def remove_gold(gold: Gold, *, by: User) -> None:
    """Nobody is given the task again, and what was said of it is no longer scored."""
    with transaction.atomic():
        void(task=Task.objects.select_for_update(no_key=True).get(pk=gold.task_id))
        record(verb="gold.removed", by=by, subject=gold, name=str(gold.task.batch), before={"task": gold.task_id})


def gold_of(batch: Batch) -> QuerySet[Gold]:
    """What is in use, or held by a flag."""
    found = Gold.objects.filter(task__batch=batch).exclude(task__state=TaskState.VOID)
    return found.select_related("task__prompt", "made_by").prefetch_related("task__candidates__clip")


def scored(gold: Collection[Gold]) -> dict[int, bool]:
    """By candidate, whether sharing it is right; those of which either is right are left out."""
    found = {pk: True for each in gold for pk in each.shareable}
    return found | {pk: False for each in gold for pk in each.unshareable}
