"""Clips that exist, taken into a batch as they are: those that an earlier batch has of one of its sources."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from django.db.models import Q, QuerySet

from annotator.generation.models import Candidate, ClipState, TaskKind, TaskState
from annotator.generation.requests import Order
from annotator.prompts.models import Prompt


def clips_to_take(order: Order, *, at: datetime) -> QuerySet[Candidate]:
    """The places of the clips that were ready then, but for tasks that are held, or void by a researcher's decision."""
    assert order.clips_of is not None
    judged_void = Q(task__state=TaskState.VOID, task__opened_at__isnull=False)
    return Candidate.objects.filter(
        task__batch=order.clips_of.batch_id,
        task__kind=TaskKind.ORDINARY,
        clip__grouping=order.grouping,
        clip__state=ClipState.READY,
        clip__ready_at__lte=at,
    ).exclude(Q(task__state=TaskState.HELD) | judged_void)


def taken_clips(*, orders: Sequence[Order], prompts: Sequence[Prompt], at: datetime) -> dict[int, list[int]]:
    """The ids of the clips by prompt id: of each source as many as are asked of it, the oldest first."""
    taken: dict[int, list[int]] = defaultdict(list)
    for order in orders:
        if order.clips_of is None:
            continue
        there: dict[int, list[int]] = defaultdict(list)
        places = clips_to_take(order, at=at).filter(task__prompt__in=prompts).order_by("clip_id").distinct()
        for prompt_id, clip_id in places.values_list("task__prompt_id", "clip_id"):
            there[prompt_id].append(clip_id)
        for prompt_id, clips in there.items():
            taken[prompt_id] += clips[: order.clips_per_prompt]
    return taken
