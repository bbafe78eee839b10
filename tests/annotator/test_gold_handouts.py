"""Gold tasks on the annotators' side: given once, beside the line, and not to be told from any other task."""

import itertools
import re
from collections import Counter
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from annotator.annotation.apart import GOLD
from annotator.annotation.expiry import expire_leases
from annotator.annotation.flags import Decision, resolve
from annotator.annotation.models import Annotation, Assignment, Enrolment, Flag, FlagKind
from annotator.annotation.queries import batches_to_annotate
from annotator.generation import queries
from annotator.generation.batches import steer_batch
from annotator.generation.closing import REVISABLE, close_finished_batches
from annotator.generation.models import Batch, BatchState, Task, TaskKind, TaskState
from annotator.quality.gold import Answer, make_gold, remove_gold
from annotator.quality.models import Gold
from annotator.quality.queries import counted_verdicts
from annotator.quality.tallying import tally_before_a_page
from annotator.releases.rule import Rule
from annotator.releases.selecting import judged_tasks, pin
from tests.annotator.actors import Actor, Json, annotator, open_batch, overdue, row
from tests.annotator.test_blind_hour import Tape
from tests.annotator.test_leases import data_queries

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("same_draws")]


def gold_from(other: Batch, batch: Batch, count: int) -> list[Gold]:
    """Of the first prompts of another batch: its first clip is shareable, and no other."""
    made = []
    for task in other.tasks.order_by("id")[:count]:
        first, *rest = task.candidates.order_by("id").values_list("id", flat=True)
        answers = {first: Answer.SHAREABLE, **dict.fromkeys(rest, Answer.NOT_SHAREABLE)}
        made.append(make_gold(batch=batch, answers=answers, by=batch.created_by))
    return made


def with_gold(*, gold: int, rate: float, **more: Any) -> Batch:
    batch = open_batch(gold_rate=rate, **more)
    gold_from(open_batch(tasks=gold, overlap=1), batch, gold)
    return batch


def judge(actor: Actor, batch: Batch) -> list[tuple[Assignment, Json]]:
    """Judges until nothing is left, as the annotate page does; each task as it stands in the database and was shown."""
    done = []
    hand = actor.lease(batch)["assignments"]
    while hand:
        task = hand.pop(0)
        done.append((row(task), task))
        hand += actor.submit(task, 1, want=4, holding=[each["id"] for each in hand])["assignments"]
    return done


def kinds(done: list[tuple[Assignment, Json]]) -> Counter[str]:
    return Counter(assignment.task.kind for assignment, _ in done)


def test_everybody_gets_gold_tasks_at_the_rate_each_once_and_every_ordinary_one() -> None:
    batch = with_gold(gold=60, rate=0.2, tasks=120, overlap=3)
    shares = []
    for _ in range(3):
        done = judge(annotator(), batch)
        found = kinds(done)
        assert found[TaskKind.ORDINARY] == 120
        assert len({assignment.task_id for assignment, _ in done}) == len(done)
        shares.append(found[TaskKind.GOLD] / len(done))
    assert 0.13 < sum(shares) / 3 < 0.25
    assert all(0.08 < share < 0.3 for share in shares)


def test_gold_takes_no_slot_and_leaves_overlap_and_the_batchs_progress_alone() -> None:
    batch = with_gold(gold=10, rate=0.3, tasks=12, overlap=2)
    for _ in range(2):
        judge(annotator(), batch)
    ordinary = batch.tasks.filter(kind=TaskKind.ORDINARY)
    assert set(ordinary.values_list("state", "counted", "open_slots")) == {(TaskState.DONE, 2, 0)}
    progress = queries.progress(batch)
    assert (progress.counted, progress.wanted, progress.tasks["done"]) == (24, 24, 12)
    assert sum(progress.clips.values()) == 48
    assert queries.judged([batch.pk])[batch.pk].tasks == progress.tasks
    gold = batch.tasks.filter(kind=TaskKind.GOLD)
    answered = Annotation.objects.filter(assignment__task__in=gold).count()
    assert answered > 0
    assert sum(gold.values_list("counted", flat=True)) == answered


def test_gold_is_out_of_every_rate_and_every_export() -> None:
    batch = with_gold(gold=10, rate=0.3, tasks=12)
    done = judge(annotator(), batch)
    gold = {assignment.task_id for assignment, _ in done if assignment.task.kind == TaskKind.GOLD}
    assert gold
    tally_before_a_page()
    assert not counted_verdicts().filter(candidate__task__in=gold).exists()
    assert {task.task for task in judged_tasks(pin(Rule(with_surplus=True)))}.isdisjoint(gold)
    assert sum(tally.annotations for tally in batch.tallies.all()) == 12


