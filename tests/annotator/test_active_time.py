"""Active time: what browsers measured, added up a person and day, once however often it is sent."""

import csv
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from annotator.annotation.models import DAY_MS, ActiveDay, Annotation
from tests.annotator import actors
from tests.annotator.actors import Actor, annotator, answer, open_batch, person
from tests.annotator.test_leases import data_queries

pytestmark = pytest.mark.django_db

EXPORT = "/api/v1/active_time/export/"


@pytest.fixture
def ann() -> Actor:
    return annotator("ann")


@pytest.fixture
def adam() -> Actor:
    return actors.admin("adam")


def kept(who: Actor) -> list[tuple[int, int]]:
    return list(ActiveDay.objects.filter(user=who.user).order_by("day").values_list("active_ms", "judged"))


def on(day: str, who: Actor, active_ms: int = 60_000, judged: int = 5) -> None:
    ActiveDay.objects.create(user=who.user, day=day, active_ms=active_ms, judged=judged)


def test_the_time_of_each_submission_is_added_and_revisions_judge_no_further_task(ann: Actor) -> None:
    batch = open_batch(tasks=2)
    first, second = ann.lease(batch)["assignments"]
    ann.submit(first, 1, active_ms=4000)
    ann.submit(second, 1, active_ms=2500)
    ann.submit(first, 2, revision=2, active_ms=1000)
    assert kept(ann) == [(7500, 2)]
    assert ActiveDay.objects.get().day == timezone.now().date()


def test_a_submission_sent_again_counts_once(ann: Actor) -> None:
    mine = ann.take_one(open_batch())
    body = answer(mine, 1, active_ms=4000)
    for _ in range(3):
        ann.put(f"annotate/assignments/{mine['id']}/", body)
    assert kept(ann) == [(4000, 1)]


def test_an_older_browser_sends_none_and_is_heard_all_the_same(ann: Actor) -> None:
    assert ann.submit(ann.take_one(open_batch()), 1)["counted"] is True
    assert kept(ann) == [(0, 1)]


@pytest.mark.parametrize("wrong", [-1, 3_600_001, "long"])
def test_what_no_browser_measures_is_refused_and_nothing_is_stored(ann: Actor, wrong: Any) -> None:
    refusal = ann.submit(ann.take_one(open_batch()), 1, active_ms=wrong, status=400)
    assert list(refusal["fields"]) == ["active_ms"]
    assert not Annotation.objects.exists()
    assert kept(ann) == []


def test_a_day_has_no_more_than_its_hours(ann: Actor) -> None:
    mine = ann.take_one(open_batch())
    ActiveDay.objects.create(user=ann.user, day=timezone.now().date(), active_ms=DAY_MS - 500)
    assert ann.submit(mine, 1, active_ms=4000)["counted"] is True
    assert kept(ann) == [(DAY_MS, 1)]


def test_midnight_in_utc_begins_a_new_row(ann: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = ann.lease(open_batch(tasks=2))["assignments"]
    evening = datetime(2026, 3, 1, 23, 59, 59, tzinfo=UTC)
    for at, mine in ((evening, first), (evening + timedelta(seconds=2), second)):
        monkeypatch.setattr("annotator.annotation.active_time.timezone.now", lambda at=at: at)
        ann.submit(mine, 1, active_ms=4000)
    assert list(ActiveDay.objects.order_by("day").values_list("day", "active_ms")) == [
        (date(2026, 3, 1), 4000),
        (date(2026, 3, 2), 4000),
    ]


def test_it_costs_a_submission_one_statement_also_the_first_of_a_day(ann: Actor) -> None:
    for mine in ann.lease(open_batch(tasks=2))["assignments"]:
        with CaptureQueriesContext(connection) as queries:
            ann.submit(mine, 1, active_ms=4000)
        assert len([sql for sql in data_queries(queries) if "activeday" in sql]) == 1


def test_an_admin_sees_who_worked_how_long_newest_first(adam: Actor, ann: Actor) -> None:
    on("2026-03-01", ann)
    on("2026-03-02", ann, active_ms=1000, judged=0)
    on("2026-03-02", annotator("bob"))
    page = adam.get("active_time/")
    assert [(each["day"], each["username"]) for each in page["results"]] == [
        ("2026-03-02", "bob"), ("2026-03-02", "ann"), ("2026-03-01", "ann")
    ]  # fmt: skip
    assert page["results"][1] == {
        "person": ann.user.pk, "username": "ann", "day": "2026-03-02", "active_ms": 1000, "judged": 0
    }  # fmt: skip
    assert len(adam.get("active_time/", since="2026-03-02")["results"]) == 2
    assert len(adam.get("active_time/", until="2026-03-01")["results"]) == 1
    assert len(adam.get("active_time/", person=ann.user.pk)["results"]) == 2


@pytest.mark.parametrize("days", [3, 60])
def test_the_list_costs_the_same_for_any_number_of_days(adam: Actor, ann: Actor, days: int) -> None:
    for number in range(days):
        on(str(date(2026, 1, 1) + timedelta(days=number)), ann)
    with CaptureQueriesContext(connection) as queries:
        page = adam.get("active_time/")
    assert len(data_queries(queries)) == 2, "who asks, and a page of days"
    assert (page["next"] is None) == (days <= 50)


def test_the_export_is_what_the_list_says_oldest_day_first_and_no_name_is_a_formula(adam: Actor, ann: Actor) -> None:
    on("2026-03-02", ann)
    on("2026-03-01", Actor(person("@bob")), active_ms=1)
    response = adam.client.get(EXPORT, {"since": "2026-03-01", "until": "2026-03-02"})
    text = b"".join(response).decode()  # type: ignore[arg-type]
    assert list(csv.DictReader(StringIO(text, newline=""))) == [
        {"day": "2026-03-01", "username": "'@bob", "active_ms": "1", "judged": "5"},
        {"day": "2026-03-02", "username": "ann", "active_ms": "60000", "judged": "5"},
    ]
    assert "stickerloop-active-time-" in response["Content-Disposition"]


def test_a_day_that_is_none_is_told(adam: Actor) -> None:
    assert list(adam.get("active_time/", since="yesterday", status=400)["fields"]) == ["since"]


def test_only_admins_see_it(ann: Actor) -> None:
    for who in (ann, actors.researcher("rosa")):
        who.get("active_time/", status=403)
        assert who.client.get(EXPORT).status_code == 403
