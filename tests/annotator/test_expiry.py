"""Leases that nobody renews end, and their slots go to others."""

import pytest
from django.utils import timezone

from annotator.annotation import expiry
from annotator.annotation.expiry import expire_leases
from annotator.annotation.models import Assignment
from tests.annotator.actors import annotator, open_batch, overdue, row

pytestmark = pytest.mark.django_db


def test_an_overdue_lease_ends_and_its_task_goes_to_somebody_else() -> None:
    batch, ann, bob = open_batch(tasks=1), annotator("ann"), annotator("bob")
    mine = ann.take_one(batch)
    assert bob.lease(batch)["state"] == "empty"
    overdue(mine)
    assert expire_leases() == 1
    assert row(mine).state == "expired"
    assert bob.take_one(batch)["caption"] == mine["caption"]


def test_the_slot_comes_back_at_the_tail_of_the_line() -> None:
    batch, ann = open_batch(tasks=3), annotator("ann")
    mine = ann.take_one(batch)
    overdue(mine)
    expire_leases()
    task = row(mine).task
    assert (task.open_slots, task.position) == (1, 4)


def test_a_lease_that_is_not_overdue_stays() -> None:
    batch, ann = open_batch(tasks=1), annotator("ann")
    mine = ann.take_one(batch)
    assert expire_leases() == 0
    assert row(mine).state == "leased"
    left = row(mine).lease_until - timezone.now()
    assert 14 * 60 < left.total_seconds() <= 15 * 60


def test_expiring_twice_gives_one_slot_back() -> None:
    batch, ann = open_batch(tasks=1, overlap=2), annotator("ann")
    mine = ann.take_one(batch)
    overdue(mine)
    assert (expire_leases(), expire_leases()) == (1, 0)
    assert row(mine).task.open_slots == 2


def test_what_was_submitted_in_time_does_not_expire() -> None:
    batch, ann = open_batch(tasks=1), annotator("ann")
    mine = ann.take_one(batch)
    ann.submit(mine, 1)
    overdue(mine)
    assert expire_leases() == 0
    assert row(mine).state == "submitted"


def test_a_renewal_between_the_look_and_the_act_saves_the_lease(monkeypatch: pytest.MonkeyPatch) -> None:
    batch, ann = open_batch(tasks=1), annotator("ann")
    mine = ann.take_one(batch)
    overdue(mine)
    end_lease = expiry.end_lease

    def renewed_first(**lease: object) -> bool:
        ann.post(f"annotate/assignments/{mine['id']}/renew/")
        return end_lease(**lease)  # type: ignore[arg-type]

    monkeypatch.setattr(expiry, "end_lease", renewed_first)
    assert expire_leases() == 0
    assert row(mine).state == "leased"


def test_input_renews_all_that_one_holds_in_the_batch_and_nothing_elsewhere() -> None:
    batch, other, ann, bob = open_batch(tasks=3), open_batch(tasks=1), annotator("ann"), annotator("bob")
    first, second = ann.lease(batch, count=2)["assignments"]
    elsewhere, theirs = ann.take_one(other), bob.take_one(batch)
    overdue(first, second, elsewhere, theirs)
    until = ann.post(f"annotate/assignments/{first['id']}/renew/")["lease_until"]
    assert until == ann.get(f"annotate/assignments/{second['id']}/")["lease_until"]
    assert expire_leases() == 2
    assert [row(each).state for each in (first, second, elsewhere, theirs)] == [
        "leased",
        "leased",
        "expired",
        "expired",
    ]


def test_an_ended_lease_cannot_be_renewed() -> None:
    batch, ann = open_batch(tasks=1), annotator("ann")
    mine = ann.take_one(batch)
    overdue(mine)
    expire_leases()
    assert ann.post(f"annotate/assignments/{mine['id']}/renew/") == {"lease_until": None}


def test_a_turn_ends_a_chunk_and_the_next_turn_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expiry, "AT_ONCE", 3)
    batch, ann = open_batch(tasks=5), annotator("ann")
    overdue(*ann.lease(batch, count=5)["assignments"])
    assert (expire_leases(), expire_leases(), expire_leases()) == (3, 2, 0)
    assert not Assignment.objects.filter(state="leased").exists()


def test_giving_back_returns_what_one_holds_here_and_only_that() -> None:
    batch, ann, bob = open_batch(tasks=4), annotator("ann"), annotator("bob")
    judged, *held = ann.lease(batch, count=3)["assignments"]
    theirs = bob.take_one(batch)
    ann.submit(judged, 1)
    assert ann.post(f"annotate/batches/{batch.public_id}/return/") == {"returned": 2}
    assert [row(each).state for each in (judged, *held, theirs)] == ["submitted", "returned", "returned", "leased"]
    assert [row(each).task.open_slots for each in (judged, *held, theirs)] == [0, 1, 1, 0]
