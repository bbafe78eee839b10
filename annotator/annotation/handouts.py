"""What an annotator's browser gets to see, field by field: anything that is not named here stays on the server.

No id in sequence, no name, count, seed or setting that tells which model made a clip.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict
from uuid import UUID

from django.db.models import TextChoices
from django.utils import timezone

from annotator.annotation.models import Assignment, Revision
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


class Answer(TypedDict):
    revision: int
    shareable: list[int]
    none: bool
    comment: str
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
    """A task as it can be shown: `clips` by candidate id; `offered` are the candidates that a new lease shows."""

    caption: str
    sticker: str
    clips: dict[int, ShownClip]
    offered: list[int]


def looks(task_ids: Iterable[int]) -> dict[int, Look]:
    """Everything that showing these tasks takes, in one query."""
    found: dict[int, Look] = {}
    rows = Candidate.objects.filter(task_id__in=list(task_ids), clip__state=ClipState.READY).values_list(
        "id", "task_id", "dropped", "task__prompt__caption", "task__prompt__sticker",
        "clip__sheet", "clip__animation", "clip__media",
    )  # fmt: skip
    for candidate_id, task_id, dropped, caption, sticker, sheet, animation, media in rows:
        look = found.setdefault(task_id, Look(caption, media_url(sticker), {}, []))
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
        found[revision.annotation.assignment_id] = {
            "revision": revision.number,
            "shareable": sorted(verdict.slot for verdict in revision.verdicts.all() if verdict.shareable),
            "none": revision.none_shareable,
            "comment": revision.comment,
            "submitted_at": revision.created_at,
        }
    return found


def shown_with_answers(assignments: list[Assignment]) -> list[ShownAssignment]:
    """Assignments in the order given, each with the person's own answer."""
    look = looks({assignment.task_id for assignment in assignments})
    said = answers(assignments)
    return [shown(assignment, look[assignment.task_id], said.get(assignment.uuid)) for assignment in assignments]


def handout(*, assignments: list[ShownAssignment], progress: Progress, state: HandoutState) -> Handout:
    return {"assignments": assignments, "progress": progress, "state": state, "server_time": timezone.now()}
