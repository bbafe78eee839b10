"""What a clip's fate does to the tasks that wait for it.

The rule that these verbs keep: a task's `missing_clips` is the number of its candidates that are not dropped and whose
clip is not ready. The caller has locked the clip; tasks are locked here, by id, and batch rows after them.
"""

from collections import defaultdict
from collections.abc import Collection

from django.db.models import Count, F, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

from annotator.generation.lines import open_tasks
from annotator.generation.models import BatchState, Candidate, ClipState, Task, TaskState
from annotator.generation.planning import FEWEST_CANDIDATES


def lock_tasks(condition: Q) -> list[int]:
    """The ids of the tasks, locked in order of id. What led to them is read again afterwards: it may have changed while
    waiting for the lock."""
    ids = Task.objects.filter(condition).order_by("id").values_list("id", flat=True).distinct()
    locked = Task.objects.select_for_update().filter(pk__in=list(ids)).order_by("id")
    return list(locked.values_list("id", flat=True))


def clip_arrived(clip_id: int) -> None:
    """The clip has become ready: one clip less is missing; a task that misses none opens."""
    locked = lock_tasks(Q(candidates__clip=clip_id))
    waiting = Candidate.objects.filter(clip=clip_id, dropped=False, task__in=locked).values("task")
    Task.objects.filter(pk__in=waiting).update(missing_clips=F("missing_clips") - 1)
    settle(locked)


def clip_failed(clip_id: int) -> None:
    """The clip will not come: its candidates are dropped, and their tasks open without it or are void."""
    locked = lock_tasks(Q(candidates__clip=clip_id))
    waiting = list(
        Candidate.objects.filter(clip=clip_id, dropped=False, task__in=locked).values_list("task_id", flat=True)
    )
    Candidate.objects.filter(clip=clip_id, task__in=waiting).update(dropped=True)
    Task.objects.filter(pk__in=waiting).update(missing_clips=F("missing_clips") - 1)
    settle(locked)


def restore_candidates(clip_ids: Collection[int]) -> set[int]:
    """Failed clips get another chance: their tasks wait for them again, except those that somebody was already given,
    which stay as they were shown. Returns the clips that a task waits for."""
    dropped = Q(candidates__clip__in=clip_ids, candidates__dropped=True)
    locked = lock_tasks(dropped & Q(batch__state=BatchState.OPEN))
    untouched = Q(state__in=[TaskState.VOID, TaskState.OPEN], assignments=None)
    tasks = list(
        Task.objects.filter(Q(state=TaskState.FILLING) | untouched, pk__in=locked).values_list("id", flat=True)
    )
    candidates = Candidate.objects.filter(task__in=tasks, clip__in=clip_ids, dropped=True)
    restored = set(candidates.values_list("clip_id", flat=True))
    candidates.update(dropped=False)
    missing = (
        Candidate.objects.filter(task=OuterRef("pk"), dropped=False)
        .exclude(clip__state=ClipState.READY)
        .order_by()
        .values("task")
        .annotate(count=Count("id"))
        .values("count")
    )
    Task.objects.filter(pk__in=tasks).update(
        state=TaskState.FILLING, position=None, open_slots=0, missing_clips=Coalesce(Subquery(missing), 0)
    )
    return restored


def settle(task_ids: Collection[int]) -> None:
    """Opens, or makes void, those of the locked tasks that wait for no clip any more."""
    complete = (
        Task.objects.filter(pk__in=task_ids, state=TaskState.FILLING, missing_clips=0)
        .annotate(left=Count("candidates", filter=Q(candidates__dropped=False)))
        .order_by("batch_id", "id")
        .values_list("batch_id", "id", "left")
    )
    opening: dict[int, list[int]] = defaultdict(list)
    void: list[int] = []
    for batch_id, task_id, left in complete:
        if left >= FEWEST_CANDIDATES:
            opening[batch_id].append(task_id)
        else:
            void.append(task_id)
    Task.objects.filter(pk__in=void, state=TaskState.FILLING).update(state=TaskState.VOID)
    for batch_id, ids in opening.items():
        open_tasks(batch_id, ids)
