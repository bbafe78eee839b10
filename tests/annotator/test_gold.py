"""Gold tasks on the researchers' side: how they are made, what is refused, how people do on them."""

from typing import Any

import numpy as np
import pytest
from pytest_django import DjangoAssertNumQueries

from annotator.accounts.models import Role, User
from annotator.annotation.models import Enrolment
from annotator.generation.batches import close_batch, steer_batch
from annotator.generation.models import Batch, Candidate, Task, TaskKind, TaskState
from annotator.quality.adjudications import adjudicate
from annotator.quality.models import Gold
from annotator.quality.setting_aside import set_aside
from tests.annotator.actors import Actor, Json, admin, annotator, open_batch, person, researcher, row

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("same_draws")]

GOLD = "shareable"
BAD = "not_shareable"


@pytest.fixture
def rosa() -> Actor:
    return researcher("rosa")


def candidates(task: Task) -> list[int]:
    return list(task.candidates.order_by("id").values_list("id", flat=True))


def answers(task: Task, *said: str) -> Json:
    named = zip(candidates(task), said, strict=False)
    return {"answers": [{"candidate": pk, "answer": answer} for pk, answer in named]}


def first_task(batch: Batch) -> Task:
    task = batch.tasks.order_by("id").first()
    assert task is not None
    return task


def test_a_gold_task_is_made_by_hand_and_listed_with_its_answers(rosa: Actor) -> None:
    batch, source = open_batch(tasks=2), first_task(open_batch(tasks=1))
    path = f"batches/{batch.pk}/gold/"
    made = rosa.client.post(f"/api/v1/{path}", answers(source, GOLD, BAD, BAD, "either"), format="json")
    assert made.status_code == 201, made.content
    (listed,) = rosa.get(path)["results"]
    assert listed == made.json()
    assert [clip["answer"] for clip in listed["clips"]] == [GOLD, BAD, BAD, "either"]
    assert (listed["caption"], listed["origin"], listed["made_by"]) == (source.prompt.caption, "by_hand", "rosa")
    assert (listed["answers"], listed["accuracy"], listed["state"]) == (0, None, "done")
    task = Gold.objects.get().task
    assert (task.kind, task.open_slots, task.position, task.copy_of) == (TaskKind.GOLD, 0, None, source)
    clips = list(source.candidates.order_by("id").values_list("clip", flat=True))
    assert list(task.candidates.order_by("id").values_list("clip", flat=True)) == clips


def test_what_people_could_tell_or_nobody_could_score_is_refused(rosa: Actor) -> None:
    batch, other, small = open_batch(tasks=2), open_batch(tasks=2), open_batch(tasks=1, candidates=2)
    path, source = f"batches/{batch.pk}/gold/", first_task(other)

    def refused(body: Json, path: str = path) -> str:
        said: str = rosa.post(path, body, status=400)["fields"]["answers"][0]
        return said

    assert "have 4 clips, this one would have 2" in refused(answers(first_task(small), GOLD, BAD))
    assert "at least one clip" in refused(answers(source, *["either"] * 4))
    assert "one prompt" in refused(
        {"answers": [{"candidate": pk, "answer": GOLD} for pk in Candidate.objects.values_list("id", flat=True)[3:7]]}
    )
    assert "still being judged in the batch" in refused(answers(first_task(batch), GOLD, BAD, BAD, BAD))
    unknown = [{"candidate": 10**6 + number, "answer": GOLD} for number in range(4)]
    assert "1000000 is no candidate" in refused({"answers": unknown})
    rosa.client.post(f"/api/v1/{path}", answers(source, GOLD, BAD, BAD, BAD), format="json")
    gold = Gold.objects.get()
    assert "has a gold task of this prompt" in refused(answers(source, GOLD, BAD, BAD, BAD))
    assert "no candidate of an ordinary task" in refused(answers(gold.task, GOLD, BAD, BAD, BAD))
    close_batch(other.pk)
    assert "closed" in rosa.post(f"batches/{other.pk}/gold/", answers(source, GOLD, BAD, BAD, BAD), status=400)["error"]


