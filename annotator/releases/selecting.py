"""Judged tasks from the database, page by page, as they were at one moment.

The revisions are pinned first, in one statement: 24 bytes each. What is submitted afterwards is not in the selection,
and what is pinned never changes, so the pages need no long transaction, and memory for one page only.
"""

import hmac
import json
from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.db.models import TextField
from django.db.models.functions import Cast

from annotator.among import Ids
from annotator.annotation.models import Revision, Verdict
from annotator.checkpoints.models import Checkpoint
from annotator.composed import Composed
from annotator.gathered import Gathered
from annotator.generation.models import Candidate, Task
from annotator.releases.judged import JudgedAnnotation, JudgedClip, JudgedTask, Vote
from annotator.releases.rule import ASSIGNMENT, Rule, revisions

REVISIONS_AT_ONCE = 2000

# JSON comes as text: most clips have the same settings, which are then read once. Times come as text, too: they are
# written as text, and making a date of each in between took a tenth of an export.
REVISIONS = Composed(
    lambda given: (
        Revision.objects.filter(id__among=given("page", Ids()))
        .order_by("id")
        .values_list(
            f"{ASSIGNMENT}__task", "id", "submission", "number", f"{ASSIGNMENT}__user", "annotation__counted",
            "elapsed_ms", "device", "comment", Cast(f"{ASSIGNMENT}__leased_at", TextField()),
            Cast("created_at", TextField()),
        )
    )
)  # fmt: skip
VERDICTS = Composed(
    lambda given: (
        Verdict.objects.filter(revision__among=given("page", Ids()))
        .order_by()
        .values("revision")
        .annotate(candidates=Gathered("candidate"), slots=Gathered("slot"), said=Gathered("shareable"))
        .values_list("revision", "candidates", "slots", "said")
    )
)
REASONS = Composed(
    lambda given: (
        Verdict.objects.filter(revision__among=given("page", Ids()))
        .exclude(reasons=[])
        .values_list("revision", "slot", "reasons")
    )
)
CLIPS = Composed(
    lambda given: (
        Candidate.objects.filter(id__among=given("candidates", Ids()))
        .order_by("id")
        .values_list(
            "task", "id", "clip__key", "clip__checkpoint", "clip__seed", Cast("clip__settings", TextField()),
            Cast("clip__media", TextField()), "clip__sheet", "clip__animation", "clip__master",
        )
    )
)  # fmt: skip
TASKS = Composed(
    lambda given: (
        Task.objects.filter(id__among=given("tasks", Ids()))
        .order_by("id")
        .values_list(
            "id", "batch", "batch__name", "prompt__prompt_set__name", "prompt__external_id", "prompt__split",
            "prompt__caption", "prompt__sticker",
        )
    )
)  # fmt: skip
read_json = lru_cache(maxsize=1024)(json.loads)


@dataclass(frozen=True)
class Pins:
    """Revisions and, beside each, its task and its person; by task, then by revision."""

    tasks: "array[int]"
    revisions: "array[int]"
    people: "array[int]"
    tasks_in_all: int

    def pages(self) -> Iterator["array[int]"]:
        """About REVISIONS_AT_ONCE each; a task is on one page."""
        start = 0
        while start < len(self.revisions):
            end = min(start + REVISIONS_AT_ONCE, len(self.revisions))
            while end < len(self.revisions) and self.tasks[end] == self.tasks[end - 1]:
                end += 1
            yield self.revisions[start:end]
            start = end


def pin(rule: Rule) -> Pins:
    tasks, pinned, people, tasks_in_all = array("q"), array("q"), array("q"), 0
    rows = revisions(rule).order_by(f"{ASSIGNMENT}__task", "id")
    columns = rows.values_list(f"{ASSIGNMENT}__task", "id", f"{ASSIGNMENT}__user")
    for task, revision, person in columns.iterator(chunk_size=10_000):
        tasks_in_all += not tasks or tasks[-1] != task
        tasks.append(task)
        pinned.append(revision)
        people.append(person)
    return Pins(tasks, pinned, people, tasks_in_all)


