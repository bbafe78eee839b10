"""Skips: others judge the task, and the person does not see it again."""

import pytest

from annotator.annotation.expiry import expire_leases
from tests.annotator.actors import annotator, open_batch, overdue, row

pytestmark = pytest.mark.django_db


def test_a_skipped_task_goes_to_others_and_never_back() -> None:
    batch, ann, bob = open_batch(tasks=2), annotator("ann"), annotator("bob")
    unwanted = ann.take_one(batch)
    following = ann.skip(unwanted, reason="I cannot tell what it is", want=4)
    assert [each["caption"] for each in following["assignments"]] == ["a sticker, number 1, jumping"]
    assert (row(unwanted).state, row(unwanted).skip_reason) == ("skipped", "I cannot tell what it is")
    ann.submit(following["assignments"][0], 1)
    assert ann.lease(batch)["state"] == "empty"
    assert bob.take_one(batch)["caption"] == unwanted["caption"]


def test_a_skip_is_not_a_judgement() -> None:
    batch, ann = open_batch(tasks=2), annotator("ann")
    assert ann.skip(ann.take_one(batch))["progress"]["judged"] == 0


def test_skipping_twice_gives_one_slot_back() -> None:
    batch, ann = open_batch(tasks=1, overlap=2), annotator("ann")
    unwanted = ann.take_one(batch)
    ann.skip(unwanted)
    ann.skip(unwanted)
    assert row(unwanted).task.open_slots == 2


def test_an_expired_task_that_one_skips_does_not_come_back() -> None:
    batch, ann = open_batch(tasks=1), annotator("ann")
    unwanted = ann.take_one(batch)
    overdue(unwanted)
    expire_leases()
    ann.skip(unwanted)
    assert ann.lease(batch)["state"] == "empty"
    assert row(unwanted).task.open_slots == 1


def test_what_is_judged_stays_judged() -> None:
    batch, ann = open_batch(tasks=1), annotator("ann")
    mine = ann.take_one(batch)
    ann.submit(mine, 1)
    ann.skip(mine, reason="oops")
    assert (row(mine).state, row(mine).skip_reason, row(mine).task.state) == ("submitted", "", "done")


def test_a_reason_has_its_length() -> None:
    batch, ann = open_batch(tasks=1), annotator("ann")
    mine = ann.take_one(batch)
    refusal = ann.post(f"annotate/assignments/{mine['id']}/skip/", {"reason": "x" * 41}, status=400)
    assert list(refusal["fields"]) == ["reason"]
    assert row(mine).state == "leased"
