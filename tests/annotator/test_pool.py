"""Who may annotate a batch: everybody or a pool; people are let in, capped, removed and taken back."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from annotator.annotation.counting import count_surplus
from annotator.annotation.expiry import expire_leases
from annotator.annotation.models import Annotation, Assignment, AssignmentState, Enrolment, Revision
from annotator.generation.models import Batch, Task
from tests.annotator.actors import Actor, annotator, open_batch, overdue, person, researcher
from tests.annotator.test_leases import data_queries

pytestmark = pytest.mark.django_db


@pytest.fixture
def rosa() -> Actor:
    return researcher("rosa")


@pytest.fixture
def ann() -> Actor:
    return annotator("ann")


@pytest.fixture
def eve() -> Actor:
    """Nobody lets her in."""
    return annotator("eve")


@pytest.fixture
def pooled(rosa: Actor, ann: Actor) -> Batch:
    """Of twelve tasks, with ann in its pool."""
    batch = open_batch(tasks=12, pooled=True)
    let_in(rosa, batch, "ann")
    return batch


def let_in(who: Actor, batch: Batch, *usernames: str, status: int = 204, **more: Any) -> Any:
    path, body = f"/api/v1/batches/{batch.pk}/people/", {"usernames": list(usernames), **more}
    response = who.client.post(path, body, format="json")
    assert response.status_code == status, response.content
    return response.json() if response.content else None


def change(who: Actor, batch: Batch, whom: Actor, status: int = 200, **changes: Any) -> Any:
    return who.patch(f"batches/{batch.pk}/people/{whom.user.pk}/", changes, status=status)


def listed(who: Actor, batch: Batch) -> dict[str, Any]:
    return {each.pop("username"): each for each in who.get(f"batches/{batch.pk}/people/")["results"]}


def test_whoever_is_in_the_pool_judges(pooled: Batch, ann: Actor) -> None:
    assert [each["id"] for each in ann.get("annotate/batches/")["results"]] == [str(pooled.public_id)]
    assert ann.submit(ann.take_one(pooled), 1)["counted"] is True


def test_to_people_outside_the_pool_the_batch_is_not_there(pooled: Batch, eve: Actor) -> None:
    path = f"annotate/batches/{pooled.public_id}"
    assert eve.get("annotate/batches/")["results"] == []
    eve.post(f"{path}/leases/", {"count": 1}, status=404)
    eve.post(f"{path}/return/", status=404)
    eve.get(f"{path}/history/", status=404)
    assert not Enrolment.objects.filter(user=eve.user).exists(), "asking for it makes nobody a member"


def test_a_batch_for_everybody_that_becomes_pooled_keeps_those_who_came(rosa: Actor, ann: Actor, eve: Actor) -> None:
    batch = open_batch(tasks=9)
    mine = ann.take_one(batch)
    assert rosa.patch(f"batches/{batch.pk}/", {"pooled": True})["pooled"] is True
    assert ann.submit(mine, 1, want=4)["state"] == "ready"
    eve.post(f"annotate/batches/{batch.public_id}/leases/", status=404)
    rosa.patch(f"batches/{batch.pk}/", {"pooled": False})
    assert eve.lease(batch)["state"] == "ready"


def test_a_wrong_name_is_told_and_nobody_is_let_in(pooled: Batch, rosa: Actor, eve: Actor) -> None:
    eve.user.is_active = False
    eve.user.save()
    person("bob")
    refusal = let_in(rosa, pooled, "bob", "nobody", "eve", status=400)
    assert refusal["fields"]["usernames"] == [
        "There is no account in use named eve, nobody: check the spelling, nobody was let in."
    ]
    assert set(listed(rosa, pooled)) == {"ann"}


def test_removing_somebody_returns_what_they_hold_and_keeps_what_they_judged(
    pooled: Batch, rosa: Actor, ann: Actor
) -> None:
    first, *held = ann.lease(pooled, count=4)["assignments"]
    ann.submit(first, 1)
    assert change(rosa, pooled, ann, removed=True)["removed_at"] is not None
    states = dict(Assignment.objects.values_list("pk", "state"))
    assert {str(uuid): state for uuid, state in states.items()} == {
        first["id"]: "submitted", **{each["id"]: "returned" for each in held}
    }  # fmt: skip
    assert Annotation.objects.get().counted is True
    assert not Task.objects.filter(state="open", open_slots=0).exists()
    told = ann.lease(pooled)
    assert (told["assignments"], told["state"]) == ([], "removed")
    assert [each["id"] for each in ann.get(f"annotate/batches/{pooled.public_id}/history/")["results"]] == [first["id"]]


def test_what_a_removed_person_still_sends_is_stored_and_counts_once_they_are_taken_back(
    pooled: Batch, rosa: Actor, ann: Actor
) -> None:
    mine = ann.take_one(pooled)
    change(rosa, pooled, ann, removed=True)
    assert ann.submit(mine, 1)["counted"] is False
    assert ann.submit(mine, 2, revision=2)["counted"] is False
    assert count_surplus() == 0
    change(rosa, pooled, ann, removed=False)
    assert count_surplus() == 1
    assert (Revision.objects.get(current=True).number, Annotation.objects.get().counted) == (1, True)


def test_somebody_taken_back_gets_the_same_tasks_again(pooled: Batch, rosa: Actor, ann: Actor) -> None:
    held = ann.lease(pooled, count=5)["assignments"]
    change(rosa, pooled, ann, removed=True)
    let_in(rosa, pooled, "ann")
    assert ann.judge_all(pooled) == 12
    assert set(Assignment.objects.filter(pk__in=[each["id"] for each in held]).values_list("state", flat=True)) == {
        AssignmentState.SUBMITTED
    }


def test_removed_twice_is_removed_once(pooled: Batch, rosa: Actor, ann: Actor) -> None:
    first = change(rosa, pooled, ann, removed=True)["removed_at"]
    assert change(rosa, pooled, ann, removed=True)["removed_at"] == first


def test_a_lease_that_ran_out_before_the_removal_gives_one_slot_back_not_two(
    pooled: Batch, rosa: Actor, ann: Actor
) -> None:
    mine = ann.take_one(pooled)
    overdue(mine)
    change(rosa, pooled, ann, removed=True)
    assert expire_leases() == 0
    assert set(Task.objects.values_list("open_slots", "overlap")) == {(1, 1)}


def test_a_cap_ends_ones_work_and_raising_it_goes_on(pooled: Batch, rosa: Actor, ann: Actor) -> None:
    assert change(rosa, pooled, ann, limit=2)["may_judge"] == 2
    assert ann.judge_all(pooled) == 2
    assert ann.lease(pooled)["state"] == "limit"
    change(rosa, pooled, ann, limit=3)
    assert ann.judge_all(pooled) == 1
    assert change(rosa, pooled, ann, limit=None)["may_judge"] == 12
    assert ann.judge_all(pooled) == 9


def test_a_lowered_cap_leaves_what_is_in_hand_and_gives_nothing_new(pooled: Batch, rosa: Actor, ann: Actor) -> None:
    first, second = ann.lease(pooled, count=2)["assignments"]
    change(rosa, pooled, ann, limit=1)
    assert ann.submit(first, 1, want=4, holding=[second["id"]])["assignments"] == []
    assert ann.submit(second, 1, want=4)["counted"] is True
    assert ann.lease(pooled)["state"] == "limit"


def test_people_are_let_in_with_a_cap_each_and_letting_in_again_leaves_it(rosa: Actor, ann: Actor) -> None:
    batch = open_batch(tasks=10, person_share=0.5, pooled=True)
    person("bob")
    let_in(rosa, batch, "ann", "bob", limit=2)
    let_in(rosa, batch, "bob")
    ann.submit(ann.take_one(batch), 1)
    people = listed(rosa, batch)
    assert people["ann"] == {
        "person": ann.user.pk, "judged": 1, "limit": 2, "may_judge": 2, "removed_at": None
    }  # fmt: skip
    assert people["bob"]["limit"] == 2


@pytest.mark.parametrize("people", [3, 60])
def test_the_list_of_people_costs_the_same_for_any_number(rosa: Actor, people: int) -> None:
    batch = open_batch(tasks=1)
    Enrolment.objects.bulk_create(Enrolment(batch=batch, user=person()) for _ in range(people))
    with CaptureQueriesContext(connection) as queries:
        page = rosa.get(f"batches/{batch.pk}/people/")
    assert len(data_queries(queries)) == 3, "who asks, the batch, a page of people"
    assert len(page["results"]) == min(people, 50)
    assert (page["next"] is None) == (people <= 50)


@pytest.mark.parametrize("body", [{"limit": 0}, {"limit": "many"}, {"removed": "perhaps"}])
def test_what_cannot_be_is_refused_naming_the_field(pooled: Batch, rosa: Actor, ann: Actor, body: Any) -> None:
    assert list(change(rosa, pooled, ann, status=400, **body)["fields"]) == list(body)


def test_somebody_who_is_not_in_has_no_place_to_change(pooled: Batch, rosa: Actor, eve: Actor) -> None:
    change(rosa, pooled, eve, status=404, removed=True)


def test_after_the_end_nobody_is_let_in_or_removed(pooled: Batch, rosa: Actor, ann: Actor, eve: Actor) -> None:
    rosa.post(f"batches/{pooled.pk}/close/")
    assert "only while it is open" in let_in(rosa, pooled, "eve", status=400)["error"]
    assert "only while it is open" in change(rosa, pooled, ann, status=400, removed=True)["error"]


def test_annotators_decide_nothing_of_it(pooled: Batch, ann: Actor) -> None:
    let_in(ann, pooled, "ann", status=403)
    ann.get(f"batches/{pooled.pk}/people/", status=403)
    change(ann, pooled, ann, status=403, limit=99)