def test_a_batch_closes_as_if_there_were_no_gold() -> None:
    batch = with_gold(gold=3, rate=0.1, tasks=2)
    ann = annotator()
    judge(ann, batch)
    flagged = batch.tasks.filter(kind=TaskKind.GOLD).first()
    assert flagged is not None
    Task.objects.filter(pk=flagged.pk).update(state=TaskState.HELD)
    Batch.objects.filter(pk=batch.pk).update(last_task_done_at=timezone.now() - 2 * REVISABLE)
    assert close_finished_batches() == 1
    batch.refresh_from_db()
    assert batch.state == BatchState.CLOSED


def test_a_persons_progress_goes_up_with_every_task_and_never_beyond_its_end() -> None:
    batch, ann = with_gold(gold=40, rate=0.25, tasks=30), annotator()
    told = []
    hand = ann.lease(batch)["assignments"]
    while hand:
        answer = ann.submit(hand.pop(0), 1, want=4, holding=[each["id"] for each in hand])
        hand += answer["assignments"]
        told.append((answer["progress"]["judged"], answer["progress"]["total"], answer["counted"]))
    assert told == [(number, 40, True) for number in range(1, len(told) + 1)]
    assert 30 < len(told) <= 40


def test_a_share_of_the_batch_has_room_for_gold() -> None:
    batch, ann = with_gold(gold=40, rate=0.2, tasks=100, person_share=0.1), annotator()
    listed = {each["id"]: each["remaining_for_me"] for each in batches_to_annotate(user=ann.user)}
    assert listed[batch.public_id] == 13, "a tenth of 125"
    assert len(judge(ann, batch)) == 13
    assert ann.lease(batch)["state"] == "limit"


def shape(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: shape(each) for key, each in value.items()}
    if isinstance(value, list):
        return [shape(each) for each in value]
    return type(value).__name__


def test_what_is_sent_of_gold_has_the_shape_of_everything_else() -> None:
    batch, ann = with_gold(gold=20, rate=0.3, tasks=30, candidates=4), annotator()
    tape = Tape(ann)
    done = judge(ann, batch)
    by_kind = {kind: [shown for assignment, shown in done if assignment.task.kind == kind] for kind in kinds(done)}
    assert len(by_kind) == 2
    shapes = {kind: {str(shape(shown)) for shown in tasks} for kind, tasks in by_kind.items()}
    assert shapes[TaskKind.GOLD] == shapes[TaskKind.ORDINARY]
    assert len(shapes[TaskKind.GOLD]) == 1
    assert {UUID(shown["id"]).version for shown in by_kind[TaskKind.GOLD]} == {4}
    body = b"\n".join(tape.bodies())
    for tell in (b"gold", b"kind", b"repeat", b"apart", b"task_id", b"position"):
        assert tell not in body.lower(), tell
    for shown in itertools.chain(*by_kind.values()):
        detail = ann.get(f"annotate/assignments/{shown['id']}/")
        assert set(detail) == {"id", "caption", "sticker", "slots", "lease_until", "answer"}


def test_a_hand_is_shown_again_in_the_order_in_which_it_was_given() -> None:
    batch, ann = with_gold(gold=30, rate=0.3, tasks=60), annotator()
    seen: Counter[int] = Counter()
    for _ in range(12):
        given = [each["id"] for each in ann.lease(batch, count=5)["assignments"]]
        assert [each["id"] for each in ann.lease(batch, count=5)["assignments"]] == given
        assert len({each["lease_until"] for each in ann.lease(batch, count=5)["assignments"]}) == 1
        for place, each in enumerate(Assignment.objects.in_bulk([UUID(pk) for pk in given]).values()):
            if Task.objects.get(pk=each.task_id).kind == TaskKind.GOLD:
                seen[given.index(str(each.pk))] += 1
            assert place < 5
        for pk in given:
            ann.submit({"id": pk, "slots": [1] * 4}, 1)
    assert len(seen) >= 3, "gold stands at any place of a hand"


def test_each_candidate_stands_in_each_slot_over_the_people() -> None:
    batch = with_gold(gold=1, rate=0.3, tasks=20, overlap=100)
    gold = Gold.objects.get()
    places: Counter[int] = Counter()
    people = 0
    while people < 24:
        for assignment, _ in judge(annotator(), batch):
            if assignment.task_id == gold.task_id:
                people += 1
                places[assignment.slots.index(gold.shareable[0])] += 1
    assert all(abs(places[slot] - people / 4) <= 2 for slot in range(4)), places


def test_an_expired_skipped_or_flagged_gold_task_takes_nothing_from_the_line() -> None:
    batch, ann = with_gold(gold=30, rate=0.3, tasks=40), annotator()
    before = queries.progress(batch)
    held = ann.lease(batch, count=5)["assignments"]
    gold = [each for each in held if row(each).task.kind == TaskKind.GOLD]
    while len(gold) < 3:
        for each in held:
            ann.submit(each, 1)
        held = ann.lease(batch, count=5)["assignments"]
        gold += [each for each in held if row(each).task.kind == TaskKind.GOLD]
    late, skipped, flagged = gold[-3:]
    overdue(late)
    expire_leases()
    ann.skip(skipped)
    ann.flag(flagged, FlagKind.OFFENSIVE)
    standing = [Task.objects.get(pk=row(each).task_id) for each in (late, skipped, flagged)]
    assert {(task.open_slots, task.position) for task in standing} == {(0, None)}
    assert ann.submit(late, 1)["counted"] is True, "late, and there is room for everybody"
    assert Task.objects.get(pk=row(flagged).task_id).state == TaskState.HELD
    resolve(flag=Flag.objects.get(), decision=Decision.RELEASE, by=batch.created_by)
    assert Task.objects.get(pk=row(flagged).task_id).state == TaskState.DONE
    assert queries.progress(batch).wanted == before.wanted


