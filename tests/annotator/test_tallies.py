"""What is added up of a prompt is what was judged, whatever becomes of it, in one batch and over all of them."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection

from annotator.accounts.models import User
from annotator.annotation.counting import count_surplus
from annotator.annotation.expiry import expire_leases
from annotator.annotation.flags import void
from annotator.generation.batches import steer_batch
from annotator.generation.models import Batch, Clip, Task
from annotator.quality import tallying
from annotator.quality.answer import answer
from annotator.quality.models import PromptTally
from annotator.quality.tallying import tally_before_a_page, tally_some, tally_when_many
from tests.annotator.actors import Actor, annotator, open_batch, overdue, person
from tests.annotator.judged import Judging, a_checkpoint

pytestmark = pytest.mark.django_db


def tally(batch: Batch | None) -> dict[str, Any]:
    tally_before_a_page()
    row = PromptTally.objects.get(batch=batch)
    columns = {name: json.loads(getattr(row, name)) for name in ("rates", "wins", "slots", "agreement")}
    return {"annotations": row.annotations, **columns}


def test_a_submission_is_added_up_with_the_slots_it_named() -> None:
    batch = open_batch(tasks=1, candidates=4, overlap=2)
    for number in range(2):
        anna = annotator()
        anna.submit(anna.take_one(batch), *([1, 3] if number else [1]))
    found = tally(batch)
    assert found == tally(None)
    assert (found["annotations"], found["slots"]) == (2, [[4, 2, [2, 0, 1, 0]]])
    assert sum(shown for _, shown, _, _ in found["rates"]) == 8
    assert sum(shareable for _, _, shareable, _ in found["rates"]) == 3
    assert found["agreement"][:2] == [8, 3]


def test_a_revision_replaces_what_it_revises() -> None:
    batch = open_batch(tasks=1, candidates=4)
    anna = annotator()
    assignment = anna.take_one(batch)
    anna.submit(assignment, 1, 2)
    assert tally(batch)["slots"] == [[4, 1, [1, 1, 0, 0]]]
    anna.submit(assignment, 4, revision=2)
    assert tally(batch)["slots"] == [[4, 1, [0, 0, 0, 1]]]
    anna.submit(assignment, 1, revision=1)
    assert tally(batch)["slots"] == [[4, 1, [0, 0, 0, 1]]]


def test_what_is_voided_is_in_no_rate() -> None:
    batch = open_batch(tasks=1, candidates=4)
    anna = annotator()
    anna.submit(anna.take_one(batch), 1)
    assert tally(batch)["annotations"] == 1
    void(task=Task.objects.get())
    tally_before_a_page()
    assert not PromptTally.objects.exists()
    assert answer()["share_rates"] == []


def test_a_surplus_annotation_is_added_up_once_it_counts() -> None:
    batch = open_batch(tasks=1, candidates=4, overlap=1)
    late, in_time = annotator(), annotator()
    assignment = late.take_one(batch)
    overdue(assignment)
    assert expire_leases() == 1
    in_time.submit(in_time.take_one(batch), 1)
    assert late.submit(assignment, 2)["counted"] is False
    assert tally(batch)["slots"] == [[4, 1, [1, 0, 0, 0]]]
    steer_batch(batch_id=batch.pk, overlap=2, reasons=None, changes={})
    assert count_surplus() == 1
    assert tally(batch)["annotations"] == 2


def test_choices_are_between_checkpoints_within_one_annotation(researcher: User, annotator: User) -> None:
    """Choosing one of two clips of the same model says nothing of models."""
    first, second = a_checkpoint("first"), a_checkpoint("second")
    judging = Judging(researcher, [first, second])
    task = judging.task()
    judging.judge(task, annotator, shareable={first})
    judging.judge(task, person(), shareable={first, second})
    judging.judge(task, person(), shareable=set())
    assert tally(judging.batch)["wins"] == [[first.pk, second.pk, 1]]


def test_a_prompt_in_two_batches_has_a_row_of_each_and_one_of_both(researcher: User, annotator: User) -> None:
    judging = Judging(researcher, [a_checkpoint("first")])
    other = Judging(researcher, judging.checkpoints, name="another")
    prompt = judging.prompt()
    judging.judge(judging.task(prompt), annotator, shareable=set(judging.checkpoints))
    other.judge(other.task(prompt), annotator, shareable=set())
    assert [tally(batch)["annotations"] for batch in (judging.batch, other.batch, None)] == [1, 1, 2]


def test_the_verb_is_that_of_the_clips_metrics(researcher: User, annotator: User) -> None:
    judging = Judging(researcher, [a_checkpoint("first")])
    for verb in ({"verb_asked": "jumping"}, {"verb_asked": None}, {}):
        task = judging.task()
        Clip.objects.filter(candidates__task=task).update(metrics=verb)
        judging.judge(task, annotator, shareable=set())
    found = answer()["verbs"]
    assert [(row["verb"], row["prompts"]) for row in found] == [("jumping", 1), ("", 2)]


def test_the_dispatcher_waits_until_many_are_due(
    researcher: User, annotator: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    judging = Judging(researcher, [a_checkpoint("first")])
    for _ in range(3):
        judging.judge(judging.task(), annotator, shareable=set())
    assert tally_when_many() == 0
    assert not PromptTally.objects.exists()
    monkeypatch.setattr(tallying, "MANY", 3)
    assert tally_when_many() == 3
    assert (tally_when_many(), PromptTally.objects.count()) == (0, 6)


def test_a_page_says_how_much_it_is_behind(researcher: User, annotator: User, monkeypatch: pytest.MonkeyPatch) -> None:
    judging = Judging(researcher, [a_checkpoint("first")])
    for _ in range(3):
        judging.judge(judging.task(), annotator, shareable=set())
    monkeypatch.setattr(tallying, "AT_ONCE", 1)
    monkeypatch.setattr(tallying, "BEFORE_A_PAGE", 2)
    found = answer()
    assert (found["prompts"], found["behind"]) == (2, 1)
    assert (answer()["prompts"], answer()["behind"]) == (3, 0)


@pytest.mark.django_db(transaction=True)
def test_people_who_judge_while_it_is_added_up_are_all_in_the_end() -> None:
    """Two add up at once, in other threads than those who submit."""
    batch = open_batch(tasks=12, candidates=3, overlap=3)
    people = [annotator() for _ in range(3)]

    def work(actor: Actor) -> None:
        try:
            actor.judge_all(batch)
        finally:
            connection.close()

    def add_up() -> None:
        try:
            for _ in range(30):
                tally_some()
        finally:
            connection.close()

    with ThreadPoolExecutor(5) as threads:
        jobs = [threads.submit(work, actor) for actor in people] + [threads.submit(add_up) for _ in range(2)]
        for job in jobs:
            job.result()
    found = answer(batch=batch.pk)
    assert (found["annotations"], found["verdicts"], found["shareable"]) == (36, 108, 36)
    assert [row["shown"] for row in found["slots"]] == [36, 36, 36]
    assert [row["rate"] for row in found["slots"]] == [1.0, 0.0, 0.0]
