"""In which order candidates are shown: shuffled for everybody, and every candidate in every slot equally often."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotator.annotation.expiry import expire_leases
from annotator.annotation.models import Assignment
from annotator.annotation.slots import slot_order
from annotator.generation.models import Task
from tests.annotator.actors import annotator, open_batch, overdue, row


@settings(max_examples=200, deadline=None)
@given(
    ids=st.lists(st.integers(1, 10**12), min_size=2, max_size=9, unique=True),
    task=st.integers(1, 10**12),
    turns=st.integers(1, 60),
)
def test_every_candidate_stands_in_every_slot_about_equally_often(ids: list[int], task: int, turns: int) -> None:
    orders = [slot_order(candidate_ids=ids, task_id=task, turn=turn) for turn in range(turns)]
    assert all(sorted(order) == sorted(ids) for order in orders)
    for slot in range(len(ids)):
        shown = Counter(order[slot] for order in orders)
        often = [shown[candidate] for candidate in ids]
        # One round shows each there once; an unfinished one adds at most one.
        assert max(often) - min(often) <= 1
    assert slot_order(candidate_ids=reversed(ids), task_id=task, turn=turns) == slot_order(
        candidate_ids=ids, task_id=task, turn=turns
    ), "the order in which the database gives candidates does not matter"


@pytest.mark.parametrize("turn", [0, 1, 2, 7])
def test_over_tasks_no_place_is_shown_first_more_often(turn: int) -> None:
    firsts = Counter(
        slot_order(candidate_ids=range(4 * task, 4 * task + 4), task_id=task, turn=turn)[0] % 4 for task in range(2000)
    )
    for place in range(4):
        assert 400 < firsts[place] < 600


def test_neighbours_change_from_round_to_round() -> None:
    after = {
        (order[0], order[1]) for order in (slot_order(candidate_ids=range(6), task_id=7, turn=n) for n in range(60))
    }
    assert len(after) > 20, "of 30 possible pairs; one shuffle moved on would have 6"


@pytest.mark.django_db
def test_people_who_share_a_task_see_each_candidate_in_each_slot_once() -> None:
    batch = open_batch(tasks=6, candidates=4, overlap=4)
    for _ in range(4):
        annotator().judge_all(batch)
    for task in Task.objects.filter(batch=batch):
        orders = list(Assignment.objects.filter(task=task).values_list("slots", flat=True))
        for slot in range(4):
            assert len({order[slot] for order in orders}) == 4


@pytest.mark.django_db
def test_the_order_stays_when_the_task_comes_back_at_another_turn() -> None:
    batch, ann, bob = open_batch(tasks=1, candidates=6, overlap=2), annotator("ann"), annotator("bob")
    first = ann.take_one(batch)
    overdue(first)
    expire_leases()
    other = bob.take_one(batch)
    again = ann.take_one(batch)
    assert again["slots"] == first["slots"]
    assert set(row(other).slots) == set(row(again).slots)


@pytest.mark.django_db
def test_a_candidate_dropped_meanwhile_is_not_shown_when_the_task_comes_back() -> None:
    batch, ann = open_batch(tasks=1, candidates=6), annotator("ann")
    first = ann.take_one(batch)
    dropped = batch.tasks.get().candidates.first()
    assert dropped is not None
    dropped.dropped = True
    dropped.save()
    overdue(first)
    expire_leases()
    again = ann.take_one(batch)
    assert dropped.pk not in row(again).slots
    assert len(again["slots"]) == 5
