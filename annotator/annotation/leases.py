"""Leases: which tasks a person judges next.

Lock order, everywhere in this app: the person's Enrolment, then tasks by id, then assignments (a task's lock covers all
of its assignments), then the batch row, last, when a slot gets a new place in the line. Whoever needs several tasks
takes them by ascending id, which never changes; their positions do, and two leases that locked by position could meet
crosswise around a task that has just moved to the tail.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import F, FilteredRelation, Q, QuerySet
from django.utils import timezone

from annotator.accounts.models import User
from annotator.annotation.enrolments import limit_of, locked_enrolment, standing
from annotator.annotation.handouts import Handout, HandoutState, Look, handout, looks, shown
from annotator.annotation.models import Assignment, AssignmentState, Enrolment
from annotator.annotation.slots import slot_order
from annotator.generation.models import Batch, BatchState, Task, TaskState

LEASE = timedelta(minutes=15)
MOST_IN_HAND = 5  # the task on the screen and four ahead
WALKED_AT_ONCE = 16
GIVEN_BACK = {AssignmentState.EXPIRED, AssignmentState.RETURNED}

# Tasks by id, each with the assignment that the person had of it before, if any.
Taken = dict[int, UUID | None]


@dataclass(frozen=True, kw_only=True)
class Walk:
    """A look down the line, nothing locked: what may be taken, in order, and how far it went."""

    takeable: Taken
    cursor: int
    at_the_end: bool


@dataclass(frozen=True, kw_only=True)
class Hand:
    """What the person holds after one turn. `came_short`: others were faster, and the line goes on."""

    enrolment: Enrolment
    held: list[Assignment]
    look: dict[int, Look]
    came_short: bool


def lease(*, batch: Batch, user: User, count: int, holding: Collection[UUID] = ()) -> Handout:
    """Fills the person's hand up to `count` tasks (MOST_IN_HAND at most) and shows what of it is not in `holding`.

    `batch` is as the request has just read it. What was already in hand comes first, then new tasks in line order.
    """
    hand = one_turn(batch=batch, user=user, count=count, holding=holding)
    while hand.came_short:
        hand = one_turn(batch=batch, user=user, count=count, holding=holding)
    enrolment = hand.enrolment
    limit = limit_of(batch=batch, enrolment=enrolment)
    return handout(
        assignments=[shown(each, hand.look[each.task_id]) for each in hand.held if each.task_id in hand.look],
        progress={"judged": enrolment.judged, "total": batch.prompt_count, "limit": limit},
        state=standing(batch=batch, enrolment=enrolment, work=bool(hand.held)),
    )


def is_there_work(*, batch: Batch, user: User) -> HandoutState:
    """What a lease would find, without a lock or a write: for pages that wait, and ask often."""
    enrolment = Enrolment.objects.filter(batch=batch, user=user).first() or Enrolment(batch=batch, user=user)
    limit = limit_of(batch=batch, enrolment=enrolment)
    work = leases_of(batch=batch, user=user).exists()
    if not work and not batch.annotation_paused and (limit is None or enrolment.judged < limit):
        work = bool(walk_line(enrolment=enrolment, count=1).takeable)
    return standing(batch=batch, enrolment=enrolment, work=work)


def one_turn(*, batch: Batch, user: User, count: int, holding: Collection[UUID]) -> Hand:
    """One transaction: the hand as it is, and one walk down the line to fill it."""
    with transaction.atomic():
        enrolment = locked_enrolment(batch=batch, user=user)
        if batch.state != BatchState.OPEN or enrolment.removed_at is not None:
            return Hand(enrolment=enrolment, held=[], look={}, came_short=False)
        held = list(leases_of(batch=batch, user=user).order_by("leased_at", "task__position"))
        to_show = {each.task_id for each in held if each.uuid not in holding}
        room = min(count, MOST_IN_HAND) - len(held)
        limit = limit_of(batch=batch, enrolment=enrolment)
        if limit is not None:
            room = min(room, limit - enrolment.judged - len(held))
        taken: Taken = {}
        came_short = False
        if room > 0 and not batch.annotation_paused:
            walk = walk_line(enrolment=enrolment, count=room)
            taken = claim(walk.takeable)
            came_short = len(taken) < room and not walk.at_the_end
            if walk.cursor != enrolment.cursor:
                Enrolment.objects.filter(pk=enrolment.pk).update(cursor=walk.cursor)
        look = looks(to_show.union(taken)) if to_show or taken else {}
        if taken:
            held += write_leases(user=user, taken=taken, look=look)
    return Hand(enrolment=enrolment, held=held, look=look, came_short=came_short)


def leases_of(*, batch: Batch, user: User) -> QuerySet[Assignment]:
    return Assignment.objects.filter(user=user, task__batch=batch, state=AssignmentState.LEASED)


def walk_line(*, enrolment: Enrolment, count: int) -> Walk:
    """Walks from the cursor past what the person holds, has judged or has skipped, until `count` tasks may be taken.

    It never wraps: a slot that comes back puts its task at the tail, ahead of every cursor.
    """
    waiting = Task.objects.filter(batch_id=enrolment.batch_id, state=TaskState.OPEN, open_slots__gt=0)
    takeable: Taken = {}
    cursor = enrolment.cursor
    while True:
        line = (
            waiting.filter(position__gt=cursor)
            .annotate(mine=FilteredRelation("assignments", condition=Q(assignments__user=enrolment.user_id)))
            .order_by("position")
            .values_list("pk", "position", "mine__uuid", "mine__state")[:WALKED_AT_ONCE]
        )
        rows = list(line)
        for task_id, position, uuid, state in rows:
            assert position is not None, "an open task has a position: the database checks it"
            cursor = position
            if uuid is None or state in GIVEN_BACK:
                takeable[task_id] = uuid
            if len(takeable) == count:
                return Walk(takeable=takeable, cursor=cursor, at_the_end=False)
        if len(rows) < WALKED_AT_ONCE:
            return Walk(takeable=takeable, cursor=cursor, at_the_end=True)


def claim(takeable: Taken) -> Taken:
    """Takes a slot of each task that still has one, waiting for whoever is at it; the order of the line is kept."""
    waiting = Task.objects.filter(state=TaskState.OPEN, open_slots__gt=0)
    won = {task_id for task_id in sorted(takeable) if waiting.filter(pk=task_id).update(open_slots=F("open_slots") - 1)}
    return {task_id: uuid for task_id, uuid in takeable.items() if task_id in won}


def write_leases(*, user: User, taken: Taken, look: dict[int, Look]) -> list[Assignment]:
    """The assignments of slots just claimed: new ones, or the person's earlier one revived."""
    now = timezone.now()
    leases = [
        Assignment(
            task_id=task_id,
            user=user,
            slots=slot_order(candidate_ids=look[task_id].offered, user_id=user.pk),
            state=AssignmentState.LEASED,
            leased_at=now,
            lease_until=now + LEASE,
            **({} if uuid is None else {"uuid": uuid}),
        )
        for task_id, uuid in taken.items()
    ]
    Assignment.objects.bulk_create(each for each in leases if taken[each.task_id] is None)
    for revived in (each for each in leases if taken[each.task_id] is not None):
        revived.save(force_update=True, update_fields=["slots", "state", "leased_at", "lease_until"])
    return leases
