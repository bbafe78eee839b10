"""Krippendorff's alpha of what was done in each week or day."""

from datetime import UTC, datetime, timedelta

import evalica
import numpy as np
import pandas as pd
import pytest
from pytest_django import DjangoAssertNumQueries

from annotator.accounts.models import User
from annotator.generation.models import Task
from annotator.quality.queries import counted_verdicts
from tests.annotator.actors import Actor, annotator, person
from tests.annotator.judged import Judging, a_checkpoint
from tests.annotator.planted import write_annotations

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
PATH = "labels/agreement/over_time/"


def judge(judging: Judging, people: list[User], *, done_at: datetime, slips: float, tasks: int = 12) -> list[Task]:
    random = np.random.default_rng(int(1000 * slips) + done_at.day)
    made, judged = [], []
    for _ in range(tasks):
        task = judging.task()
        ids = list(task.candidates.order_by("id").values_list("id", flat=True))
        truth = {pk: random.random() < 0.5 for pk in ids}
        for user in people:
            shareable = {pk for pk in ids if truth[pk] != (random.random() < slips)}
            made.append((task, user, ids, shareable, 4000))
        judged.append(task)
    write_annotations(made)
    Task.objects.filter(pk__in=[task.pk for task in judged]).update(done_at=done_at)
    return judged


@pytest.fixture
def judging(researcher: User) -> Judging:
    return Judging(researcher, [a_checkpoint(name) for name in ("one", "two", "three")])


def by_evalica(tasks: list[Task]) -> float:
    rows = counted_verdicts().filter(candidate__task__in=tasks)
    said = list(rows.values_list("revision__annotation__assignment__user", "candidate", "shareable"))
    people, clips = sorted({row[0] for row in said}), sorted({row[1] for row in said})
    table = np.full((len(people), len(clips)), np.nan)
    for user, clip, shareable in said:
        table[people.index(user), clips.index(clip)] = shareable
    return float(evalica.alpha(pd.DataFrame(table)).alpha)


def three_weeks(judging: Judging) -> list[list[Task]]:
    weeks = []
    for week, slips in enumerate((0.02, 0.15, 0.4)):
        judging = Judging(judging.by, judging.checkpoints, name=f"Batch {week}") if week else judging
        people = [person() for _ in range(3)]
        at = MONDAY + timedelta(weeks=week, days=week, hours=5)
        weeks.append(judge(judging, people, done_at=at, slips=slips))
    return weeks


def test_each_weeks_alpha_is_of_the_tasks_done_in_it(judging: Judging, researcher: User) -> None:
    weeks = three_weeks(judging)
    rosa = Actor(researcher)
    found = rosa.get(PATH)
    assert found["every"] == "week"
    starts = [(MONDAY + timedelta(weeks=week)).isoformat().replace("+00:00", "Z") for week in range(3)]
    assert [each["starts_at"] for each in found["stretches"]] == starts
    for each, tasks in zip(found["stretches"], weeks, strict=True):
        assert each["alpha"] == pytest.approx(by_evalica(tasks), abs=1e-6)
        assert each["low"] <= each["alpha"] <= each["high"]
        assert (each["prompts"], each["verdicts"]) == (12, 108)
    falling = [each["alpha"] for each in found["stretches"]]
    assert falling == sorted(falling, reverse=True)


def test_by_day_and_by_batch(judging: Judging, researcher: User) -> None:
    three_weeks(judging)
    rosa = Actor(researcher)
    days = rosa.get(PATH, every="day")["stretches"]
    assert [each["starts_at"] for each in days] == [
        "2026-03-02T00:00:00Z",
        "2026-03-10T00:00:00Z",
        "2026-03-18T00:00:00Z",
    ]
    (own,) = rosa.get(PATH, every="day", batch=judging.batch.pk)["stretches"]
    assert own == days[0]
    assert rosa.get(PATH, batch=10**6)["stretches"] == []
    assert "is not a valid choice" in rosa.get(PATH, status=400, every="year")["fields"]["every"][0]


def test_tasks_that_wait_for_more_people_are_in_no_week_yet(judging: Judging, researcher: User) -> None:
    (waiting, *_) = judge(judging, [person(), person()], done_at=MONDAY, slips=0.1)
    Task.objects.filter(pk=waiting.pk).update(done_at=None)
    (week,) = Actor(researcher).get(PATH)["stretches"]
    assert week["prompts"] == 11


def test_it_costs_the_same_for_a_day_and_a_year(
    judging: Judging, researcher: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    rosa = Actor(researcher)
    for weeks in (1, 70):
        batch = Judging(researcher, judging.checkpoints, name=f"{weeks} weeks")
        tasks = judge(batch, [person(), person()], done_at=MONDAY, slips=0.2, tasks=2 * weeks)
        for number, task in enumerate(tasks):
            Task.objects.filter(pk=task.pk).update(done_at=MONDAY + timedelta(weeks=number // 2))
        rosa.get(PATH)
        # The session's user, whether tasks are due, the tallies.
        with django_assert_num_queries(3):
            found = rosa.get(PATH, batch=batch.batch.pk)["stretches"]
    assert 50 < len(found) <= 60, "the latest; in some weeks all may have said the same"
    assert found[-1]["starts_at"] == (MONDAY + timedelta(weeks=69)).isoformat().replace("+00:00", "Z")


def test_annotators_do_not_see_it(db: None) -> None:
    annotator().get(PATH, status=403)
