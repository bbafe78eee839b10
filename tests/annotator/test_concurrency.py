"""Eight annotators at once, over HTTP, on a real server: never beyond the overlap, nothing left short, no error.

Leases expire in the midst of it, submissions come late and twice, and the dispatcher's duties run beside.
"""

import logging
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from django.db import connections
from django.utils import timezone

from annotator.accounts.models import User
from annotator.accounts.tokens import create_token
from annotator.annotation.counting import count_surplus
from annotator.annotation.expiry import expire_leases
from annotator.annotation.flags import Decision, raise_flag, resolve
from annotator.annotation.models import (
    ActiveDay,
    Annotation,
    Assignment,
    AssignmentState,
    Enrolment,
    FlagKind,
    Revision,
    Verdict,
)
from annotator.annotation.pool import change_place
from annotator.generation.batches import steer_batch
from annotator.generation.models import Batch, Task, TaskKind, TaskState
from demo.broker import free_port
from tests.annotator.actors import Json, answer, open_batch, person
from tests.annotator.test_gold_handouts import gold_from
from tests.conftest import Live

ANNOTATORS = 8
OVERLAP = 3
TASKS = 40
MOST_EXPIRED = 60
EXPIRED_BEFORE_JUDGING = 12
SLOTS = 4
ACTIVE_MS = 3
VOIDED = 4
LONGEST = 90.0


class Browser:
    """One annotator's page: leases ahead, submits, now and then forgets a task for a while or sends twice."""

    def __init__(self, address: str, batch: Batch, user: User) -> None:
        _, secret = create_token(user=user, name="browser")
        self.http = httpx.Client(base_url=address, headers={"Authorization": f"Bearer {secret}"}, timeout=30)
        self.batch, self.chance = batch, random.Random(user.pk)
        self.statuses: Counter[int] = Counter()
        self.late: list[Json] = []
        self.seen: set[str] = set()
        self.sent: set[str] = set()

    def send(self, method: str, path: str, body: Json) -> Any:
        response = self.http.request(method, f"/api/v1/annotate/{path}", json=body)
        self.statuses[response.status_code] += 1
        return response.json()

    def lease(self) -> Any:
        return self.send("POST", f"batches/{self.batch.public_id}/leases/", {"count": 4})

    def judge(self, assignment: Json, held: list[Json]) -> Any:
        holding = [each["id"] for each in held]
        body = answer(assignment, self.chance.randint(1, SLOTS), want=4, holding=holding, active_ms=ACTIVE_MS)
        path = f"assignments/{assignment['id']}/"
        self.sent.add(body["submission"])
        if self.chance.random() < 0.1:
            self.send_twice_at_once(path, body)
        return self.send("PUT", path, body)

    def send_twice_at_once(self, path: str, body: Json) -> None:
        with ThreadPoolExecutor(2) as both:
            answers = list(both.map(lambda _: self.send("PUT", path, {**body, "want": 0}), range(2)))
        assert [each["stored"] for each in answers] == [True, True]

    def work(self, until: float, judging: threading.Event, all_done: threading.Event) -> None:
        held: list[Json] = self.lease()["assignments"]
        judging.wait(until - time.monotonic())
        while time.monotonic() < until and not all_done.is_set():
            if not held:
                held = self.lease()["assignments"]
                if not held:
                    while self.late:
                        self.judge(self.late.pop(), [])
                    time.sleep(0.05)
                continue
            assignment = held.pop(0)
            first_time = assignment["id"] not in self.seen
            self.seen.add(assignment["id"])
            if first_time and self.chance.random() < 0.15:
                self.late.append(assignment)  # forgotten: it expires, somebody else gets the slot, it comes late
            elif first_time and self.chance.random() < 0.05:
                held += self.send("POST", f"assignments/{assignment['id']}/skip/", {"want": 0})["assignments"]
            else:
                held += self.judge(assignment, held)["assignments"]


