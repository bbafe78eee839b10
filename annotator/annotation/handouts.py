"""What an annotator's browser gets to see, field by field: anything that is not named here stays on the server.

No id in sequence, no name, count, seed or setting that tells which model made a clip.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache, reduce
from operator import or_
from typing import TypedDict
from uuid import UUID

from django.db.models import Q, TextChoices
from django.utils import timezone

from annotator.annotation.models import Assignment, Revision
from annotator.composed import Composed
from annotator.generation.models import Candidate, ClipState
from annotator.media import media_url


class HandoutState(TextChoices):
    """`ready`: there is work in hand. Otherwise, why there is none."""

    READY = "ready"
    EMPTY = "empty"
    PAUSED = "paused"
    CLOSED = "closed"
    LIMIT = "limit"
    REMOVED = "removed"


class ShownSlot(TypedDict):
    slot: int
    sheet: str
    animation: str
    frames: int
    columns: int
    cell: int
    frame_rate: float


class SlotReasons(TypedDict):
    slot: int
    reasons: list[str]


class Answer(TypedDict):
    revision: int
    shareable: list[int]
    none: bool
    comment: str
    reasons: list[SlotReasons]
    submitted_at: datetime


class ShownAssignment(TypedDict):
    id: UUID
    caption: str
    sticker: str
    slots: list[ShownSlot]
    lease_until: datetime
    answer: Answer | None


class Progress(TypedDict):
    judged: int
    total: int
    limit: int | None


class Handout(TypedDict):
    assignments: list[ShownAssignment]
    progress: Progress
    state: HandoutState
    reasons: list[str]
    server_time: datetime


@dataclass(frozen=True, slots=True)
class ShownClip:
    sheet: str
    animation: str
    frames: int
    columns: int
    cell: int
    frame_rate: float


@dataclass(slots=True)
class Look:
    """A task as it can be shown: `clips` by candidate id; `offered` are the candidates that a new lease shows.

    `taken` of the task's slots are leased or counted.
    """

    caption: str
    sticker: str
    taken: int
    clips: dict[int, ShownClip]
    offered: list[int]


@cache
def looks_of(tasks: int) -> Composed:
    """For that many tasks: t0, t1, …"""
    return Composed(
        lambda given: Candidate.objects.filter(
            reduce(or_, (Q(task_id=given(f"t{number}")) for number in range(tasks))), clip__state=ClipState.READY
        ).values_list(
            "id", "task_id", "dropped", "task__overlap", "task__open_slots", "task__prompt__caption",
            "task__prompt__sticker", "clip__sheet", "clip__animation", "clip__media",
        )
    )  # fmt: skip


def looks(task_ids: Iterable[int]) -> dict[int, Look]:
    """Everything that showing these tasks takes, in one query."""
    found: dict[int, Look] = {}
    wanted = {f"t{number}": task_id for number, task_id in enumerate(task_ids)}
    rows = looks_of(len(wanted)).all(**wanted) if wanted else []
    for candidate_id, task_id, dropped, overlap, open_slots, caption, sticker, sheet, animation, media in rows:
        look = found.setdefault(task_id, Look(caption, media_url(sticker), overlap - open_slots, {}, []))
        look.clips[candidate_id] = ShownClip(
            sheet=media_url(sheet),
            animation=media_url(animation),
            frames=media["frames"],
            columns=media["columns"],
            cell=media["cell"],
            frame_rate=media["frame_rate"],
        )
        if not dropped:
            look.offered.append(candidate_id)
    return found


def shown(assignment: Assignment, look: Look, answer: Answer | None = None) -> ShownAssignment:
    slots: list[ShownSlot] = []
    for slot, candidate_id in enumerate(assignment.slots, start=1):
        clip = look.clips[candidate_id]
        slots.append(
            {
                "slot": slot,
                "sheet": clip.sheet,
                "animation": clip.animation,
                "frames": clip.frames,
                "columns": clip.columns,
                "cell": clip.cell,
                "frame_rate": clip.frame_rate,
            }
        )
    return {
        "id": assignment.uuid,
        "caption": look.caption,
        "sticker": look.sticker,
        "slots": slots,
        "lease_until": assignment.lease_until,
        "answer": answer,
    }


def answers(assignments: Iterable[Assignment]) -> Mapping[UUID, Answer]:
    """What the person last said, by assignment, for those that have an annotation."""
    speaking = Revision.objects.filter(annotation__assignment__in=list(assignments), current=True)
    found: dict[UUID, Answer] = {}
    for revision in speaking.select_related("annotation").prefetch_related("verdicts"):
        verdicts = sorted(revision.verdicts.all(), key=lambda verdict: verdict.slot)
        found[revision.annotation.assignment_id] = {
            "revision": revision.number,
            "shareable": [verdict.slot for verdict in verdicts if verdict.shareable],
            "none": revision.none_shareable,
            "comment": revision.comment,
            "reasons": [{"slot": each.slot, "reasons": each.reasons} for each in verdicts if each.reasons],
            "submitted_at": revision.created_at,
        }
    return found


def shown_with_answers(assignments: list[Assignment]) -> list[ShownAssignment]:
    """Assignments in the order given, each with the person's own answer."""
    look = looks({assignment.task_id for assignment in assignments})
    said = answers(assignments)
    return [shown(assignment, look[assignment.task_id], said.get(assignment.uuid)) for assignment in assignments]


def handout(
    *, assignments: list[ShownAssignment], progress: Progress, state: HandoutState, reasons: list[str]
) -> Handout:
    return {
        "assignments": assignments,
        "progress": progress,
        "state": state,
        "reasons": reasons,
        "server_time": timezone.now(),
    }
