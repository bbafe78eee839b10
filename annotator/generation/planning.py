"""What a batch would be: checked before anything is made."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils import timezone

from annotator.checkpoints.models import Checkpoint
from annotator.generation.choosing import (
    PromptFilter,
    checked_filter,
    drawn,
    last_drawn,
    matching_prompts,
    with_clips_to_take,
)
from annotator.generation.models import MOST_CANDIDATES, Source
from annotator.generation.requests import Order
from annotator.generation.sampler_settings import merged
from annotator.prompts.models import Prompt, PromptSet

FEWEST_CANDIDATES = 2


@dataclass(frozen=True, kw_only=True)
class SourceRequest:
    """One source as asked for: a checkpoint with the sampler settings that differ from its own, or `clips_of`, the id
    of an earlier batch's source, whose clips are taken as they are."""

    checkpoint_id: int | None = None
    clips_of: int | None = None
    settings: Mapping[str, object] = field(default_factory=dict)
    clips_per_prompt: int


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A batch that has been checked and can be made: of the prompts that match `chosen` `at` this time, those drawn
    until `sample_until`."""

    prompt_set: PromptSet
    chosen: PromptFilter
    at: datetime
    sample_until: str
    prompts: QuerySet[Prompt]
    prompt_count: int
    orders: list[Order]


def plan_batch(*, prompt_set_id: int, sources: Sequence[SourceRequest], chosen: PromptFilter) -> Plan:
    """Checks what is asked for. Raises ValidationError naming the entry, what is wrong and what would be right."""
    prompt_set = PromptSet.objects.filter(pk=prompt_set_id).first()
    if prompt_set is None:
        raise ValidationError({"prompt_set": f"There is no prompt set {prompt_set_id}."})
    chosen, at = checked_filter(chosen), timezone.now()
    orders = check_sources(sources)
    check_same_prompts(orders, prompt_set=prompt_set)
    matching = matching_prompts(prompt_set_id=prompt_set.pk, chosen=chosen, at=at)
    prompts = with_clips_to_take(matching, orders=orders, at=at)
    until = "" if chosen.sample is None else last_drawn(prompts, chosen.sample)
    prompts = drawn(prompts, until=until)
    prompt_count = prompts.count()
    if not prompt_count:
        raise ValidationError({"prompt_set": why_none(prompt_set, chosen=chosen, matching=matching)})
    return Plan(
        prompt_set=prompt_set,
        chosen=chosen,
        at=at,
        sample_until=until,
        prompts=prompts,
        prompt_count=prompt_count,
        orders=orders,
    )


def why_none(prompt_set: PromptSet, *, chosen: PromptFilter, matching: QuerySet[Prompt]) -> str:
    if matching.exists():
        return "No prompt has as many ready clips as are to be taken: take fewer, or wait until they are made."
    if not prompt_set.prompts.filter(split__in=chosen.splits).exists():
        return f"The prompt set {prompt_set.name!r} has no {' or '.join(chosen.splits)} prompts: add some first."
    return f"No prompt of {prompt_set.name!r} matches the words, or every one has been in a batch: widen the filter."


def check_same_prompts(orders: Sequence[Order], *, prompt_set: PromptSet) -> None:
    for index, order in enumerate(orders):
        if order.clips_of is not None and order.clips_of.batch.prompt_set_id != prompt_set.pk:
            message = f"The batch {order.clips_of.batch.name!r} is of another prompt set: choose that one."
            raise ValidationError({f"sources.{index}.clips_of": message})


def check_sources(sources: Sequence[SourceRequest]) -> list[Order]:
    """The sources of a batch, whose clips are judged side by side."""
    orders = check_each_source(sources)
    candidates = sum(order.clips_per_prompt for order in orders)
    if not FEWEST_CANDIDATES <= candidates <= MOST_CANDIDATES:
        message = (
            f"A task needs {FEWEST_CANDIDATES} to {MOST_CANDIDATES} candidates and these sources make {candidates}: "
            "change their number or their clips_per_prompt."
        )
        raise ValidationError({"sources": message})
    return orders


def check_each_source(sources: Sequence[SourceRequest]) -> list[Order]:
    checkpoints = Checkpoint.objects.in_bulk([source.checkpoint_id for source in sources if source.checkpoint_id])
    earlier = Source.objects.select_related("checkpoint", "batch").in_bulk(
        [source.clips_of for source in sources if source.clips_of]
    )
    orders: list[Order] = []
    for index, source in enumerate(sources):
        path = f"sources.{index}"
        if not 1 <= source.clips_per_prompt <= MOST_CANDIDATES:
            message = f"{source.clips_per_prompt} clips a prompt cannot be: 1 to {MOST_CANDIDATES} are expected."
            raise ValidationError({f"{path}.clips_per_prompt": message})
        if source.clips_of is None:
            order = order_of_new(source, checkpoint=checkpoints.get(source.checkpoint_id or 0), path=path)
        else:
            order = order_of_existing(source, earlier=earlier.get(source.clips_of), path=path)
        if twin := next((other for other in orders if other.grouping == order.grouping), None):
            both_new = order.clips_of is None and twin.clips_of is None
            instead = (
                "raise clips_per_prompt instead" if both_new else "its clips could not be told apart, take one out"
            )
            message = f"{order.checkpoint.name} is here twice with equal settings: {instead}."
            raise ValidationError({path: message})
        orders.append(order)
    return orders


def order_of_new(source: SourceRequest, *, checkpoint: Checkpoint | None, path: str) -> Order:
    if checkpoint is None:
        message = f"There is no checkpoint {source.checkpoint_id}: choose one of those registered."
        raise ValidationError({f"{path}.checkpoint": message})
    try:
        settings = merged(given=source.settings, defaults=checkpoint.default_settings)
    except ValidationError as error:
        raise ValidationError({f"{path}.settings": error.messages}) from None
    return Order(checkpoint=checkpoint, settings=settings, clips_per_prompt=source.clips_per_prompt)


def order_of_existing(source: SourceRequest, *, earlier: Source | None, path: str) -> Order:
    if earlier is None:
        message = f"There is no source {source.clips_of}: give the id of one of a batch's sources."
        raise ValidationError({f"{path}.clips_of": message})
    if source.checkpoint_id is not None or source.settings:
        message = "These clips are made already: leave checkpoint and settings out."
        raise ValidationError({f"{path}.clips_of": message})
    return Order(
        checkpoint=earlier.checkpoint,
        settings=earlier.settings,
        clips_per_prompt=source.clips_per_prompt,
        clips_of=earlier,
    )
