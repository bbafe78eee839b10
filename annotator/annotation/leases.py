"""Leases: which tasks a person judges next.

Lock order, everywhere in this app: the person's Enrolment, then tasks by id, then assignments (a task's lock covers all
of its assignments), then the person's active day, then the batch row, last, when a slot gets a new place in the line.
Whoever needs several tasks takes them by ascending id, which never changes, or waits for none: a lease takes those that
nobody is at, and what it passed by stays ahead of its cursor, for the next lease.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache, reduce
from operator import or_
from uuid import UUID

from django.db import transaction
from django.db.models import F, FilteredRelation, Q, QuerySet
from django.utils import timezone

from annotator.accounts.models import User
from annotator.annotation.apart import Apart, in_their_places, tasks_apart
from annotator.annotation.enrolments import length, limit_of, locked_enrolment, standing
from annotator.annotation.handouts import Handout, HandoutState, Look, Progress, handout, looks, shown
from annotator.annotation.models import Assignment, AssignmentState, Enrolment
from annotator.annotation.slots import slot_order
from annotator.composed import Composed, ComposedUpdate, Given, insert
from annotator.generation.models import Batch, BatchState, Task, TaskState

LEASE = timedelta(minutes=15)
MOST_IN_HAND = 5  # the task on the screen and four ahead
WALKED_AT_ONCE = 16
GIVEN_BACK = {AssignmentState.EXPIRED, AssignmentState.RETURNED}


def any_of(given: type[Given], tasks: int) -> Q:
    """Tasks t0, t1, …, so many of them."""
    return reduce(or_, (Q(pk=given(f"t{number}")) for number in range(tasks)))


def numbered(task_ids: Sequence[int], tasks: int) -> dict[str, int]:
    """Values for `any_of`, the last one repeated: a statement of one length is composed and planned once."""
    return {f"t{number}": task_ids[min(number, len(task_ids) - 1)] for number in range(tasks)}


@cache
def free(count: int) -> Composed:
    """The first `count` of these tasks that have a slot and are locked by nobody; they are locked now."""
    return Composed(
        lambda given: (
            WAITING.select_for_update(no_key=True, skip_locked=True)
            .filter(any_of(given, WALKED_AT_ONCE))
            .order_by("position")
            .values_list("pk")[:count]
        )
    )


WAITING = Task.objects.filter(state=TaskState.OPEN, open_slots__gt=0)
HELD = Composed(
    lambda given: Assignment.objects.filter(
        user_id=given("user"), task__batch_id=given("batch"), state=AssignmentState.LEASED
    ).order_by("leased_at", "task__position")
)
LINE = Composed(
    lambda given: (
        WAITING.filter(batch_id=given("batch"), position__gt=given("cursor"))
        .annotate(mine=FilteredRelation("assignments", condition=Q(assignments__user_id=given("user"))))
        .order_by("position")
        .values_list("pk", "position", "mine__uuid", "mine__state")[:WALKED_AT_ONCE]
    )
)
AWAITED = Composed(lambda given: WAITING.select_for_update(no_key=True).filter(pk=given("task")).values_list("pk"))
CLAIM = ComposedUpdate(lambda given: (WAITING.filter(any_of(given, MOST_IN_HAND)), {"open_slots": F("open_slots") - 1}))
MOVE_CURSOR = ComposedUpdate(
    lambda given: (Enrolment.objects.filter(pk=given("enrolment")), {"cursor": given("cursor")})
)

# Tasks by id, each with the assignment that the person had of it before, if any.
Taken = dict[int, UUID | None]


@dataclass(frozen=True, slots=True)
class Step:
    """A task on a walk down the line. `before`: the assignment that the person had of it, if any."""

    task_id: int
    position: int
    before: UUID | None
    takeable: bool


@dataclass(frozen=True, kw_only=True)
class Hand:
    """What the person holds after one turn. `came_short`: nothing, as others were faster, and the line goes on."""

    enrolment: Enrolment
    held: list[Assignment]
    look: dict[int, Look]
    came_short: bool


def lease(*, batch: Batch, user: User, count: int, holding: Collection[UUID] = ()) -> Handout:
    """Fills the person's hand up to `count` tasks (MOST_IN_HAND at most) and shows what of it is not in `holding`.
    It may give fewer where others are leasing the same tasks at this moment, but never none where there is work.

    `batch` is as the request has just read it. What was already in hand comes first, then new tasks in line order.
    """
    hand = one_turn(batch=batch, user=user, count=count, holding=holding)
    while hand.came_short:
        hand = one_turn(batch=batch, user=user, count=count, holding=holding)
    return handout(
        assignments=[shown(each, hand.look[each.task_id]) for each in hand.held if each.task_id in hand.look],
        progress=progress_of(batch=batch, enrolment=hand.enrolment),
        state=standing(batch=batch, enrolment=hand.enrolment, work=bool(hand.held)),
        reasons=batch.reasons,
    )


def as_it_stands(*, batch: Batch, enrolment: Enrolment, holding: Collection[UUID]) -> Handout:
    """The answer to somebody who has enough in hand: how they stand, without a statement."""
    return handout(
        assignments=[],
        progress=progress_of(batch=batch, enrolment=enrolment),
        state=standing(batch=batch, enrolment=enrolment, work=bool(holding)),
        reasons=batch.reasons,
    )


def progress_of(*, batch: Batch, enrolment: Enrolment) -> Progress:
    limit = limit_of(batch=batch, enrolment=enrolment)
    return {"judged": enrolment.judged, "total": length(batch), "limit": limit}


def is_there_work(*, batch: Batch, user: User) -> HandoutState:
    """What a lease would find, without a lock or a write: for pages that wait, and ask often."""
    enrolment = Enrolment.objects.filter(batch=batch, user=user).first() or Enrolment(batch=batch, user=user)
    limit = limit_of(batch=batch, enrolment=enrolment)
    work = leases_of(batch=batch, user=user).exists()
    if not work and not batch.annotation_paused and (limit is None or enrolment.judged < limit):
        work = any(step.takeable for step in walk_line(enrolment=enrolment, count=1))
    return standing(batch=batch, enrolment=enrolment, work=work)


def one_turn(*, batch: Batch, user: User, count: int, holding: Collection[UUID]) -> Hand:
    """One transaction: the hand as it is, and one walk down the line to fill it."""
    with transaction.atomic():
        enrolment = locked_enrolment(batch=batch, user=user)
        if batch.state != BatchState.OPEN or enrolment.removed_at is not None:
            return Hand(enrolment=enrolment, held=[], look={}, came_short=False)
        held: list[Assignment] = HELD.all(batch=batch.pk, user=user.pk)
        to_show = {each.task_id for each in held if each.uuid not in holding}
        room = min(count, MOST_IN_HAND) - len(held)
        limit = limit_of(batch=batch, enrolment=enrolment)
        if limit is not None:
            room = min(room, limit - enrolment.judged - len(held))
        taken: Taken = {}
        apart: dict[int, Apart] = {}
        came_short = False
        if room > 0 and not batch.annotation_paused:
            apart = tasks_apart(batch=batch, enrolment=enrolment, held=len(held), room=room)
            room -= len(apart)
            steps = walk_line(enrolment=enrolment, count=room)
            taken = claim(steps, count=room, wait=not held and not apart)
            came_short = not held and not apart and not taken and any(step.takeable for step in steps)
            cursor = cursor_after(steps, taken=taken, cursor=enrolment.cursor)
            if cursor != enrolment.cursor:
                MOVE_CURSOR.run(enrolment=enrolment.pk, cursor=cursor)
            if apart:
                taken = {task_id: taken.get(task_id) for task_id in in_their_places(taken, apart)}
        look = looks(to_show.union(taken)) if to_show or taken else {}
        if taken:
            shuffled = {each.task_id: each.slots for each in apart.values() if each.slots}
            held += write_leases(user=user, taken=taken, look=look, slots=shuffled)
    return Hand(enrolment=enrolment, held=held, look=look, came_short=came_short)


def leases_of(*, batch: Batch, user: User) -> QuerySet[Assignment]:
    return Assignment.objects.filter(user=user, task__batch=batch, state=AssignmentState.LEASED)


def walk_line(*, enrolment: Enrolment, count: int) -> list[Step]:
    """Walks from the cursor past what the person holds, has judged or has skipped, until `count` tasks may be taken.

    It never wraps: a slot that comes back puts its task at the tail, ahead of every cursor.
    """
    steps: list[Step] = []
    cursor, found = enrolment.cursor, 0
    while found < count:
        rows = LINE.all(batch=enrolment.batch_id, user=enrolment.user_id, cursor=cursor)
        page = [
            Step(task_id, position, uuid, uuid is None or state in GIVEN_BACK)
            for task_id, position, uuid, state in rows
        ]
        steps += page
        found += sum(step.takeable for step in page)
        if len(page) < WALKED_AT_ONCE:
            break
        cursor = page[-1].position
    return steps


def claim(steps: list[Step], *, count: int, wait: bool) -> Taken:
    """Takes a slot of the first `count` tasks that may be taken and that nobody else is at, in the order of the line.
    Where there is none, and `wait` says so, it waits for whoever is at the first, and takes that, if a slot is left."""
    takeable = [step.task_id for step in steps if step.takeable][:WALKED_AT_ONCE]
    if not takeable:
        return {}
    won = {task_id for (task_id,) in free(count).all(**numbered(takeable, WALKED_AT_ONCE))}
    if not won and wait:
        won = {task_id for (task_id,) in AWAITED.all(task=takeable[0])}
    if won:
        CLAIM.run(**numbered(sorted(won), MOST_IN_HAND))
    return {step.task_id: step.before for step in steps if step.task_id in won}


def cursor_after(steps: list[Step], *, taken: Taken, cursor: int) -> int:
    """As far as nothing is left that the person may still take: what others were at stays ahead of the cursor."""
    for step in steps:
        if step.takeable and step.task_id not in taken:
            break
        cursor = step.position
    return cursor


def slots_of(task_id: int, look: Look, seen: list[int] | None) -> list[int]:
    """As the person has seen the task before; in the order of their turn where it is new, or has other candidates."""
    if seen is not None and set(seen) == set(look.offered):
        return seen
    return slot_order(candidate_ids=look.offered, task_id=task_id, turn=look.taken - 1)


def write_leases(*, user: User, taken: Taken, look: dict[int, Look], slots: dict[int, list[int]]) -> list[Assignment]:
    """The assignments of tasks just taken: new ones, or the person's earlier one revived. Of some, the `slots` are set.

    Each is a microsecond later than the one before, which is the order in which they are shown again."""
    now = timezone.now()
    again = [uuid for uuid in taken.values() if uuid is not None]
    seen = dict(Assignment.objects.filter(pk__in=again).values_list("task_id", "slots")) if again else {}
    seen |= slots
    leases = [
        Assignment(
            task_id=task_id,
            user=user,
            slots=slots_of(task_id, look[task_id], seen.get(task_id)),
            state=AssignmentState.LEASED,
            leased_at=now + timedelta(microseconds=place),
            lease_until=now + LEASE,
            **({} if uuid is None else {"uuid": uuid}),
        )
        for place, (task_id, uuid) in enumerate(taken.items())
    ]
    if new := [each for each in leases if taken[each.task_id] is None]:
        insert(new)
    for revived in (each for each in leases if taken[each.task_id] is not None):
        revived.save(force_update=True, update_fields=["slots", "state", "leased_at", "lease_until"])
    return leases
