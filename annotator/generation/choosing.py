"""Which prompts of a set a batch takes: by split, by words, those that no batch has had, a sample."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import reduce
from operator import or_

from django.core.exceptions import ValidationError
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.db.models.functions import MD5

from annotator.generation.models import Batch, BatchState, Task, TaskKind
from annotator.generation.requests import Order
from annotator.generation.taking import clips_to_take
from annotator.prompts.models import Prompt, Split

MOST_WORDS = 20


@dataclass(frozen=True, kw_only=True)
class PromptFilter:
    """`words`: at least one of them is in the caption. `unused_only`: no batch has had the prompt, cancelled ones
    aside. `sample`: so many of those, always the same ones of the same prompts."""

    splits: Sequence[str] = field(default_factory=lambda: [Split.HITL])
    words: Sequence[str] = ()
    unused_only: bool = False
    sample: int | None = None


def checked_filter(chosen: PromptFilter) -> PromptFilter:
    """Raises ValidationError naming the entry, what is wrong and what would be right."""
    if not chosen.splits or set(chosen.splits) - set(Split.values):
        raise ValidationError({"splits": f"Name one or more of the splits {', '.join(Split.values)}."})
    words = list(dict.fromkeys(word.strip() for word in chosen.words if word.strip()))
    if len(words) > MOST_WORDS:
        raise ValidationError({"words": f"{len(words)} words are more than can be looked for: at most {MOST_WORDS}."})
    if chosen.sample is not None and chosen.sample < 1:
        raise ValidationError({"sample": f"A sample of {chosen.sample} cannot be: 1 or more are expected."})
    return PromptFilter(
        splits=sorted(set(chosen.splits)), words=words, unused_only=chosen.unused_only, sample=chosen.sample
    )


def filter_of(batch: Batch) -> PromptFilter:
    return PromptFilter(splits=batch.splits, words=batch.words, unused_only=batch.unused_only, sample=batch.sample)


def matching_prompts(*, prompt_set_id: int, chosen: PromptFilter, at: datetime) -> QuerySet[Prompt]:
    """The prompts that were there and matched at that time, before a sample is drawn of them; none that
    was withdrawn since."""
    prompts = Prompt.objects.filter(
        prompt_set=prompt_set_id, split__in=chosen.splits, created_at__lte=at, withdrawn_at=None
    )
    if chosen.words:
        prompts = prompts.filter(reduce(or_, (Q(caption__icontains=word) for word in chosen.words)))
    if chosen.unused_only:
        had = Task.objects.filter(prompt=OuterRef("pk"), kind=TaskKind.ORDINARY, batch__created_at__lt=at)
        prompts = prompts.filter(~Exists(had.exclude(batch__state=BatchState.CANCELLED)))
    return prompts


def with_clips_to_take(prompts: QuerySet[Prompt], *, orders: Sequence[Order], at: datetime) -> QuerySet[Prompt]:
    """Those of the prompts for which every source of clips that exist has as many as are asked of it."""
    for order in orders:
        if order.clips_of is not None:
            by_prompt = clips_to_take(order, at=at).order_by().values("task__prompt")
            enough = by_prompt.annotate(count=Count("clip", distinct=True)).filter(count__gte=order.clips_per_prompt)
            prompts = prompts.filter(pk__in=enough.values("task__prompt"))
    return prompts


def last_drawn(prompts: QuerySet[Prompt], size: int) -> str:
    """Prompts are drawn in the order of their external ids' MD5. Returns that of the last one of a sample of this
    size, or "" where all of them are in it."""
    last = prompts.annotate(draw=MD5("external_id")).order_by("draw").values_list("draw", flat=True)
    return next(iter(last[size - 1 : size]), "") if prompts.count() > size else ""


def drawn(prompts: QuerySet[Prompt], *, until: str) -> QuerySet[Prompt]:
    return prompts.annotate(draw=MD5("external_id")).filter(draw__lte=until) if until else prompts


def prompts_chosen(batch: Batch) -> QuerySet[Prompt]:
    """The prompts that the batch asked for, whether it has a task of them or not, and whether or not there are clips to
    take for them."""
    chosen, at = filter_of(batch), batch.prompts_chosen_at
    return drawn(matching_prompts(prompt_set_id=batch.prompt_set_id, chosen=chosen, at=at), until=batch.sample_until)