def judged_tasks(pins: Pins, weighed: Mapping[int, float] | None = None) -> Iterator[JudgedTask]:
    """By task id. Five queries a page. `weighed`: by candidate, the probability that it is shareable."""
    checkpoints = checkpoints_by_id()
    for page in pins.pages():
        yield from judged_on(page, checkpoints, weighed or {})


def checkpoints_by_id() -> dict[int, list[Any]]:
    """Name, sha256 and role."""
    return {pk: rest for pk, *rest in Checkpoint.objects.values_list("pk", "name", "sha256", "role")}


def judged_on(
    page: Iterable[int], checkpoints: dict[int, list[Any]], weighed: Mapping[int, float]
) -> Iterator[JudgedTask]:
    verdicts = VERDICTS.all(page=page)
    judged = {candidate for _, candidates, _, _ in verdicts for candidate in candidates}
    places, clips = clips_of(judged, checkpoints, weighed)
    reasons = {(revision, slot): given for revision, slot, given in REASONS.all(page=page)}
    votes = {
        revision: votes_of(revision, sorted(zip(slots, candidates, said, strict=True)), places, reasons)
        for revision, candidates, slots, said in verdicts
    }
    annotations = annotations_of(page, votes)
    for row in TASKS.all(tasks=annotations):
        yield JudgedTask._make((*row, clips[row[0]], annotations[row[0]]))


def annotations_of(page: Iterable[int], votes: dict[int, list[Vote]]) -> dict[int, list[JudgedAnnotation]]:
    """By task."""
    found: dict[int, list[JudgedAnnotation]] = defaultdict(list)
    people: dict[int, str] = {}
    for row in REVISIONS.all(page=page):
        task, revision, submission, number, user, counted, elapsed_ms, device, comment, leased_at, created_at = row
        if user not in people:
            people[user] = pseudonym(user)
        found[task].append(
            JudgedAnnotation(
                str(submission), number, people[user], counted, elapsed_ms, device, comment,
                iso(leased_at), iso(created_at), votes[revision],
            )
        )  # fmt: skip
    return found


def iso(stored: str) -> str:
    """A time in UTC as a database writes it, with or without its zone and its last zeros, as ISO 8601."""
    return f"{stored[:10]}T{stored[11:19]}.{stored[20:26].partition('+')[0]:0<6}+00:00"


def clips_of(
    candidates: Iterable[int], checkpoints: dict[int, list[Any]], weighed: Mapping[int, float]
) -> tuple[dict[int, int], dict[int, list[JudgedClip]]]:
    """By candidate, its place in its task; by task, its clips."""
    places: dict[int, int] = {}
    clips: dict[int, list[JudgedClip]] = defaultdict(list)
    for row in CLIPS.all(candidates=candidates):
        task, candidate, key, checkpoint, seed, sampler, media, sheet, animation, master = row
        places[candidate] = len(clips[task])
        name, sha256, role = checkpoints[checkpoint]
        frame_rate = read_json(media)["frame_rate"]
        clips[task].append(
            JudgedClip(
                key, name, sha256, role, seed, read_json(sampler), frame_rate, sheet, animation, master,
                weighed.get(candidate),
            )
        )  # fmt: skip
    return places, clips


def votes_of(
    revision: int,
    said: Iterable[tuple[int, int, bool]],
    places: dict[int, int],
    reasons: dict[tuple[int, int], list[str]],
) -> list[Vote]:
    """Of what was said of each slot and its candidate, in the order of slots."""
    return [
        Vote(places[candidate], slot, bool(shareable), reasons.get((revision, slot), []))
        for slot, candidate, shareable in said
    ]


def pseudonym(user_id: int) -> str:
    """16 hex digits that stand for a person: the same in every export of this installation, and no way back."""
    text = f"annotator:{user_id}".encode()
    return hmac.digest(settings.SECRET_KEY.encode(), text, "sha256").hex()[:16]
