import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from annotator.accounts.models import User
from annotator.annotation.models import Verdict
from annotator.generation.models import Task, TaskKind
from annotator.quality.models import Adjudication
from annotator.quality.weighted_votes import is_installed
from tests.annotator.actors import Actor, person
from tests.annotator.conftest import SignedIn
from tests.annotator.judged import Judging, a_checkpoint

CONTESTED = "/api/v1/labels/contested/"


@pytest.fixture
def judging(researcher: User) -> Judging:
    return Judging(researcher, [a_checkpoint(name) for name in ("first", "second", "third")])


def disputed(judging: Judging, *, by: list[User], clips: int) -> Task:
    """Of three people, one would share the first `clips` models' clips, and the others would share none."""
    task = judging.task()
    for number, user in enumerate(by):
        judging.judge(task, user, shareable=set(judging.checkpoints[:clips]) if number == 0 else set())
    return task


@pytest.fixture
def three(db: None) -> list[User]:
    return [person() for _ in range(3)]


def test_tasks_come_by_disagreement_and_agreed_ones_do_not_come(
    judging: Judging, three: list[User], admin: User
) -> None:
    little = disputed(judging, by=three, clips=1)
    disputed(judging, by=three, clips=0)
    much = disputed(judging, by=three, clips=3)
    found = Actor(admin).get("labels/contested/")["tasks"]
    assert [each["task"] for each in found] == [much.pk, little.pk]
    counts = [(clip["shareable"], clip["judged"]) for clip in found[1]["clips"]]
    assert counts == [(1, 3), (0, 3), (0, 3)]
    names = {"candidate", "animation", "judged", "shareable", "share_probability"}
    assert set(found[0]["clips"][0]) == names, "the model is not said"


def test_a_decision_stands_beside_the_verdicts_and_may_be_changed(
    judging: Judging, three: list[User], admin: User
) -> None:
    task = disputed(judging, by=three, clips=1)
    boss = Actor(admin)
    first, second, _ = task.candidates.order_by("id").values_list("id", flat=True)
    before = list(Verdict.objects.order_by("id").values_list("id", "shareable"))
    rates = boss.get("labels/summary/")
    for shareable, comment in (([first, second], "both loop well"), ([], "")):
        body = {"shareable": shareable, "comment": comment}
        assert boss.client.put(f"/api/v1/labels/adjudications/{task.pk}/", body, format="json").status_code == 204
    assert boss.get("labels/contested/")["tasks"] == []
    (row,) = boss.get("labels/adjudications/")["results"]
    assert (row["task"]["task"], row["shareable"], row["decided_by"]) == (task.pk, [], "adam")
    record = Adjudication.objects.order_by("id").values_list("shareable", "comment", "current")
    assert list(record) == [([first, second], "both loop well", False), ([], "", True)]
    assert list(Verdict.objects.order_by("id").values_list("id", "shareable")) == before
    assert boss.get("labels/summary/") == rates


def test_what_cannot_be_decided_is_refused_in_words(judging: Judging, three: list[User], admin: User) -> None:
    task, other = disputed(judging, by=three, clips=1), judging.task()
    gold = judging.task(kind=TaskKind.GOLD)
    boss = Actor(admin)
    theirs = other.candidates.values_list("id", flat=True)[0]
    answer = boss.put(f"labels/adjudications/{task.pk}/", {"shareable": [theirs]}, status=400)
    assert f"{theirs} is no candidate of this task" in answer["fields"]["shareable"][0]
    boss.put(f"labels/adjudications/{gold.pk}/", {"shareable": []}, status=404)


def test_one_batch_alone(judging: Judging, three: list[User], admin: User, researcher: User) -> None:
    other = Judging(researcher, judging.checkpoints, name="another")
    disputed(judging, by=three, clips=1)
    theirs = disputed(other, by=three, clips=2)
    found = Actor(admin).get("labels/contested/", batch=other.batch.pk)["tasks"]
    assert [(each["task"], each["batch_name"]) for each in found] == [(theirs.pk, "another")]


def test_only_admins_decide(researcher: User, annotator: User, signed_in: SignedIn, client: Client) -> None:
    for user in (researcher, annotator):
        assert signed_in(user).get(CONTESTED).status_code == 403
        assert signed_in(user).get("/api/v1/labels/adjudications/").status_code == 403
    assert client.get(CONTESTED).status_code == 401


def test_lists_cost_the_same_however_much_is_disputed(
    judging: Judging, three: list[User], admin: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    boss = Actor(admin)
    for _ in range(4):
        task = disputed(judging, by=three, clips=1)
        boss.client.put(f"/api/v1/labels/adjudications/{task.pk}/", {"shareable": []}, format="json")
    for _ in range(4):
        disputed(judging, by=three, clips=1)
    boss.get("labels/contested/")  # adds up
    # Votes that are weighed, where they can be: the latest of the batches, and those of the clips.
    weighed = 2 if is_installed() else 0
    # The session's user, what is due, the most contested prompts, their tasks, their clips, their verdicts.
    with django_assert_num_queries(6 + weighed):
        assert len(boss.get("labels/contested/")["tasks"]) == 4
    # The session's user, the decisions, their tasks, their clips, their verdicts.
    with django_assert_num_queries(5 + weighed):
        assert len(boss.get("labels/adjudications/")["results"]) == 4
