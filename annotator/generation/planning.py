"""What a batch would be: checked before anything is made."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from django.core.exceptions import ValidationError

from annotator.checkpoints.models import Checkpoint
from annotator.generation.models import MOST_CANDIDATES, Clip, ClipState
from annotator.generation.requests import Order, clips_for
from annotator.generation.sampler_settings import merged
from annotator.prompts.models import Prompt, PromptSet, Split

FEWEST_CANDIDATES = 2
CLIPS_A_LOOK = 1_000


@dataclass(frozen=True, kw_only=True)
class SourceRequest:
    """One source as asked for: `settings` are the sampler settings that differ from the checkpoint's own."""

    checkpoint_id: int
    settings: Mapping[str, object]
    clips_per_prompt: int


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A batch that has been checked and can be made."""

    prompt_set: PromptSet
    splits: list[str]
    prompt_count: int
    orders: list[Order]

    @property
    def candidates(self) -> int:
        return sum(order.clips_per_prompt for order in self.orders)


def plan_batch(*, prompt_set_id: int, sources: Sequence[SourceRequest], splits: Collection[str]) -> Plan:
    """Checks what is asked for. Raises ValidationError naming the entry, what is wrong and what would be right."""
    prompt_set = PromptSet.objects.filter(pk=prompt_set_id).first()
    if prompt_set is None:
        raise ValidationError({"prompt_set": f"There is no prompt set {prompt_set_id}."})
    if not splits or set(splits) - set(Split.values):
        raise ValidationError({"splits": f"Name one or more of the splits {', '.join(Split.values)}."})
    chosen = sorted(set(splits))
    prompt_count = Prompt.objects.filter(prompt_set=prompt_set, split__in=chosen).count()
    if not prompt_count:
        message = f"The prompt set {prompt_set.name!r} has no {' or '.join(chosen)} prompts: add some first."
        raise ValidationError({"prompt_set": message})
    orders = check_sources(sources)
    return Plan(prompt_set=prompt_set, splits=chosen, prompt_count=prompt_count, orders=orders)


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
    checkpoints = Checkpoint.objects.in_bulk([source.checkpoint_id for source in sources])
    orders: list[Order] = []
    for index, source in enumerate(sources):
        order = check_source(source, checkpoint=checkpoints.get(source.checkpoint_id), path=f"sources.{index}")
        if any(order.grouping == earlier.grouping for earlier in orders):
            message = f"{order.checkpoint.name} is here twice with equal settings: raise clips_per_prompt instead."
            raise ValidationError({f"sources.{index}": message})
        orders.append(order)
    return orders


def check_source(source: SourceRequest, *, checkpoint: Checkpoint | None, path: str) -> Order:
    if checkpoint is None:
        message = f"There is no checkpoint {source.checkpoint_id}: choose one of those registered."
        raise ValidationError({f"{path}.checkpoint": message})
    if not 1 <= source.clips_per_prompt <= MOST_CANDIDATES:
        message = f"{source.clips_per_prompt} clips a prompt cannot be: 1 to {MOST_CANDIDATES} are expected."
        raise ValidationError({f"{path}.clips_per_prompt": message})
    try:
        settings = merged(given=source.settings, defaults=checkpoint.default_settings)
    except ValidationError as error:
        raise ValidationError({f"{path}.settings": error.messages}) from None
    return Order(checkpoint=checkpoint, settings=settings, clips_per_prompt=source.clips_per_prompt)


@dataclass(frozen=True, kw_only=True)
class Estimate:
    clips: int
    already_there: int
    tasks: int


def estimate_batch(
    *, prompt_set_id: int, sources: Sequence[SourceRequest], splits: Collection[str], seed_base: int | None
) -> Estimate:
    """How much a batch would ask for, and how many of its clips are ready: none, unless it repeats a seed base."""
    plan = plan_batch(prompt_set_id=prompt_set_id, sources=sources, splits=splits)
    ready = 0
    if seed_base is not None:
        prompts = Prompt.objects.filter(prompt_set=plan.prompt_set, split__in=plan.splits).order_by("id")
        for start in range(0, plan.prompt_count, CLIPS_A_LOOK // plan.candidates):
            chunk = prompts[start : start + CLIPS_A_LOOK // plan.candidates]
            requests = clips_for(prompts=chunk, orders=plan.orders, seed_base=seed_base, batch=None)
            keys = [clip.key for _, clips in requests for clip in clips]
            ready += Clip.objects.filter(key__in=keys, state=ClipState.READY).count()
    return Estimate(clips=plan.prompt_count * plan.candidates, already_there=ready, tasks=plan.prompt_count)
