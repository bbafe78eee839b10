"""Whatever people do and in whatever order: never beyond the overlap, never a slot lost, and filled in the end."""

from collections import Counter
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import transaction
from django.db.models import Count, Q
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, multiple, rule, run_state_machine_as_test

from annotator.accounts.models import User
from annotator.annotation.counting import count_surplus
from annotator.annotation.expiry import expire_leases
from annotator.annotation.flags import Decision, raise_flag, resolve
from annotator.annotation.leases import lease
from annotator.annotation.models import (
    ActiveDay,
    Annotation,
    Assignment,
    AssignmentState,
    Enrolment,
    Flag,
    FlagKind,
    Revision,
)
from annotator.annotation.pool import change_place
from annotator.annotation.returns import return_hand
from annotator.annotation.skips import skip
from annotator.annotation.submissions import Stored, Submission, submit
from annotator.generation.batches import steer_batch
from annotator.generation.models import Batch, Task, TaskState
from tests.annotator.actors import open_batch, person

TASKS = 4
MOST_OVERLAP = 3
KEPT = [AssignmentState.LEASED, AssignmentState.SUBMITTED, AssignmentState.SKIPPED]

people = st.integers(0, 3)
slots = st.frozensets(st.integers(1, 2))


class Annotating(RuleBasedStateMachine):
    """Four people over one batch of four tasks. Rules act through the verbs that the API and the dispatcher call."""

    assignments = Bundle("assignments")

    def __init__(self) -> None:
        super().__init__()
        self.undone = transaction.atomic()
        self.undone.__enter__()
        self.batch = open_batch(tasks=TASKS, candidates=2, overlap=1)
        self.people = [person() for _ in range(4)]
        self.sent: dict[UUID, list[Submission]] = {}
        self.speaking: dict[UUID, int] = {}
        self.lowered = False

    def fresh_batch(self) -> Batch:
        return Batch.objects.get(pk=self.batch.pk)

    def get(self, uuid: UUID) -> Assignment:
        return Assignment.objects.select_related("task__batch", "user").get(pk=uuid)

    def send(self, uuid: UUID, shareable: frozenset[int], revision: int) -> Stored:
        one = Submission(
            submission=uuid4(),
            revision=revision,
            shareable=shareable,
            elapsed_ms=1,
            watched_ms=[1, 1],
            active_ms=7,
            device="touch",
        )
        self.sent.setdefault(uuid, []).append(one)
        assignment = self.get(uuid)
        welcome = self.enrolment_of(assignment.user).removed_at is None
        if uuid not in self.speaking or (welcome and revision >= self.speaking[uuid]):
            self.speaking[uuid] = revision
        return submit(assignment=assignment, submission=one)

    def enrolment_of(self, user: User) -> Enrolment:
        return Enrolment.objects.select_related("batch", "user").get(batch=self.batch, user=user)

    @rule(target=assignments, who=people, count=st.integers(1, 5))
    def lease(self, who: int, count: int) -> Any:
        return self.hand(who, count)

    def hand(self, who: int, count: int) -> Any:
        handout = lease(batch=self.fresh_batch(), user=self.people[who], count=count)
        return multiple(*[shown["id"] for shown in handout["assignments"]])

    @rule(uuid=assignments, shareable=slots, revision=st.integers(1, 4))
    def submit(self, uuid: UUID, shareable: frozenset[int], revision: int) -> None:
        before = self.get(uuid)
        stored = self.send(uuid, shareable, revision)
        if before.state == AssignmentState.LEASED and not self.lowered:
            assert stored.counted, "what is leased in an open batch has a slot of its own"

    @rule(uuid=assignments)
    def send_again(self, uuid: UUID) -> None:
        for known in self.sent.get(uuid, []):
            before = Revision.objects.count()
            submit(assignment=self.get(uuid), submission=known)
            assert Revision.objects.count() == before

    @rule(uuid=assignments)
    def fall_silent(self, uuid: UUID) -> None:
        past = timezone.now() - timedelta(minutes=1)
        overdue = Assignment.objects.filter(pk=uuid).update(lease_until=past)
        assert overdue == 1
        expire_leases()

    @rule(target=assignments, who=people)
    def come_back_after_a_long_silence(self, who: int) -> Any:
        mine = Assignment.objects.filter(user=self.people[who], state=AssignmentState.LEASED)
        mine.update(lease_until=timezone.now() - timedelta(minutes=1))
        expire_leases()
        return self.hand(who, 5)

    @rule(uuid=assignments)
    def skip(self, uuid: UUID) -> None:
        skip(assignment=self.get(uuid), reason="")

    @rule(who=people)
    def give_back(self, who: int) -> None:
        return_hand(batch=self.batch, user=self.people[who])

    @rule(who=people, removed=st.booleans())
    def remove_or_take_back(self, who: int, removed: bool) -> None:
        if Enrolment.objects.filter(batch=self.batch, user=self.people[who]).exists():
            change_place(enrolment=self.enrolment_of(self.people[who]), changes={"removed": removed})

    @rule(who=people, limit=st.one_of(st.none(), st.integers(1, 3)))
    def cap(self, who: int, limit: int | None) -> None:
        if Enrolment.objects.filter(batch=self.batch, user=self.people[who]).exists():
            change_place(enrolment=self.enrolment_of(self.people[who]), changes={"limit": limit})

    @rule()
    def raise_overlap(self) -> None:
        higher = min(self.fresh_batch().overlap + 1, MOST_OVERLAP)
        steer_batch(batch_id=self.batch.pk, changes={}, overlap=higher)

    @rule()
    def lower_overlap(self) -> None:
        most = max(Task.objects.filter(batch=self.batch).values_list("counted", flat=True))
        lower = self.fresh_batch().overlap - 1
        if lower >= max(most, 1):
            self.lowered = True
            steer_batch(batch_id=self.batch.pk, changes={}, overlap=lower)

    @rule(uuid=assignments, kind=st.sampled_from(FlagKind))
    def flag(self, uuid: UUID, kind: FlagKind) -> None:
        raise_flag(assignment=self.get(uuid), kind=kind, slot=None, comment="")

    @rule(decision=st.sampled_from(Decision))
    def decide(self, decision: Decision) -> None:
        if flag := Flag.objects.select_related("assignment").filter(resolved_at=None).first():
            resolve(flag=flag, decision=decision, by=self.batch.created_by)

    @rule()
    def dispatch(self) -> None:
        count_surplus()

    @invariant()
    def slots_add_up(self) -> None:
        leased = Count("assignments", filter=Q(assignments__state=AssignmentState.LEASED))
        annotated = Count("assignments", filter=Q(assignments__annotation__counted=True))
        for task in Task.objects.filter(batch=self.batch).annotate(leased=leased, annotated=annotated):
            assert task.counted == task.annotated <= task.overlap
            if task.state == TaskState.OPEN:
                assert task.counted < task.overlap, "a task that has all it needs is done"
                whole = task.open_slots + task.leased + task.counted
                assert whole == task.overlap or (self.lowered and whole > task.overlap)
            else:
                assert task.leased == 0 or (self.lowered and task.state == TaskState.DONE)
            if task.state == TaskState.DONE:
                assert (task.counted, task.open_slots) == (task.overlap, 0)

    @invariant()
    def no_task_lies_behind_a_cursor_for_somebody_who_could_take_it(self) -> None:
        assignments = Assignment.objects.filter(task__batch=self.batch, state__in=KEPT)
        kept = set(assignments.values_list("task", "user"))
        enrolments = self.enrolments()
        waiting = Task.objects.filter(batch=self.batch, state=TaskState.OPEN, open_slots__gt=0)
        for task, position in waiting.values_list("pk", "position"):
            for enrolment in enrolments:
                assert enrolment.cursor < position or (task, enrolment.user_id) in kept

    @invariant()
    def whoever_is_removed_holds_nothing(self) -> None:
        removed = self.batch.enrolments.filter(removed_at__isnull=False).values("user")
        held = Assignment.objects.filter(task__batch=self.batch, user__in=removed, state=AssignmentState.LEASED)
        assert not held.exists()

    @invariant()
    def time_is_added_once_a_submission(self) -> None:
        told = sum(ActiveDay.objects.filter(user__in=self.people).values_list("active_ms", flat=True))
        assert told == 7 * sum(len(sent) for sent in self.sent.values())

    @invariant()
    def every_submission_is_whole(self) -> None:
        submitted = Assignment.objects.filter(task__batch=self.batch, state=AssignmentState.SUBMITTED)
        assert set(submitted.values_list("pk", flat=True)) == set(self.sent)
        assert Annotation.objects.filter(assignment__task__batch=self.batch).count() == len(self.sent)
        revisions: dict[UUID, list[tuple[int, bool]]] = {}
        found = Revision.objects.filter(annotation__assignment__task__batch=self.batch).order_by("number")
        for uuid, number, current, verdicts in found.annotate(given=Count("verdicts")).values_list(
            "annotation__assignment", "number", "current", "given"
        ):
            revisions.setdefault(uuid, []).append((number, current))
            assert verdicts == 2
        for uuid, kept in revisions.items():
            assert len(kept) == len(self.sent[uuid])
            (speaking,) = (number for number, current in kept if current)
            assert speaking == self.speaking[uuid]
        judged = Counter(submitted.values_list("user", flat=True))
        assert {each.user_id: each.judged for each in self.enrolments() if each.judged} == dict(judged)

    def enrolments(self) -> list[Enrolment]:
        return list(Enrolment.objects.filter(batch=self.batch))

    def teardown(self) -> None:
        try:
            self.all_is_filled_when_enough_people_come()
        finally:
            transaction.set_rollback(True)
            self.undone.__exit__(None, None, None)

    def all_is_filled_when_enough_people_come(self) -> None:
        for flag in Flag.objects.select_related("assignment").filter(resolved_at=None):
            resolve(flag=flag, decision=Decision.RELEASE, by=self.batch.created_by)
        for user in self.people:
            return_hand(batch=self.batch, user=user)
        count_surplus()
        for newcomer in (person() for _ in range(MOST_OVERLAP)):
            self.judge_all(newcomer)
        for task in Task.objects.filter(batch=self.batch).exclude(state=TaskState.VOID):
            assert (task.state, task.counted) == (TaskState.DONE, task.overlap)

    def judge_all(self, user: User) -> None:
        while shown := lease(batch=self.fresh_batch(), user=user, count=5)["assignments"]:
            for each in shown:
                assert self.send(each["id"], frozenset({1}), 1).counted


@pytest.mark.django_db
def test_overlap_holds_whatever_people_do() -> None:
    checks = [HealthCheck.too_slow, HealthCheck.filter_too_much]
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        Annotating,
        settings=settings(max_examples=20, stateful_step_count=30, deadline=None, suppress_health_check=checks),
    )
