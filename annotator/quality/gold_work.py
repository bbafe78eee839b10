"""What people said in gold tasks, against the known answers, and in repeats, against what they said the first time."""

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence

from django.db.models import Count, F, Q, QuerySet, Window
from django.db.models.functions import RowNumber

from annotator.annotation.models import Revision, Verdict
from annotator.generation.models import TaskKind, TaskState
from annotator.quality.gold import scored
from annotator.quality.models import Gold
from annotator.quality.recent_work import ASSIGNMENT, LATEST, chunks

# By person, then task: how many verdicts are compared, and how many are as they should be.
Compared = dict[int, dict[int, Counter[str]]]


def said_of_gold(tasks: Collection[int]) -> dict[int, tuple[int, int]]:
    """By candidate, how many people judged it, whether set aside or not, and how many of them would share it."""
    rows = Verdict.objects.filter(
        candidate__task__in=tasks, revision__current=True, revision__annotation__counted=True
    ).values_list("candidate")
    counts = rows.annotate(n=Count("id"), y=Count("id", filter=Q(shareable=True)))
    return {candidate: (n, y) for candidate, n, y in counts}


def latest(people: Collection[int], kind: TaskKind) -> QuerySet[Revision]:
    """The person's LATEST tasks of a kind, those aside that were made void."""
    mine = Revision.objects.filter(
        current=True,
        annotation__counted=True,
        annotation__assignment__user__in=people,
        annotation__assignment__task__kind=kind,
    ).exclude(annotation__assignment__task__state=TaskState.VOID)
    ranked = mine.annotate(rank=Window(RowNumber(), partition_by=F(f"{ASSIGNMENT}__user"), order_by=F("id").desc()))
    return ranked.filter(rank__lte=LATEST)


def gold_work(people: Collection[int]) -> Compared:
    """n verdicts on clips that are scored, y of them right. One query, or three."""
    rows = latest(people, TaskKind.GOLD).values_list("id", f"{ASSIGNMENT}__user", f"{ASSIGNMENT}__task")
    places = {pk: (user, task) for pk, user, task in rows}
    found: Compared = defaultdict(lambda: defaultdict(Counter))
    if not places:
        return found
    right = scored(list(Gold.objects.filter(task__in={task for _, task in places.values()})))
    for ids in chunks(list(places)):
        verdicts = Verdict.objects.filter(revision__in=ids).values_list("revision", "candidate", "shareable")
        for revision, candidate, shareable in verdicts:
            if candidate in right:
                user, task = places[revision]
                found[user][task] += Counter(n=1, y=int(shareable == right[candidate]))
    return found


def repeated_work(people: Collection[int]) -> Compared:
    """n verdicts given twice on one clip, y of them the same both times. One query, or three."""
    rows = latest(people, TaskKind.REPEAT).values_list("id", f"{ASSIGNMENT}__user", f"{ASSIGNMENT}__task__copy_of")
    places = {(user, task): pk for pk, user, task in rows}
    found: Compared = defaultdict(lambda: defaultdict(Counter))
    if not places:
        return found
    first: dict[tuple[int, int], int] = {}
    for tasks in chunks(sorted({task for _, task in places})):
        rows = Revision.objects.filter(
            current=True, annotation__assignment__task__in=tasks, annotation__assignment__user__in=people
        ).values_list("id", f"{ASSIGNMENT}__user", f"{ASSIGNMENT}__task")
        first.update({(user, task): pk for pk, user, task in rows if (user, task) in places})
    said = said_by_clip([*places.values(), *first.values()])
    for (user, task), pk in places.items():
        before = said[first[user, task]]
        for clip, shareable in said[pk].items():
            found[user][task] += Counter(n=1, y=int(shareable == before[clip]))
    return found


def said_by_clip(revisions: Sequence[int]) -> dict[int, dict[int, bool]]:
    """By revision, then clip."""
    found: dict[int, dict[int, bool]] = defaultdict(dict)
    for ids in chunks(revisions):
        rows = Verdict.objects.filter(revision__in=ids).values_list("revision", "candidate__clip", "shareable")
        for revision, clip, shareable in rows:
            found[revision][clip] = shareable
    return found
