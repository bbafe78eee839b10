"""What people said in the last tasks they judged, beside what others said of the same clips."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from statistics import median
from typing import NamedTuple

from django.db.models import Count, F, Q, Window
from django.db.models.functions import RowNumber

from annotator.annotation.models import Revision, Verdict
from annotator.generation.models import TaskKind
from annotator.quality.queries import counted_verdicts, set_aside_now

LATEST = 300
IDS_AT_ONCE = 5000
# Pace is compared with that of so many annotations of everybody.
LATEST_OF_ALL = 2000

ASSIGNMENT = "annotation__assignment"


class Said(NamedTuple):
    """One verdict of a person. `others` of the other people judged the clip, `others_shareable` of them would share."""

    candidate: int
    slot: int
    shareable: bool
    others: int
    others_shareable: int


@dataclass
class Judgement:
    """One task as a person judged it."""

    prompt: int
    elapsed_ms: int
    verdicts: list[Said] = field(default_factory=list)


def recent_work(people: Collection[int]) -> dict[int, list[Judgement]]:
    """By person, at most LATEST ordinary tasks, newest first. A fixed number of queries."""
    revisions = (
        Revision.objects.filter(
            current=True, annotation__assignment__user__in=people, annotation__assignment__task__kind=TaskKind.ORDINARY
        )
        .annotate(rank=Window(RowNumber(), partition_by=F(f"{ASSIGNMENT}__user"), order_by=F("id").desc()))
        .filter(rank__lte=LATEST)
        .values_list("id", f"{ASSIGNMENT}__user", "annotation__counted", f"{ASSIGNMENT}__task__prompt", "elapsed_ms")
    )
    aside = set(set_aside_now().values_list("person", flat=True))
    work: dict[int, list[Judgement]] = defaultdict(list)
    found: dict[int, tuple[Judgement, bool]] = {}
    for pk, person, counted, prompt, elapsed_ms in sorted(revisions, reverse=True):
        judgement = Judgement(prompt=prompt, elapsed_ms=elapsed_ms)
        work[person].append(judgement)
        found[pk] = judgement, counted and person not in aside
    add_verdicts(found)
    return work


def add_verdicts(found: dict[int, tuple[Judgement, bool]]) -> None:
    for ids in chunks(list(found)):
        rows = list(
            Verdict.objects.filter(revision__in=ids)
            .order_by("revision", "slot")
            .values_list("revision", "candidate", "slot", "shareable")
        )
        counts = judged_by_all({candidate for _, candidate, _, _ in rows})
        for revision, candidate, slot, shareable in rows:
            judgement, among_all = found[revision]
            n, y = counts.get(candidate, (0, 0))
            own = shareable if among_all else False
            judgement.verdicts.append(Said(candidate, slot, shareable, n - among_all, y - own))


def judged_by_all(candidates: Collection[int]) -> dict[int, tuple[int, int]]:
    """By candidate, how many counted verdicts it has, and how many of them are shareable."""
    found = {}
    for ids in chunks(list(candidates)):
        rows = counted_verdicts().filter(candidate__in=ids).values_list("candidate")
        counts = rows.annotate(n=Count("id"), y=Count("id", filter=Q(shareable=True)))
        found.update({candidate: (n, y) for candidate, n, y in counts})
    return found


def usual_pace_ms() -> float | None:
    """Everybody's median time of a task, lately; null where nobody has judged."""
    times = Revision.objects.filter(current=True).order_by("-id").values_list("elapsed_ms", flat=True)[:LATEST_OF_ALL]
    return median(times) if times else None


def chunks(ids: Sequence[int]) -> Iterator[list[int]]:
    rest = iter(ids)
    while chunk := list(islice(rest, IDS_AT_ONCE)):
        yield chunk
