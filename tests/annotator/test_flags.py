"""Flags: an offensive task is shown to nobody until a researcher has decided."""

import pytest

from annotator.annotation.counting import count_surplus
from annotator.annotation.models import Annotation, Flag
from annotator.generation.models import Batch, Task
from tests.annotator.actors import admin, annotator, open_batch, researcher, row

pytestmark = pytest.mark.django_db


def decide(decision: str) -> int:
    flag = Flag.objects.order_by("pk")[0]
    resolved: int = researcher().post(f"flags/{flag.pk}/resolve/", {"decision": decision})["resolved"]
    return resolved


def test_one_offensive_flag_takes_the_task_from_everybody() -> None:
    batch, ann, bob, cleo = open_batch(tasks=1, overlap=3), annotator("ann"), annotator("bob"), annotator("cleo")
    mine, theirs = ann.take_one(batch), bob.take_one(batch)
    assert ann.flag(mine, "offensive", slot=2)["state"] == "empty"
    assert (row(mine).state, row(theirs).state) == ("returned", "returned")
    task = row(mine).task
    assert (task.state, task.open_slots) == ("held", 3)
    assert cleo.lease(batch)["state"] == bob.lease(batch)["state"] == "empty"


def test_a_submission_for_a_held_task_is_stored_and_counts_after_the_release() -> None:
    batch, ann, bob = open_batch(tasks=1, overlap=2), annotator("ann"), annotator("bob")
    mine, theirs = ann.take_one(batch), bob.take_one(batch)
    ann.flag(mine, "offensive")
    assert bob.submit(theirs, 1)["counted"] is False
    assert decide("release") == 1
    assert count_surplus() == 1
    assert (row(mine).task.counted, row(mine).task.open_slots) == (1, 1)
    assert ann.submit(ann.take_one(batch), 2)["counted"] is True
    assert row(mine).task.state == "done"


def test_a_released_task_goes_to_the_tail_and_its_flags_are_settled() -> None:
    batch, ann, bob = open_batch(tasks=2, overlap=2), annotator("ann"), annotator("bob")
    first, _ = ann.lease(batch)["assignments"]
    bob_first, _ = bob.lease(batch)["assignments"]
    ann.flag(first, "offensive")
    bob.flag(bob_first, "offensive", slot=1)
    assert decide("release") == 2
    assert decide("void") == 0, "somebody was first"
    task = row(first).task
    assert (task.state, task.open_slots, task.position) == ("open", 2, batch.next_position)


def test_a_done_task_is_held_too_and_done_again_after_its_release() -> None:
    batch, ann = open_batch(tasks=1), annotator("ann")
    mine = ann.take_one(batch)
    ann.submit(mine, 1)
    ann.flag(mine, "offensive")
    assert row(mine).task.state == "held"
    decide("release")
    assert (row(mine).task.state, row(mine).task.counted) == ("done", 1)


def test_a_void_task_is_gone_and_nothing_of_it_counts() -> None:
    batch, ann, bob = open_batch(tasks=1, overlap=3), annotator("ann"), annotator("bob")
    mine, theirs = ann.take_one(batch), bob.take_one(batch)
    ann.submit(mine, 1)
    bob.flag(theirs, "offensive")
    assert decide("void") == 1
    task = row(mine).task
    assert (task.state, task.counted, task.open_slots) == ("void", 0, 0)
    assert Annotation.objects.get().counted is False
    assert bob.submit(theirs, 1)["counted"] is False
    assert ann.submit(mine, 2, revision=2)["counted"] is False
    assert count_surplus() == 0
    assert annotator("cleo").lease(batch)["state"] == "empty"


@pytest.mark.parametrize("kind", ["broken", "unclear"])
def test_other_flags_are_noted_and_hold_nothing(kind: str) -> None:
    batch, ann = open_batch(tasks=1), annotator("ann")
    mine = ann.take_one(batch)
    ann.flag(mine, kind, slot=4)
    assert row(mine).state == "leased"
    assert ann.submit(mine, 1)["counted"] is True
    decide("release")
    assert row(mine).task.state == "done"


def test_a_broken_task_can_be_made_void_from_under_its_leases() -> None:
    batch, ann, bob = open_batch(tasks=1, overlap=2), annotator("ann"), annotator("bob")
    mine, theirs = ann.take_one(batch), bob.take_one(batch)
    ann.flag(mine, "broken")
    decide("void")
    assert [row(each).state for each in (mine, theirs)] == ["returned", "returned"]
    assert bob.lease(batch)["state"] == "empty"


def test_the_same_flag_sent_again_is_noted_once() -> None:
    batch, ann = open_batch(tasks=1), annotator("ann")
    mine = ann.take_one(batch)
    for _ in range(2):
        ann.flag(mine, "broken", slot=1)
    assert Flag.objects.count() == 1


def test_lowering_the_overlap_below_what_is_leased_leaves_a_task_that_can_be_held() -> None:
    batch, ann, bob = open_batch(tasks=1, overlap=2), annotator("ann"), annotator("bob")
    mine, _ = ann.take_one(batch), bob.take_one(batch)
    Task.objects.update(overlap=1)
    ann.flag(mine, "offensive")
    assert (row(mine).task.state, row(mine).task.open_slots) == ("held", 1)


@pytest.mark.parametrize(("slot", "kind", "field"), [(5, "broken", "slot"), (0, "broken", "slot"), (1, "dull", "kind")])
def test_a_flag_that_cannot_be_is_refused(slot: int, kind: str, field: str) -> None:
    batch, ann = open_batch(tasks=1), annotator("ann")
    refusal = ann.flag(ann.take_one(batch), kind, slot=slot, status=400)
    assert list(refusal["fields"]) == [field]
    assert not Flag.objects.exists()


def test_researchers_see_open_flags_and_annotators_do_not() -> None:
    batch, ann = open_batch(tasks=1), annotator("ann")
    mine = ann.take_one(batch)
    ann.flag(mine, "offensive", slot=3)
    (listed,) = researcher("rosa").get("flags/")["results"]
    assert (listed["kind"], listed["slot"], listed["task_state"], listed["batch_name"], listed["caption"]) == (
        "offensive", 3, "held", Batch.objects.get().name, mine["caption"],
    )  # fmt: skip
    ann.get("flags/", status=403)
    ann.post(f"flags/{listed['id']}/resolve/", {"decision": "release"}, status=403)
    decide("release")
    assert admin().get("flags/")["results"] == []
    assert len(admin().get("flags/", resolved="true")["results"]) == 1


def test_a_decision_is_one_of_two() -> None:
    batch, ann = open_batch(tasks=1), annotator("ann")
    ann.flag(ann.take_one(batch), "offensive")
    refusal = researcher().post(f"flags/{Flag.objects.get().pk}/resolve/", {"decision": "burn"}, status=400)
    assert list(refusal["fields"]) == ["decision"]
    researcher().post("flags/999999/resolve/", {"decision": "void"}, status=404)
