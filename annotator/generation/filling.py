"""Makes a batch's tasks, candidates and clips, in chunks that hold the write lock for a fraction of a second each."""

from collections.abc import Mapping, Sequence
from time import monotonic

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from annotator.generation.choosing import prompts_chosen
from annotator.generation.lines import open_tasks
from annotator.generation.models import Batch, BatchState, Candidate, Clip, ClipState, Task, TaskKind
from annotator.generation.requests import clips_for, orders_of
from annotator.generation.taking import taken_clips
from annotator.prompts.models import Prompt

CLIPS_A_CHUNK = 1_000
SECONDS_A_TURN = 0.5


def fill_batches() -> int:
    """A dispatch duty: goes on with the batches whose tasks are not all made. Returns of how many prompts."""
    moved = 0
    end = monotonic() + SECONDS_A_TURN
    unfilled = Batch.objects.filter(state=BatchState.OPEN, filled_at=None).order_by("-priority", "id")
    for batch_id in list(unfilled.values_list("id", flat=True)):
        while chunk := fill_batch(batch_id):
            moved += chunk
            if monotonic() > end:
                return moved
    return moved


def fill_batch(batch_id: int) -> int:
    """Makes the tasks of a batch's next prompts; returns of how many. Of two callers at once, only one makes them."""
    batch = Batch.objects.filter(pk=batch_id, state=BatchState.OPEN, filled_at=None).first()
    if batch is None:
        return 0
    orders = orders_of(batch)
    size = CLIPS_A_CHUNK // sum(order.clips_per_prompt for order in orders)
    left = prompts_chosen(batch).filter(pk__gt=batch.filled_through).order_by("id")
    prompts = list(left[: size + 1])
    complete = len(prompts) <= size
    prompts = prompts[:size]
    # An extended batch has tasks of some. Looked up by id: for an anti-join PostgreSQL may choose a plan that grows
    # with the batch, as long as its statistics know nothing of it.
    there = set(Task.objects.filter(ordinary_of(batch), prompt__in=prompts).values_list("prompt_id", flat=True))
    taken = taken_clips(orders=orders, prompts=prompts, at=batch.prompts_chosen_at)
    to_take = sum(order.clips_per_prompt for order in orders if order.clips_of is not None)
    fresh = [prompt for prompt in prompts if prompt.pk not in there and len(taken[prompt.pk]) == to_take]
    requests = list(clips_for(prompts=fresh, orders=orders, seed_base=batch.seed_base, batch=batch))
    through = prompts[-1].pk if prompts else batch.filled_through
    try:
        with transaction.atomic():
            make_tasks(batch=batch, requests=requests, taken=taken)
            moved = unmoved(batch).update(filled_through=through, filled_at=timezone.now() if complete else None)
            if not moved:
                transaction.set_rollback(True)
                return 0
    except IntegrityError:
        if unmoved(batch).exists():
            raise
        return 0
    if complete:
        # Other than foreseen where a prompt went, or an earlier batch with it was cancelled, in between.
        made = Task.objects.filter(ordinary_of(batch)).count()
        Batch.objects.filter(pk=batch.pk).exclude(prompt_count=made).update(prompt_count=made)
    return len(prompts)


def unmoved(batch: Batch) -> QuerySet[Batch]:
    """The batch's row, unless somebody made these tasks, extended it or changed its overlap meanwhile."""
    return Batch.objects.filter(
        pk=batch.pk,
        state=BatchState.OPEN,
        filled_at=None,
        filled_through=batch.filled_through,
        prompts_chosen_at=batch.prompts_chosen_at,
        overlap=batch.overlap,
    )


def ordinary_of(batch: Batch) -> Q:
    return Q(batch=batch, kind=TaskKind.ORDINARY)


def make_tasks(*, batch: Batch, requests: Sequence[tuple[Prompt, list[Clip]]], taken: Mapping[int, list[int]]) -> None:
    """`taken`: by prompt id, the ids of clips that are candidates too, ready as they are."""
    clips = join_clips(batch=batch, asked=[clip for _, asked in requests for clip in asked])
    tasks = Task.objects.bulk_create(
        Task(
            batch=batch,
            prompt=prompt,
            overlap=batch.overlap,
            missing_clips=sum(clips[clip.key].state != ClipState.READY for clip in asked),
        )
        for prompt, asked in requests
    )
    Candidate.objects.bulk_create(
        Candidate(task=task, clip_id=clip_id)
        for task, (prompt, asked) in zip(tasks, requests, strict=True)
        for clip_id in [*(clips[clip.key].pk for clip in asked), *taken[prompt.pk]]
    )
    open_tasks(batch.pk, [task.pk for task in tasks if task.missing_clips == 0])


def join_clips(*, batch: Batch, asked: Sequence[Clip]) -> dict[str, Clip]:
    """The rows of these requests by key, made where nobody asked before, and locked until their candidates are in.
    Those that failed are tried again; those that no open batch waits for are this batch's from now on."""
    clips: dict[str, Clip] = {}
    # Again where another batch's end took a row away between the two statements.
    while missing := [clip for clip in asked if clip.key not in clips]:
        Clip.objects.bulk_create(missing, ignore_conflicts=True)
        keys = [clip.key for clip in missing]
        locked = Clip.objects.select_for_update().filter(key__in=keys).order_by("id").only("key", "state")
        clips |= {clip.key: clip for clip in locked}
    ids = [clip.pk for clip in clips.values()]
    Clip.objects.filter(pk__in=ids, state=ClipState.FAILED).update(
        state=ClipState.QUEUED, attempt=0, failures=0, error="", worker="", wanted_by=batch
    )
    Clip.objects.filter(
        Q(wanted_by=None) | ~Q(wanted_by__state=BatchState.OPEN),
        pk__in=ids,
        state__in=[ClipState.QUEUED, ClipState.RUNNING],
    ).update(wanted_by=batch)
    return clips
