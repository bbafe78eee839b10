"""What is handed out beside the line: gold tasks, whose answer is known, and tasks that the person has judged before.

Which of a person's tasks are such is drawn by a keyed hash of their enrolment and the task's number in their own row:
nobody can work it out, and it comes out the same however the row is cut into leases. They take no slot, so no task row
is locked for them, and a lease of one costs no more statements than a lease from the line.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b

from django.conf import settings
from django.db.models import Exists, OuterRef

from annotator.annotation.enrolments import length
from annotator.annotation.models import Assignment, Enrolment
from annotator.annotation.slots import slot_order
from annotator.composed import Composed, ComposedUpdate, Fixed, insert
from annotator.generation.models import Batch, Candidate, Task, TaskKind, TaskState

# A repeat comes so many of the person's tasks after the first time, or up to as many more again.
FEWEST_BETWEEN = 20
# Of gold tasks whose clips the person has judged, no more are passed by in one lease.
GOLD_AT_ONCE = 16
MOST_TO_REPEAT = 40

GOLD = Composed(
    lambda given: (
        Task.objects.filter(batch_id=given("batch"), kind=Fixed(TaskKind.GOLD), pk__gt=given("cursor"))
        # Not `state=DONE`: SQLite would read all done tasks of the batch by that.
        .exclude(state__in=[TaskState.HELD, TaskState.VOID])
        .order_by("pk")
        .values_list(
            "pk", Exists(Assignment.objects.filter(task=OuterRef("copy_of"), user_id=given("user")))
        )[:GOLD_AT_ONCE]
    )
)  # fmt: skip
JUDGED_BEFORE = Composed(
    lambda given: Candidate.objects.filter(
        task_id=given("task"),
        task__state__in=[TaskState.OPEN, TaskState.DONE],
        task__assignments__user_id=given("user"),
    ).values_list("pk", "clip_id", "task__prompt_id", "task__assignments__slots")
)
KEEP = ComposedUpdate(
    lambda given: (
        Enrolment.objects.filter(pk=given("enrolment")),
        {
            "apart": given("apart"),
            "gold_cursor": given("gold_cursor"),
            "to_repeat": given("to_repeat", Enrolment._meta.get_field("to_repeat")),
        },
    )
)


@dataclass(frozen=True, slots=True)
class Apart:
    """A task to be given beside the line. `slots`: its candidates in the order for this person, where that is set."""

    task_id: int
    slots: list[int] | None = None


def drawn(what: str, enrolment_id: int, number: int) -> float:
    """0…1, even, and the same each time it is asked."""
    digest = blake2b(f"{what}:{enrolment_id}:{number}".encode(), key=settings.SECRET_KEY.encode()[:64], digest_size=8)
    return int.from_bytes(digest.digest()) / 2**64


def tasks_apart(*, batch: Batch, enrolment: Enrolment, held: int, room: int) -> dict[int, Apart]:
    """Which of the next `room` tasks come from beside the line, by place. The caller has locked the enrolment, whose
    person holds `held` tasks. Without rates it asks and tells the database nothing."""
    if not (batch.gold_rate or batch.repeat_rate):
        return {}
    found: dict[int, Apart] = {}
    left = length(batch) - batch.prompt_count - enrolment.apart
    before = (enrolment.gold_cursor, len(enrolment.to_repeat))
    for place in range(min(room, left)):
        number = enrolment.judged + held + place
        task = due_repeat(enrolment, number=number)
        if task is None and drawn("gold", enrolment.pk, number) * (1 - batch.repeat_rate) < batch.gold_rate:
            task = next_gold(enrolment)
        if task is not None:
            found[place] = task
    enrolment.apart += len(found)
    if before != (enrolment.gold_cursor, len(enrolment.to_repeat)):
        keep(enrolment)
    return found


def next_gold(enrolment: Enrolment) -> Apart | None:
    """The first gold task beyond the cursor whose clips the person has not judged as an ordinary one."""
    rows = GOLD.all(batch=enrolment.batch_id, user=enrolment.user_id, cursor=enrolment.gold_cursor)
    for task_id, known in rows:
        enrolment.gold_cursor = task_id
        if not known:
            return Apart(task_id)
    return None


def due_repeat(enrolment: Enrolment, *, number: int) -> Apart | None:
    """Makes the task that is to be given again by now, if one is; those that were held or made void are left out."""
    while due := next((entry for entry in enrolment.to_repeat if entry[0] <= number), None):
        enrolment.to_repeat.remove(due)
        if again := repeat(enrolment, task_id=due[1], number=number):
            return again
    return None


def repeat(enrolment: Enrolment, *, task_id: int, number: int) -> Apart | None:
    rows = JUDGED_BEFORE.all(task=task_id, user=enrolment.user_id)
    if not rows:
        return None
    _, _, prompt_id, seen = rows[0]
    clip_of = {candidate_id: clip_id for candidate_id, clip_id, _, _ in rows}
    clips = [clip_of[candidate_id] for candidate_id in seen]
    task = Task(
        batch_id=enrolment.batch_id,
        prompt_id=prompt_id,
        kind=TaskKind.REPEAT,
        state=TaskState.DONE,
        copy_of_id=task_id,
        missing_clips=0,
        overlap=0,
    )
    insert([task])
    candidates = [Candidate(task=task, clip_id=clip_id) for clip_id in clips]
    insert(candidates)
    first = [candidate.pk for candidate in candidates]
    again = slot_order(candidate_ids=first, task_id=task.pk, turn=number)
    return Apart(task.pk, again if again != first else [*again[1:], again[0]])


def plan_repeat(*, batch: Batch, enrolment: Enrolment, task: Task) -> None:
    """Whether what the person has just judged, the last of `judged`, will be given to them again. The caller has locked
    the enrolment."""
    if not batch.repeat_rate or task.kind != TaskKind.ORDINARY or len(enrolment.to_repeat) >= MOST_TO_REPEAT:
        return
    chance = batch.repeat_rate / (1 - batch.gold_rate - batch.repeat_rate)
    draw = drawn("repeat", enrolment.pk, enrolment.judged)
    if draw < chance:
        due = enrolment.judged + FEWEST_BETWEEN + int(draw / chance * FEWEST_BETWEEN)
        enrolment.to_repeat = sorted([*enrolment.to_repeat, [due, task.pk]])
        keep(enrolment)


def keep(enrolment: Enrolment) -> None:
    KEEP.run(
        enrolment=enrolment.pk,
        apart=enrolment.apart,
        gold_cursor=enrolment.gold_cursor,
        to_repeat=enrolment.to_repeat,
    )


def in_their_places(line: Iterable[int], apart: dict[int, Apart]) -> list[int]:
    """Tasks from the line in its order, with those from beside it at the places that were drawn for them."""
    row = list(line)
    for place, each in apart.items():
        row.insert(place, each.task_id)
    return row
