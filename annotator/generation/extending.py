"""More prompts for a batch that people judge already: those added to its set since, or a wider filter.

Tasks that are there stay as they are: a further source would change what people have judged, so it takes a new batch,
into which the clips of this one can be taken.
"""

from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from annotator.accounts.models import User
from annotator.audit.recording import record
from annotator.generation.batches import StaleError
from annotator.generation.choosing import (
    PromptFilter,
    checked_filter,
    drawn,
    last_drawn,
    matching_prompts,
    with_clips_to_take,
)
from annotator.generation.estimates import Estimate, estimate_tasks
from annotator.generation.filling import fill_batch
from annotator.generation.models import Batch, BatchState, Task, TaskKind
from annotator.generation.requests import orders_of
from annotator.prompts.models import Prompt


@dataclass(frozen=True, kw_only=True)
class Extension:
    """`prompts`: those to add, of the prompts that match `chosen` `at` this time, drawn until `sample_until`."""

    chosen: PromptFilter
    at: datetime
    sample_until: str
    prompts: QuerySet[Prompt]
    prompt_count: int


def extend_batch(*, batch: Batch, chosen: PromptFilter, by: User | None = None) -> None:
    """Makes the tasks of further prompts, the first of them at once. Raises ValidationError naming the entry, and
    StaleError where somebody else extended the batch meanwhile."""
    extension = plan_extension(batch, chosen=chosen)
    with transaction.atomic():
        moved = Batch.objects.filter(
            pk=batch.pk, state=BatchState.OPEN, filled_at__isnull=False, prompts_chosen_at=batch.prompts_chosen_at
        ).update(
            splits=extension.chosen.splits,
            words=extension.chosen.words,
            unused_only=extension.chosen.unused_only,
            sample=extension.chosen.sample,
            sample_until=extension.sample_until,
            prompts_chosen_at=extension.at,
            prompt_count=batch.prompt_count + extension.prompt_count,
            filled_through=0,
            filled_at=None,
        )
        if not moved:
            raise StaleError("Somebody else has ended or extended this batch meanwhile: look at it again.")
        record(verb="batch.extended", by=by, subject=batch, after={"prompts_added": extension.prompt_count})
    fill_batch(batch.pk)


def estimate_extension(*, batch: Batch, chosen: PromptFilter) -> Estimate:
    """Raises ValidationError as extend_batch does."""
    extension = plan_extension(batch, chosen=chosen)
    return estimate_tasks(
        prompts=extension.prompts, count=extension.prompt_count, orders=orders_of(batch), seed_base=None
    )


def plan_extension(batch: Batch, *, chosen: PromptFilter) -> Extension:
    if batch.state != BatchState.OPEN:
        raise ValidationError(f"The batch is {batch.state}: only an open one can be extended. Clone it instead.")
    if batch.filled_at is None:
        raise ValidationError("The tasks of this batch are still being made: extend it in a minute.")
    chosen, at = checked_filter(chosen), timezone.now()
    check_wider(batch, chosen=chosen, at=at)
    matching = matching_prompts(prompt_set_id=batch.prompt_set_id, chosen=chosen, at=at)
    own = Task.objects.filter(batch=batch, kind=TaskKind.ORDINARY)
    prompts = with_clips_to_take(matching, orders=orders_of(batch), at=at)
    prompts = prompts.filter(~Exists(own.filter(prompt=OuterRef("pk"))))
    until = ""
    if chosen.sample is not None:
        there = own.count()
        if chosen.sample <= there:
            message = f"The batch has {there} prompts already: a sample of more than that is expected."
            raise ValidationError({"sample": message})
        until = last_drawn(prompts, chosen.sample - there)
        prompts = drawn(prompts, until=until)
    prompt_count = prompts.count()
    if not prompt_count:
        message = (
            "No prompt is left to add: every one that matches is in the batch. Add some to the set, or widen this."
        )
        raise ValidationError(message)
    return Extension(chosen=chosen, at=at, sample_until=until, prompts=prompts, prompt_count=prompt_count)


def check_wider(batch: Batch, *, chosen: PromptFilter, at: datetime) -> None:
    """The batch's filter is to say which prompts are in it: those there match it too, whoever has used them since."""
    wide = PromptFilter(splits=chosen.splits, words=chosen.words)
    matching = matching_prompts(prompt_set_id=batch.prompt_set_id, chosen=wide, at=at)
    own = Prompt.objects.filter(tasks__batch=batch, tasks__kind=TaskKind.ORDINARY)
    if left_out := own.exclude(pk__in=matching).count():
        message = f"{left_out} of the batch's prompts do not match this: widen it, or queue another batch for these."
        raise ValidationError({"words" if chosen.words else "splits": message})
