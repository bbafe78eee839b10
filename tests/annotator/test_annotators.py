"""Planted bad annotators are found, good ones are left alone, and who is set aside is out of every rate."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from annotator.accounts.models import User
from annotator.annotation.models import Verdict
from annotator.generation.models import Task
from annotator.quality.models import SetAside
from annotator.quality.queries import counted_verdicts
from annotator.quality.setting_aside import set_aside
from tests.annotator.actors import Actor, person
from tests.annotator.conftest import SignedIn
from tests.annotator.judged import Judging, a_checkpoint
from tests.annotator.planted import EASE, sigmoid, write_annotations

ANNOTATORS = "/api/v1/annotators/"
PROMPTS = 80
QUALITIES = (-2.5, -0.8, 0.8, 2.5)

Random = np.random.Generator
# From the chances of the candidates in slot order, which slots somebody chooses.
Manner = Callable[[Random, Any], set[int]]


def honest(random: Random, chances: Any) -> set[int]:
    return {slot for slot, chance in enumerate(chances, 1) if random.random() < chance}


def at_random(random: Random, chances: Any) -> set[int]:
    return {slot for slot in range(1, len(chances) + 1) if random.random() < 0.5}


def always_the_first(random: Random, chances: Any) -> set[int]:
    return {1}


def leaning_to_the_second(random: Random, chances: Any) -> set[int]:
    return honest(random, chances) | ({2} if random.random() < 0.8 else set())


def judge(judging: Judging, people: dict[User, tuple[Manner, int]], *, prompts: int = PROMPTS) -> None:
    """Everybody judges every task, each in an order of their own."""
    random = np.random.default_rng(17)
    quality = {checkpoint.pk: value for checkpoint, value in zip(judging.checkpoints, QUALITIES, strict=True)}
    made = []
    for _ in range(prompts):
        task = judging.task()
        model = dict(task.candidates.values_list("id", "clip__checkpoint"))
        ease = random.normal(0, EASE)
        for user, (manner, elapsed) in people.items():
            order = [int(each) for each in random.permutation(list(model))]
            slots = manner(random, [sigmoid(quality[model[each]] + ease) for each in order])
            took = int(elapsed * random.uniform(0.6, 1.6))
            made.append((task, user, order, {order[slot - 1] for slot in slots}, took))
    write_annotations(made)


@pytest.fixture
def judging(researcher: User) -> Judging:
    return Judging(researcher, [a_checkpoint(name) for name in ("poor", "fair", "good", "best")])


def listed(admin: Actor) -> dict[str, Any]:
    return {row["username"]: row for row in admin.get("annotators/")["results"]}


def test_planted_bad_annotators_are_found_and_good_ones_left_alone(judging: Judging, admin: User) -> None:
    planted = {
        "good-1": (honest, 6000),
        "good-2": (honest, 5000),
        "good-3": (honest, 8000),
        "random": (at_random, 6000),
        "first": (always_the_first, 6000),
        "leaning": (leaning_to_the_second, 6000),
        "hasty": (honest, 1800),
    }
    judge(judging, {person(name): how for name, how in planted.items()})
    found = listed(Actor(admin))
    assert {name: row["figures"]["raised"] for name, row in found.items()} == {
        "good-1": [],
        "good-2": [],
        "good-3": [],
        "random": ["by_chance"],
        "first": ["same_answer", "slot", "by_chance"],
        "leaning": ["slot"],
        "hasty": ["fast"],
    }
    good, random = found["good-1"]["figures"], found["random"]["figures"]
    assert good["agreement"]["low"] > random["agreement"]["high"]
    assert -0.2 < random["agreement"]["low"] < 0.05
    assert 4500 < good["pace_ms"] < 8000
    assert found["first"]["figures"]["share_rate"]["rate"] == 0.25
    assert found["leaning"]["figures"]["slots"][1]["beyond_low"] > 0.1


def test_a_few_tasks_raise_nothing(judging: Judging, admin: User) -> None:
    judge(judging, {person("new"): (always_the_first, 100), person("old"): (honest, 6000)}, prompts=15)
    (row,) = [row for row in Actor(admin).get("annotators/")["results"] if row["username"] == "new"]
    assert (row["judged"], row["figures"]["tasks"], row["figures"]["raised"]) == (15, 15, [])


def test_agreement_is_with_the_others_and_not_with_oneself(judging: Judging, admin: User) -> None:
    judge(judging, {person("alone"): (honest, 5000)}, prompts=25)
    assert listed(Actor(admin))["alone"]["figures"]["agreement"] is None


def test_who_is_set_aside_is_out_of_every_rate_and_back_when_taken_back(judging: Judging, admin: User) -> None:
    good, bad = person("good"), person("bad")
    judge(judging, {good: (honest, 6000), bad: (always_the_first, 6000)}, prompts=20)
    boss = Actor(admin)
    before = boss.get("labels/answer/")
    assert (before["annotations"], before["annotators"]) == (40, 2)
    row = boss.put(f"annotators/{bad.pk}/set_aside/", {"reason": "chooses the first slot, always"})
    assert (row["set_aside"]["reason"], row["set_aside"]["set_by"]) == ("chooses the first slot, always", "adam")
    without = boss.get("labels/answer/")
    assert (without["annotations"], without["verdicts"], without["annotators"]) == (20, 80, 1)
    assert without["agreement"] is None
    assert without["share_rates"] != before["share_rates"]
    assert set(counted_verdicts().values_list("revision__annotation__assignment__user", flat=True)) == {good.pk}
    assert Verdict.objects.count() == 160, "nothing is deleted"
    back = boss.client.delete(f"{ANNOTATORS}{bad.pk}/set_aside/").json()
    assert back["set_aside"] is None
    assert boss.get("labels/answer/") == before
    kept = SetAside.objects.get()
    assert (kept.undone_by, kept.undone_at is not None) == (admin, True)


def test_others_are_not_measured_by_who_is_set_aside(judging: Judging, admin: User) -> None:
    good, also, bad = person("good"), person("also"), person("bad")
    judge(judging, {good: (honest, 6000), also: (honest, 6000), bad: (at_random, 6000)}, prompts=30)
    boss = Actor(admin)
    before = listed(boss)["good"]["figures"]["agreement"]
    set_aside(person=bad, reason="chooses at random", by=admin)
    after = listed(boss)
    assert after["good"]["figures"]["agreement"]["same"] > before["same"]
    assert after["bad"]["figures"]["agreement"]["verdicts"] == 120, "the one set aside still sees how they compare"


def test_set_aside_twice_is_once_and_needs_a_reason(judging: Judging, admin: User) -> None:
    bad = person("bad")
    judge(judging, {bad: (honest, 6000)}, prompts=2)
    boss = Actor(admin)
    boss.put(f"annotators/{bad.pk}/set_aside/", {"reason": " "}, status=400)
    for reason in ("first", "second"):
        boss.put(f"annotators/{bad.pk}/set_aside/", {"reason": reason})
    assert [each.reason for each in SetAside.objects.all()] == ["first"]
    Task.objects.update(tally_due=False)
    set_aside(person=bad, reason="again", by=admin)
    assert Task.objects.filter(tally_due=True).count() == 2, "asked again, it goes on where it was interrupted"


def test_only_admins_see_how_people_judge(
    researcher: User, annotator: User, admin: User, signed_in: SignedIn, client: Client
) -> None:
    for user in (researcher, annotator):
        assert signed_in(user).get(ANNOTATORS).status_code == 403
        assert signed_in(user).put(f"{ANNOTATORS}{annotator.pk}/set_aside/").status_code == 403
    assert client.get(ANNOTATORS).status_code == 401
    boss = signed_in(admin)
    assert boss.get(ANNOTATORS).json() == {"results": [], "next": None}
    assert boss.delete(f"{ANNOTATORS}{annotator.pk}/set_aside/").status_code == 404, "has judged nothing"


def test_the_list_costs_the_same_however_many_judged(
    judging: Judging, admin: User, signed_in: SignedIn, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    judge(judging, {person(): (honest, 6000) for _ in range(4)}, prompts=6)
    boss = signed_in(admin)
    # The session's user, the people, who is set aside (twice), their revisions, verdicts, others' verdicts, gold tasks,
    # repeats, the pace.
    with django_assert_num_queries(10):
        assert len(boss.get(ANNOTATORS).json()["results"]) == 4
