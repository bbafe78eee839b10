import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from annotator.accounts.models import Role, User
from annotator.accounts.people import create_person
from annotator.checkpoints.models import CheckpointRole
from annotator.generation.models import TaskKind
from tests.annotator.conftest import SignedIn
from tests.annotator.judged import Judging, a_checkpoint

SUMMARY = "/api/v1/labels/summary/"


@pytest.fixture
def judging(researcher: User) -> Judging:
    return Judging(researcher, [a_checkpoint("teacher"), a_checkpoint("student", CheckpointRole.STUDENT)])


@pytest.fixture
def others(db: None) -> list[User]:
    return [create_person(username=f"judge{number}", role=Role.ANNOTATOR) for number in range(3)]


def test_without_labels_there_are_zeros_and_no_rates(researcher: User, signed_in: SignedIn) -> None:
    body = signed_in(researcher).get(SUMMARY).json()
    assert "resamples of the prompts" in body.pop("interval")
    assert body == {
        "annotations": 0,
        "verdicts": 0,
        "shareable": 0,
        "prompts": 0,
        "annotators": 0,
        "share_rates": [],
        "behind": 0,
    }


def test_rates_are_shareable_among_shown(
    researcher: User, judging: Judging, others: list[User], signed_in: SignedIn
) -> None:
    teacher, student = judging.checkpoints
    for number in range(4):
        task = judging.task()
        judging.judge(task, others[0], shareable={student})
        judging.judge(task, others[1], shareable={teacher, student} if number == 0 else set())
    body = signed_in(researcher).get(SUMMARY).json()
    counts = {name: body[name] for name in ("annotations", "verdicts", "shareable", "prompts", "annotators")}
    assert counts == {"annotations": 8, "verdicts": 16, "shareable": 6, "prompts": 4, "annotators": 2}
    rates = [(row["name"], row["role"], row["shown"], row["shareable"], row["rate"]) for row in body["share_rates"]]
    assert rates == [("student", "student", 8, 5, 0.625), ("teacher", "teacher", 8, 1, 0.125)]
    for row in body["share_rates"]:
        assert 0 <= row["low"] < row["rate"] < row["high"] <= 1


def test_only_what_counts_counts(researcher: User, judging: Judging, others: list[User], signed_in: SignedIn) -> None:
    teacher, student = judging.checkpoints
    task = judging.task()
    judging.judge(task, others[0], shareable={teacher})
    judging.judge(task, others[0], shareable={student})  # a revision: the first one is superseded
    judging.judge(task, others[1], shareable={teacher}, counted=False)
    for kind in (TaskKind.GOLD, TaskKind.REPEAT, TaskKind.PRACTICE):
        judging.judge(judging.task(kind=kind), others[2], shareable={teacher})
    body = signed_in(researcher).get(SUMMARY).json()
    assert (body["annotations"], body["verdicts"], body["shareable"], body["annotators"]) == (1, 2, 1, 1)
    assert [(row["name"], row["shareable"]) for row in body["share_rates"]] == [("student", 1), ("teacher", 0)]


def test_one_batch_alone(researcher: User, judging: Judging, others: list[User], signed_in: SignedIn) -> None:
    teacher, _ = judging.checkpoints
    other = Judging(researcher, [teacher], name="another")
    judging.judge(judging.task(), others[0], shareable=set())
    other.judge(other.task(), others[0], shareable={teacher})
    browser = signed_in(researcher)
    alone = browser.get(SUMMARY, {"batch": other.batch.pk}).json()
    assert (alone["annotations"], [row["rate"] for row in alone["share_rates"]]) == (1, [1.0])
    assert browser.get(SUMMARY).json()["annotations"] == 2
    for wrong in ("all", "0", str(2**70)):
        answer = browser.get(SUMMARY, {"batch": wrong})
        assert (answer.status_code, list(answer.json()["fields"])) == (400, ["batch"])


def test_a_prompt_judged_in_two_batches_is_one_prompt(
    researcher: User, judging: Judging, others: list[User], signed_in: SignedIn
) -> None:
    """Its verdicts are alike wherever they were given, so they make one cluster."""
    other = Judging(researcher, judging.checkpoints, name="another")
    prompt = judging.prompt()
    judging.judge(judging.task(prompt), others[0], shareable=set())
    other.judge(other.task(prompt), others[1], shareable=set())
    body = signed_in(researcher).get(SUMMARY).json()
    assert (body["prompts"], body["annotations"]) == (1, 2)
    assert {(row["prompts"], row["low"], row["high"]) for row in body["share_rates"]} == {(1, 0.0, 1.0)}


def test_the_summary_costs_the_same_however_much_was_judged(
    researcher: User,
    judging: Judging,
    others: list[User],
    signed_in: SignedIn,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    for _ in range(6):
        judging.judge(judging.task(), others[0], shareable=set())
    browser = signed_in(researcher)
    browser.get(SUMMARY)  # adds up what was judged
    # The session's user, what is due (twice), shapes of prompts, their checkpoints, the counts, the people.
    with django_assert_num_queries(7):
        browser.get(SUMMARY)


def test_annotators_and_strangers_see_no_rates(annotator: User, signed_in: SignedIn, client: Client) -> None:
    assert signed_in(annotator).get(SUMMARY).status_code == 403
    assert client.get(SUMMARY).status_code == 401
