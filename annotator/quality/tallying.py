"""Keeps PromptTally true: adds up again the prompts of tasks that are `tally_due`.

Whoever changes what counts marks the task in the same transaction, by an UPDATE that it makes anyway. Here the marks
are taken off and the sums written in one transaction, with the tasks locked: what is submitted before is in the sums,
and what is submitted after marks the task anew. Tasks that somebody is at are passed by, so nobody waits for long.
"""

from collections import defaultdict
from collections.abc import Collection
from itertools import groupby

from django.db import connection, transaction

from annotator.generation.models import Candidate, Task
from annotator.quality.measured import word
from annotator.quality.models import PromptTally
from annotator.quality.queries import counted_verdicts
from annotator.quality.sums import Judged, PromptSums

AT_ONCE = 200
# The dispatcher lets this many gather, or a task would be added up with each annotation instead of once.
MANY = 500
# A page that is asked for adds up this many before it answers.
BEFORE_A_PAGE = 1000
# Any number, as long as no other program locks the same one in this database.
LOCK_KEY = 0x571C4E13
DUE = Task.objects.filter(tally_due=True)


def due() -> int:
    return DUE.count()


def tally_when_many() -> int:
    """A dispatch duty. Returns how many tasks it took up."""
    return tally_some() if DUE[:MANY].count() == MANY else 0


def tally_before_a_page() -> None:
    for _ in range(BEFORE_A_PAGE // AT_ONCE):
        if tally_some() < AT_ONCE:
            return


def tally_some() -> int:
    """Takes up to AT_ONCE tasks that are due; returns how many."""
    if not DUE.exists():
        return 0
    with transaction.atomic():
        one_at_a_time()
        waiting = DUE.select_for_update(skip_locked=True, no_key=True).order_by("id")[:AT_ONCE]
        taken = dict(waiting.values_list("id", "prompt_id"))
        Task.objects.filter(pk__in=list(taken)).update(tally_due=False)
        write_tallies(set(taken.values()))
    return len(taken)


def one_at_a_time() -> None:
    """Two that add up tasks of one prompt at once could each miss the other's. SQLite has one writer anyway."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK_KEY])


def write_tallies(prompt_ids: Collection[int]) -> None:
    sums: dict[tuple[int, int | None], PromptSums] = defaultdict(PromptSums)
    verdicts = (
        counted_verdicts()
        .filter(candidate__task__prompt__in=prompt_ids)
        .order_by("revision")
        .values_list(
            "revision", "candidate__task__prompt", "candidate__task__batch",
            "candidate__clip", "candidate__clip__checkpoint", "slot", "shareable", "candidate__clip__grouping",
        )
    )  # fmt: skip
    for (_, prompt, batch), rows in groupby(verdicts.iterator(), key=lambda row: row[:3]):
        annotation = [Judged(*row[3:]) for row in rows]
        sums[prompt, batch].add(annotation)
        sums[prompt, None].add(annotation)
    verbs = verbs_of(prompt_ids)
    PromptTally.objects.filter(prompt__in=prompt_ids).delete()
    PromptTally.objects.bulk_create(
        PromptTally(
            prompt_id=prompt,
            batch_id=batch,
            verb=verbs.get(prompt, ""),
            sources=total.by_source() if batch else "[]",
            **total.columns(),
        )
        for (prompt, batch), total in sums.items()
    )


def verbs_of(prompt_ids: Collection[int]) -> dict[int, str]:
    """The verb that each caption asks for, as the metrics of its clips have it."""
    candidates = Candidate.objects.filter(task__prompt__in=prompt_ids)
    asked = candidates.values_list("task__prompt", word("clip__metrics", "verb_asked")).distinct()
    return {prompt: verb[:40] for prompt, verb in asked if verb}