def tend(
    judging: threading.Event, disturbed: threading.Event, all_done: threading.Event, until: float, ended: Counter[str]
) -> None:
    """The dispatcher's part, with a clock that runs fast: every tenth of a second some leases are overdue, until
    MOST_EXPIRED were (else a slow machine would expire them faster than it can judge). Nobody judges before
    EXPIRED_BEFORE_JUDGING were (else a fast one would be done before any did), and all is done only when whoever
    disturbs is done, too: a raised overlap opens tasks again."""
    chance = random.Random(1)
    try:
        while not all_done.is_set() and time.monotonic() < until:
            leased = list(Assignment.objects.filter(state=AssignmentState.LEASED).values_list("pk", flat=True))
            some = [uuid for uuid in leased if chance.random() < 0.15][: MOST_EXPIRED - ended["expired"]]
            Assignment.objects.filter(pk__in=some, state=AssignmentState.LEASED).update(
                lease_until=timezone.now() - timedelta(seconds=1)
            )
            ended["expired"] += expire_leases()
            ended["surplus"] += count_surplus()
            if ended["expired"] >= EXPIRED_BEFORE_JUDGING:
                judging.set()
            if disturbed.is_set() and not Task.objects.exclude(state__in=[TaskState.DONE, TaskState.VOID]).exists():
                all_done.set()
            time.sleep(0.1)
    finally:
        connections.close_all()


