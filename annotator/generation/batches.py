"""What researchers do with batches: create, steer, end."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from textwrap import shorten

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from annotator.accounts.models import User
from annotator.audit.recording import record
from annotator.generation.choosing import PromptFilter
from annotator.generation.filling import fill_batch
from annotator.generation.models import MOST_GOLD, MOST_REPEATS, Batch, BatchState, Reason, Source
from annotator.generation.overlap import check_change, check_overlap, spread_overlap
from annotator.generation.planning import SourceRequest, plan_batch
from annotator.generation.releasing import release
from annotator.generation.requests import new_seed_base
from annotator.generation.retries import retry_failed

STEERABLE = {
    "name",
    "generation_paused",
    "annotation_paused",
    "priority",
    "instructions",
    "pooled",
    "gold_rate",
    "repeat_rate",
}


class StaleError(ValidationError):
    """Somebody else changed the batch since the person looked at it."""


def create_batch(
    *,
    name: str,
    prompt_set_id: int,
    sources: Sequence[SourceRequest],
    created_by: User,
    overlap: int = 1,
    priority: int = 0,
    instructions: str = "",
    chosen: PromptFilter | None = None,
    person_share: float = 0.3,
    gold_rate: float = 0,
    repeat_rate: float = 0,
    pooled: bool = False,
    reasons: Collection[str] = (),
    seed_base: int | None = None,
) -> Batch:
    """Makes a batch and the tasks of its first prompts; `manage.py dispatch` makes the others, chunk by chunk.

    `seed_base` is drawn anew unless given: a batch with an old one asks for the same clips again, and gets them.
    Raises ValidationError naming the entry, what is wrong and what would be right.
    """
    plan = plan_batch(prompt_set_id=prompt_set_id, sources=sources, chosen=chosen or PromptFilter())
    if not name.strip():
        raise ValidationError({"name": "Give the batch a name."})
    check_overlap(overlap)
    if not 0 < person_share <= 1:
        raise ValidationError({"person_share": f"A share above 0 and up to 1 is expected, not {person_share}."})
    check_rates({"gold_rate": gold_rate, "repeat_rate": repeat_rate})
    offered = checked_reasons(reasons)
    with transaction.atomic():
        batch = Batch.objects.create(
            name=name.strip(),
            prompt_set=plan.prompt_set,
            splits=plan.chosen.splits,
            words=plan.chosen.words,
            unused_only=plan.chosen.unused_only,
            sample=plan.chosen.sample,
            sample_until=plan.sample_until,
            prompts_chosen_at=plan.at,
            prompt_count=plan.prompt_count,
            overlap=overlap,
            priority=priority,
            instructions=instructions,
            person_share=person_share,
            gold_rate=gold_rate,
            repeat_rate=repeat_rate,
            pooled=pooled,
            reasons=offered,
            reasons_ever=offered,
            seed_base=new_seed_base() if seed_base is None else seed_base,
            created_by=created_by,
        )
        Source.objects.bulk_create(
            Source(
                batch=batch,
                checkpoint=order.checkpoint,
                settings=order.settings,
                clips_per_prompt=order.clips_per_prompt,
                clips_of=order.clips_of,
            )
            for order in plan.orders
        )
        record(verb="batch.created", by=created_by, subject=batch, after={"prompts": plan.prompt_count})
    fill_batch(batch.pk)
    batch.refresh_from_db()
    return batch


def checked_reasons(reasons: Iterable[str]) -> list[str]:
    """Each once, in the order in which people see them. Raises ValidationError for one that there is not."""
    asked = set(reasons)
    if unknown := sorted(asked - set(Reason.values)):
        message = f"There is no reason {', '.join(unknown)}: choose among {', '.join(Reason.values)}."
        raise ValidationError({"reasons": message})
    return [reason for reason in Reason.values if reason in asked]


def check_rates(rates: Mapping[str, object]) -> None:
    for name, most in (("gold_rate", MOST_GOLD), ("repeat_rate", MOST_REPEATS)):
        rate = rates.get(name, 0)
        if not (isinstance(rate, int | float) and 0 <= rate <= most):
            raise ValidationError({name: f"A share of the tasks from 0 to {most} is expected, not {rate}."})


def steer_batch(
    *,
    batch_id: int,
    changes: Mapping[str, object],
    by: User | None = None,
    overlap: int | None = None,
    reasons: Collection[str] | None = None,
    was: Mapping[str, object] | None = None,
) -> None:
    """Changes what may change while a batch is open: STEERABLE, the reasons it offers, and the overlap, which may go
    down only as far as no task has more counted annotations. `was`: what the person saw before they changed it. Raises
    StaleError where it is something else by now."""
    unknown = sorted(set(changes) - STEERABLE)
    if unknown:
        raise ValidationError({unknown[0]: f"Only {', '.join(sorted(STEERABLE))}, overlap and reasons can be changed."})
    check_rates(changes)
    columns: dict[str, object] = dict(changes)
    if overlap is not None:
        check_change(batch_id=batch_id, overlap=overlap)
        columns["overlap"] = overlap
    if reasons is not None:
        columns["reasons"] = checked_reasons(reasons)
    if not columns:
        return
    with transaction.atomic():
        batch = Batch.objects.select_for_update(no_key=True).get(pk=batch_id)
        if batch.state != BatchState.OPEN:
            raise ValidationError(f"The batch is {batch.state}: only an open one can be changed.")
        check_unchanged(batch, was=was or {})
        if reasons is not None:
            columns["reasons_ever"] = checked_reasons({*batch.reasons_ever, *reasons})
        Batch.objects.filter(pk=batch_id).update(**columns)
        before = {name: getattr(batch, name) for name in columns}
        record(verb="batch.changed", by=by, subject=batch, before=before, after=columns)
    if overlap is not None:
        spread_overlap(batch_id)


def check_unchanged(batch: Batch, *, was: Mapping[str, object]) -> None:
    now = {name: getattr(batch, name) for name in [*STEERABLE, "overlap", "reasons"]}
    changed = {name: now[name] for name, seen in was.items() if name in now and now[name] != seen}
    if changed:
        message = "Somebody else has changed this meanwhile, to {}: look at it again, then save."
        raise StaleError({name: message.format(shorten(repr(value), 80)) for name, value in changed.items()})


def cancel_batch(batch_id: int, *, by: User | None = None) -> None:
    """Ends the batch for good: nothing more is generated for it or handed out. What was annotated stays."""
    end_batch(batch_id, BatchState.CANCELLED, by=by)


def close_batch(batch_id: int, *, by: User | None = None) -> None:
    """Ends the batch as finished: its annotations stand as they are. Clips that have not come are given up."""
    end_batch(batch_id, BatchState.CLOSED, by=by)


def end_batch(batch_id: int, state: BatchState, *, by: User | None) -> None:
    """Doing it twice is the same as once, and lets go of what the first time did not come to."""
    with transaction.atomic():
        ended = Batch.objects.filter(pk=batch_id, state=BatchState.OPEN).update(state=state, ended_at=timezone.now())
        if ended:
            record(verb=f"batch.{state}", by=by, subject=Batch.objects.get(pk=batch_id))
    if not ended and state_of(batch_id) != state:
        raise ValidationError(f"The batch is {state_of(batch_id)} already: only an open one can be {state}.")
    release(batch_id)


def retry_batch(batch_id: int, *, error: str | None = None) -> int:
    """Queues the batch's failed clips again, or those that say `error`; returns how many. See retries.retry_failed for
    those that stay failed."""
    if state_of(batch_id) != BatchState.OPEN:
        raise ValidationError(f"The batch is {state_of(batch_id)}: only in an open one can clips be tried again.")
    return retry_failed(batch_id, error=error)


def state_of(batch_id: int) -> str:
    return Batch.objects.values_list("state", flat=True).get(pk=batch_id)
