"""What a batch would cost, and what of it is there: said before anything is made."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import QuerySet

from annotator.generation.choosing import PromptFilter
from annotator.generation.models import Clip, ClipState
from annotator.generation.pace import Pace, pace_of
from annotator.generation.planning import SourceRequest, plan_batch
from annotator.generation.requests import Order, clips_for
from annotator.generation.waits import live_workers
from annotator.prompts.models import Prompt

CLIPS_A_LOOK = 1_000
PROMPTS_SHOWN = 3


@dataclass(frozen=True, kw_only=True)
class SourceEstimate:
    """`pace`: None where nothing was measured of the checkpoint yet, or nothing is to be made."""

    checkpoint: str
    clips: int
    already_there: int
    pace: Pace | None

    @property
    def to_make(self) -> int:
        return self.clips - self.already_there

    @property
    def seconds_a_clip(self) -> float | None:
        return self.pace.seconds if self.pace else None

    @property
    def same_settings(self) -> bool | None:
        return self.pace.same_settings if self.pace else None

    @property
    def worker_seconds(self) -> float | None:
        if not self.to_make:
            return 0
        return None if self.pace is None else self.to_make * self.pace.seconds


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """`prompts`: the first few, to look at. `workers`: those that run now."""

    tasks: int
    sources: list[SourceEstimate]
    workers: int
    prompts: list[Prompt]

    @property
    def clips(self) -> int:
        return sum(source.clips for source in self.sources)

    @property
    def already_there(self) -> int:
        return sum(source.already_there for source in self.sources)

    @property
    def worker_seconds(self) -> float | None:
        """Of one worker, for all that is to be made; None where a source was not measured yet."""
        each = [source.worker_seconds for source in self.sources]
        return None if None in each else sum(seconds for seconds in each if seconds is not None)

    @property
    def seconds(self) -> float | None:
        """With the workers that run now and nothing else to do; None also where none runs."""
        if self.worker_seconds is None or (self.worker_seconds and not self.workers):
            return None
        return self.worker_seconds / max(1, self.workers)


def estimate_batch(
    *,
    prompt_set_id: int,
    sources: Sequence[SourceRequest],
    chosen: PromptFilter | None = None,
    seed_base: int | None = None,
) -> Estimate:
    """Of new clips none is ready, unless the batch repeats a seed base. Raises ValidationError as plan_batch does."""
    plan = plan_batch(prompt_set_id=prompt_set_id, sources=sources, chosen=chosen or PromptFilter())
    return estimate_tasks(prompts=plan.prompts, count=plan.prompt_count, orders=plan.orders, seed_base=seed_base)


def estimate_tasks(
    *, prompts: QuerySet[Prompt], count: int, orders: Sequence[Order], seed_base: int | None
) -> Estimate:
    workers = live_workers()
    there = [0] * len(orders) if seed_base is None else ready_clips(prompts, orders=orders, seed_base=seed_base)
    return Estimate(
        tasks=count,
        sources=[
            estimate_source(order, prompts=count, ready=ready, workers=workers)
            for order, ready in zip(orders, there, strict=True)
        ],
        workers=len(workers),
        prompts=list(prompts.order_by("id")[:PROMPTS_SHOWN]),
    )


def estimate_source(order: Order, *, prompts: int, ready: int, workers: list[str]) -> SourceEstimate:
    clips = prompts * order.clips_per_prompt
    made = clips if order.clips_of is not None else ready
    pace = None
    if made < clips:
        pace = pace_of(
            checkpoint_id=order.checkpoint.pk, grouping=order.grouping, settings=order.settings, workers=workers
        )
    return SourceEstimate(checkpoint=order.checkpoint.name, clips=clips, already_there=made, pace=pace)


def ready_clips(prompts: QuerySet[Prompt], *, orders: Sequence[Order], seed_base: int) -> list[int]:
    """How many of the new clips of each source are ready, by the keys of their requests."""
    ready = [0] * len(orders)
    places = {order.grouping: place for place, order in enumerate(orders)}
    size = CLIPS_A_LOOK // sum(order.clips_per_prompt for order in orders)
    after = 0
    while chunk := list(prompts.filter(pk__gt=after).order_by("id")[:size]):
        requests = clips_for(prompts=chunk, orders=orders, seed_base=seed_base, batch=None)
        keys = [clip.key for _, clips in requests for clip in clips]
        there = Clip.objects.filter(key__in=keys, state=ClipState.READY)
        for grouping in there.values_list("grouping", flat=True):
            ready[places[grouping]] += 1
        after = chunk[-1].pk
    return ready