def disturb(batch: Batch, user: User, until: float) -> None:
    """What a researcher does while people work: tasks are voided in somebody's hand, the overlap goes up, and one
    person is removed and, a while later, taken back."""
    place = Enrolment.objects.select_related("batch", "user").filter(batch=batch, user=user)
    try:
        wait_for_annotations(1, until)
        while time.monotonic() < until and Task.objects.filter(state=TaskState.VOID).count() < VOIDED:
            leased = Assignment.objects.select_related("task").filter(state=AssignmentState.LEASED)
            if held := leased.order_by("uuid").first():
                flag = raise_flag(assignment=held, kind=FlagKind.OFFENSIVE, slot=None, comment="")
                resolve(flag=flag, decision=Decision.VOID, by=batch.created_by)
        wait_for_annotations(TASKS // 4, until)
        steer_batch(batch_id=batch.pk, changes={}, overlap=OVERLAP)
        change_place(enrolment=place.get(), changes={"removed": True})
        assert not Assignment.objects.filter(user=user, state=AssignmentState.LEASED).exists()
        wait_for_annotations(TASKS // 2, until)
        change_place(enrolment=place.get(), changes={"removed": False})
    finally:
        connections.close_all()


def wait_for_annotations(number: int, until: float) -> None:
    while Annotation.objects.count() < number and time.monotonic() < until:
        time.sleep(0.05)


@pytest.mark.processes
def test_eight_annotators_fill_every_task_and_none_beyond_its_overlap(live: Live, wait_until: Any) -> None:
    logging.getLogger("httpx").setLevel(logging.WARNING)
    batch = open_batch(tasks=TASKS, candidates=SLOTS, overlap=OVERLAP)
    sent = judged_by(batch, [person() for _ in range(ANNOTATORS)], live=live, wait_until=wait_until)
    assert_all_is_exact(batch, sent)
    assert not Task.objects.filter(state=TaskState.VOID).exists()


@pytest.mark.processes
def test_second_tabs_a_raised_overlap_voided_tasks_and_a_removed_person_leave_it_exact(
    live: Live, wait_until: Any
) -> None:
    """Three of six people judge in two tabs each; the removed one is one of them."""
    logging.getLogger("httpx").setLevel(logging.WARNING)
    batch = open_batch(tasks=TASKS, candidates=SLOTS, overlap=OVERLAP - 1)
    users = [person() for _ in range(6)]
    sent = judged_by(
        batch,
        [*users, *users[:3]],
        live=live,
        wait_until=wait_until,
        disturbing=lambda until: disturb(batch, users[0], until),
    )
    assert_all_is_exact(batch, sent)
    assert Task.objects.filter(state=TaskState.VOID).count() == VOIDED


@pytest.mark.processes
def test_gold_tasks_and_repeats_leave_it_exact(live: Live, wait_until: Any) -> None:
    logging.getLogger("httpx").setLevel(logging.WARNING)
    batch = open_batch(tasks=TASKS, candidates=SLOTS, overlap=OVERLAP, gold_rate=0.3, repeat_rate=0.2)
    gold_from(open_batch(tasks=30, candidates=SLOTS), batch, 30)
    Task.objects.exclude(batch=batch).update(state=TaskState.VOID, open_slots=0)
    sent = judged_by(batch, [person() for _ in range(ANNOTATORS)], live=live, wait_until=wait_until)
    assert_all_is_exact(batch, sent)
    apart = Task.objects.filter(batch=batch).exclude(kind=TaskKind.ORDINARY)
    counted = Counter(Annotation.objects.filter(assignment__task__in=apart).values_list("assignment__task", flat=True))
    assert {task.pk: task.counted for task in apart if task.counted} == dict(counted)
    assert {task.kind for task in apart if task.counted} == {TaskKind.GOLD, TaskKind.REPEAT}
    assert set(apart.values_list("state", "open_slots", "position")) == {(TaskState.DONE, 0, None)}


def judged_by(
    batch: Batch,
    users: list[User],
    *,
    live: Live,
    wait_until: Any,
    disturbing: Callable[[float], None] | None = None,
) -> set[str]:
    """Lets a browser for each of `users` judge all of the batch; returns the UUIDs of what they sent."""
    address = f"http://127.0.0.1:{free_port()}"
    server = live.start("web", PORT=str(urlsplit(address).port), STICKERLOOP_HOSTS="127.0.0.1")
    wait_until(lambda: answers(address), what="the server's first answer")

    browsers = [Browser(address, batch, user) for user in users]
    judging, disturbed, all_done = (threading.Event() for _ in range(3))
    ended = Counter[str]()
    until = time.monotonic() + LONGEST
    with ThreadPoolExecutor(len(users) + 2) as pool:
        at_work = [pool.submit(browser.work, until, judging, all_done) for browser in browsers]
        at_work.append(pool.submit(tend, judging, disturbed, all_done, until, ended))
        disturbance = pool.submit(disturbing or (lambda until: None), until)
        disturbance.add_done_callback(lambda _: disturbed.set())
        at_work.append(disturbance)
        for each in at_work:
            each.result()

    statuses = sum((browser.statuses for browser in browsers), Counter[int]())
    assert set(statuses) == {200}, server.last
    assert ended["expired"] > 10, "leases expired in the midst of it"
    return set().union(*(browser.sent for browser in browsers))


def answers(address: str) -> bool:
    try:
        return httpx.get(f"{address}/api/v1/session/").status_code == 200
    except httpx.TransportError:
        return False


def assert_all_is_exact(batch: Batch, sent: set[str]) -> None:
    ordinary = Annotation.objects.filter(counted=True, assignment__task__kind=TaskKind.ORDINARY)
    counted = Counter(ordinary.values_list("assignment__task", flat=True))
    tasks = Task.objects.filter(batch=batch, kind=TaskKind.ORDINARY).exclude(state=TaskState.VOID)
    assert not Task.objects.filter(batch=batch, state=TaskState.VOID).exclude(counted=0, open_slots=0).exists()
    assert counted == Counter({task.pk: OVERLAP for task in tasks})
    assert set(tasks.values_list("state", "counted", "open_slots")) == {(TaskState.DONE, OVERLAP, 0)}
    assert not Assignment.objects.filter(state=AssignmentState.LEASED, task__kind=TaskKind.ORDINARY).exists()
    assert sorted(map(str, Revision.objects.values_list("submission", flat=True))) == sorted(sent), "each stored once"
    assert Revision.objects.filter(current=True).count() == Annotation.objects.count()
    assert Verdict.objects.count() == SLOTS * len(sent)
    assert sum(ActiveDay.objects.values_list("active_ms", flat=True)) == ACTIVE_MS * len(sent)
    judged = Counter(Annotation.objects.values_list("assignment__user", flat=True))
    enrolled = Enrolment.objects.all()
    assert {each.user_id: each.judged for each in enrolled} == {each.user_id: judged[each.user_id] for each in enrolled}