def test_only_researchers_and_admins_make_see_and_remove_gold(rosa: Actor) -> None:
    batch, source = open_batch(tasks=1), first_task(open_batch(tasks=1))
    path = f"batches/{batch.pk}/gold/"
    body = answers(source, GOLD, BAD, BAD, BAD)
    anna = annotator()
    anna.get(path, status=403)
    anna.post(path, body, status=403)
    anna.post(f"{path}agreed/", {}, status=403)
    admin().client.post(f"/api/v1/{path}", body, format="json")
    gold = Gold.objects.get()
    assert anna.client.delete(f"/api/v1/gold/{gold.pk}/").status_code == 403
    assert rosa.client.delete(f"/api/v1/gold/{gold.pk}/").status_code == 204
    assert rosa.client.delete(f"/api/v1/gold/{gold.pk}/").status_code == 404
    assert rosa.get(path)["results"] == []
    gold.task.refresh_from_db()
    assert gold.task.state == TaskState.VOID
    again = rosa.client.post(f"/api/v1/{path}", body, format="json")
    assert again.status_code == 201, "a removed one is no obstacle"


def judged_by(batch: Batch, *said: set[int]) -> list[User]:
    """One person for each set: everywhere they share the candidates with these places in the task."""
    people = []
    for shareable in said:
        actor = annotator()
        while hand := actor.lease(batch)["assignments"]:
            for assignment in hand:
                order = row(assignment).slots
                places = {pk: place for place, pk in enumerate(sorted(order))}
                actor.submit(assignment, *[order.index(pk) + 1 for pk in order if places[pk] in shareable])
        people.append(actor.user)
    return people


def test_gold_is_made_of_tasks_on_which_enough_people_agreed(rosa: Actor) -> None:
    agreed, disputed = open_batch(tasks=3, overlap=3), open_batch(tasks=3, overlap=3)
    judged_by(agreed, {0, 2}, {0, 2}, {0, 2})
    judged_by(disputed, {0, 2}, {0, 2}, {0})
    path = f"batches/{agreed.pk}/gold/agreed/"
    assert rosa.post(path, {"at_least": 4}) == {"made": 0}
    assert rosa.post(path, {"most": 2}) == {"made": 2}
    assert rosa.post(path, {}) == {"made": 1}, "the one that is left"
    assert rosa.post(path, {"of_batch": disputed.pk}) == {"made": 0}
    for gold in rosa.get(f"batches/{agreed.pk}/gold/")["results"]:
        assert [clip["answer"] for clip in gold["clips"]] == [GOLD, BAD, GOLD, BAD]
        assert gold["origin"] == "agreed"
    rosa.client.delete(f"/api/v1/gold/{Gold.objects.latest('id').pk}/")
    assert rosa.post(path, {}) == {"made": 0}, "what was removed does not come back by itself"


def test_who_is_set_aside_neither_makes_nor_breaks_an_agreement(rosa: Actor) -> None:
    batch = open_batch(tasks=2, overlap=3)
    *_, odd = judged_by(batch, {0, 2}, {0, 2}, {1})
    path = f"batches/{batch.pk}/gold/agreed/"
    assert rosa.post(path, {"at_least": 2}) == {"made": 0}
    set_aside(person=odd, reason="chooses otherwise", by=person(role=Role.ADMIN))
    assert rosa.post(path, {"at_least": 3}) == {"made": 0}
    assert rosa.post(path, {"at_least": 2}) == {"made": 2}


def test_gold_is_made_of_what_an_admin_decided_and_of_other_batches(rosa: Actor) -> None:
    old, new = open_batch(tasks=3, overlap=2), open_batch(tasks=2)
    judged_by(old, {0}, {1})
    task = first_task(old)
    adjudicate(task=task, shareable=candidates(task)[2:3], comment="", by=person(role=Role.ADMIN))
    assert rosa.post(f"batches/{new.pk}/gold/agreed/", {"of_batch": old.pk}) == {"made": 1}
    (gold,) = rosa.get(f"batches/{new.pk}/gold/")["results"]
    assert gold["origin"] == "adjudicated"
    assert [clip["answer"] for clip in gold["clips"]] == [BAD, BAD, GOLD, BAD]