def test_a_removed_gold_task_is_given_to_nobody_and_counts_for_nobody() -> None:
    batch, ann = with_gold(gold=1, rate=0.3, tasks=30, overlap=2), annotator()
    gold = Gold.objects.get()
    held = []
    while not held:
        hand = ann.lease(batch, count=5)["assignments"]
        held = [each for each in hand if row(each).task_id == gold.task_id]
        for each in hand:
            if each not in held:
                ann.submit(each, 1)
    remove_gold(gold, by=gold.made_by)
    assert ann.submit(held[0], 1)["counted"] is False
    assert not Annotation.objects.get(assignment=held[0]["id"]).counted
    assert kinds(judge(annotator(), batch)) == {TaskKind.ORDINARY: 30}


def test_who_judged_the_clips_as_an_ordinary_task_is_not_given_them_as_gold() -> None:
    batch = open_batch(tasks=60, overlap=2, gold_rate=0.3)
    ann, bob, cleo = annotator(), annotator(), annotator()
    for each in (ann, cleo):
        for task in each.lease(batch, count=5)["assignments"]:
            each.submit(task, 1)
    gold_from(batch, batch, 5)
    assert kinds(judge(ann, batch))[TaskKind.GOLD] == 0
    enrolment = Enrolment.objects.get(user=ann.user)
    assert enrolment.gold_cursor == Gold.objects.latest("id").task_id, "walked past once, and never again"
    assert Gold.objects.count() == 5
    assert kinds(judge(bob, batch)) == {TaskKind.ORDINARY: 55, TaskKind.GOLD: 5}


def test_without_rates_the_statements_are_what_they_were() -> None:
    plain, ann = open_batch(tasks=30), annotator()
    rated = with_gold(gold=20, rate=0.3, tasks=30)
    steer_batch(batch_id=rated.pk, changes={"gold_rate": 0, "repeat_rate": 0})
    told = []
    for batch in (plain, rated):
        hand = ann.lease(batch)["assignments"]
        with CaptureQueriesContext(
            connection,
        ) as captured:
            ann.submit(hand.pop(0), 1, want=4, holding=[each["id"] for each in hand])
        told.append([sql.split("WHERE")[0][:40] for sql in data_queries(captured)])
    assert told[0] == told[1]


def test_a_gold_task_costs_no_more_statements_than_an_ordinary_one() -> None:
    batch, ann = with_gold(gold=40, rate=0.3, tasks=60), annotator()
    hand = ann.lease(batch)["assignments"]
    costs: dict[str, set[int]] = {TaskKind.GOLD: set(), TaskKind.ORDINARY: set()}
    while hand:
        with CaptureQueriesContext(connection) as captured:
            new = ann.submit(hand.pop(0), 1, want=4, holding=[each["id"] for each in hand])["assignments"]
        if len(new) == 1:
            costs[row(new[0]).task.kind].add(len(data_queries(captured)))
        hand += new
    assert max(costs[TaskKind.GOLD]) <= max(costs[TaskKind.ORDINARY])


def test_looking_for_gold_reads_the_index_of_gold_tasks_alone() -> None:
    """Also in the plan that PostgreSQL keeps for any values: by the primary key it would read all later batches."""
    batch = with_gold(gold=3, rate=0.1, tasks=1)
    (other,) = open_batch(tasks=1).tasks.all()
    Task.objects.bulk_create(
        Task(batch=other.batch, prompt=other.prompt, kind=TaskKind.REPEAT, missing_clips=0, overlap=0)
        for _ in range(3000)
    )
    sql, values = GOLD.composed[1], GOLD.parameters({"batch": batch.pk, "user": 1, "cursor": 0})
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
        if connection.vendor == "postgresql":
            numbers = itertools.count(1)
            numbered = re.sub("%s", lambda _: f"${next(numbers)}", sql)
            cursor.execute("SET LOCAL plan_cache_mode = force_generic_plan")
            cursor.execute(f"PREPARE looking AS {numbered}")
            given = ", ".join(f"'{value}'" if isinstance(value, str) else str(value) for value in values)
            cursor.execute(f"EXPLAIN EXECUTE looking({given})")
        else:
            cursor.execute(f"EXPLAIN QUERY PLAN {sql}", values)
        plan = str(cursor.fetchall())
    assert "task_gold" in plan, plan