def test_the_list_of_gold_costs_the_same_however_long(
    rosa: Actor, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    batch, source = open_batch(tasks=1), open_batch(tasks=25)
    for count in (2, 23):
        for task in source.tasks.exclude(copies__kind=TaskKind.GOLD).order_by("id")[:count]:
            rosa.client.post(f"/api/v1/batches/{batch.pk}/gold/", answers(task, GOLD, BAD, BAD, BAD), format="json")
        # The session's user, the batch, the gold tasks, their candidates and clips, what people said.
        with django_assert_num_queries(6):
            page = rosa.get(f"batches/{batch.pk}/gold/")
    assert (len(page["results"]), page["next"] is None) == (20, False)


def test_the_rates_have_bounds(rosa: Actor) -> None:
    batch = open_batch(tasks=1)
    for name, most in (("gold_rate", 0.3), ("repeat_rate", 0.2)):
        rosa.patch(f"batches/{batch.pk}/", {name: most + 0.01}, status=400)
        assert rosa.patch(f"batches/{batch.pk}/", {name: most})[name] == most
        assert rosa.patch(f"batches/{batch.pk}/", {name: 0})[name] == 0
    with pytest.raises(Exception, match=r"from 0 to 0\.3 is expected, not -1"):
        steer_batch(batch_id=batch.pk, changes={"gold_rate": -1})


def test_a_planted_bad_annotator_is_found_by_gold_and_good_ones_are_left_alone(rosa: Actor) -> None:
    """Nobody judges the same ordinary task, so that nothing but gold can tell them apart."""
    batch, source = open_batch(tasks=300, gold_rate=0.25), open_batch(tasks=50)
    random = np.random.default_rng(5)
    truth = {pk: bool(random.random() < 0.4) for pk in Candidate.objects.values_list("clip", flat=True)}
    for task in source.tasks.order_by("id"):
        said = [GOLD if truth[clip] else BAD for clip in task.candidates.order_by("id").values_list("clip", flat=True)]
        rosa.client.post(f"/api/v1/batches/{batch.pk}/gold/", answers(task, *said), format="json")
    assert Gold.objects.count() == 50
    care = {"good-1": 0.9, "good-2": 0.93, "hasty": 0.35}
    clip_of = dict(Candidate.objects.values_list("id", "clip"))
    said_right: dict[str, list[bool]] = {name: [] for name in care}
    for name, right in care.items():
        actor = annotator(name)
        for _ in range(25):
            for shown in actor.lease(batch, count=4)["assignments"]:
                order = row(shown).slots
                rights = [bool(random.random() < right) for _ in order]
                said = [truth[clip_of[pk]] == is_right for pk, is_right in zip(order, rights, strict=True)]
                actor.submit(shown, *[slot for slot, share in enumerate(said, 1) if share])
                said_right[name] += rights if row(shown).task.kind == TaskKind.GOLD else []
    found: dict[str, Any] = {each["username"]: each["figures"] for each in admin().get("annotators/")["results"]}
    assert {name for name, figures in found.items() if "gold" in figures["raised"]} == {"hasty"}
    for name, rights in said_right.items():
        gold = found[name]["gold"]
        assert gold["verdicts"] == 4 * gold["tasks"] == len(rights) > 40
        assert gold["rate"] == pytest.approx(sum(rights) / len(rights))
        assert gold["low"] < gold["rate"] < gold["high"] < gold["low"] + 0.35
        assert found[name]["agreement"] is None
    assert Enrolment.objects.get(user__username="hasty").judged == 100


def test_the_list_says_how_people_do_on_each_and_a_removed_one_scores_nobody(rosa: Actor) -> None:
    batch, source = open_batch(tasks=30, gold_rate=0.3), first_task(open_batch(tasks=1))
    rosa.client.post(f"/api/v1/batches/{batch.pk}/gold/", answers(source, GOLD, BAD, BAD, "either"), format="json")
    gold = Gold.objects.get()
    right, wrong = gold.shareable, [*gold.unshareable, gold.shareable[0] + 3]
    for shared in (right, right, wrong):
        actor = annotator()
        given = False
        while not given:
            for shown in actor.lease(batch, count=1)["assignments"]:
                order = row(shown).slots
                given = row(shown).task_id == gold.task_id
                actor.submit(shown, *[order.index(pk) + 1 for pk in order if pk in shared])
    (listed,) = rosa.get(f"batches/{batch.pk}/gold/")["results"]
    assert (listed["answers"], listed["accuracy"]) == (3, pytest.approx(6 / 9))
    assert [(clip["judged"], clip["shareable"]) for clip in listed["clips"]] == [(3, 2), (3, 1), (3, 1), (3, 1)]
    rates = [
        each["figures"]["gold"] and each["figures"]["gold"]["rate"] for each in admin().get("annotators/")["results"]
    ]
    assert rates == [0, 1, 1]
    rosa.client.delete(f"/api/v1/gold/{gold.pk}/")
    assert {each["figures"]["gold"] is None for each in admin().get("annotators/")["results"]} == {True}
