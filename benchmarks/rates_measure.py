"""The part of `benchmarks.rates` that has Django set up, over the database that DATABASE_URL names."""

import json
import sys
import time
from collections.abc import Callable
from statistics import median
from typing import Any

from django.core.management import call_command
from django.db import connection
from django.test import Client

from annotator.accounts.models import Role, User
from annotator.annotation.models import Verdict
from annotator.generation.models import Batch, Task
from annotator.quality.tallying import tally_some
from benchmarks.rates_rows import make_judged

TIMES = 7
JUST_JUDGED = 500


def seconds(call: Callable[[], Any]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def add_up() -> None:
    while tally_some():
        pass


def measure(*, tasks: int) -> dict[str, Any]:
    call_command("migrate", verbosity=0)
    make_judged(tasks=tasks)
    client = Client(SERVER_NAME="localhost")
    client.force_login(User.objects.create_user("adam", role=Role.ADMIN))

    def get(*paths: str) -> None:
        for path in paths:
            response = client.get(f"/api/v1/{path}")
            if response.status_code != 200:
                raise SystemExit(f"{path} answered {response.status_code}: {response.content[:500]!r}")

    def page() -> None:
        get("labels/answer/", "labels/agreement/")

    def selection() -> None:
        get(f"batches/{Batch.objects.get().pk}/selection/")

    adding_up = seconds(add_up)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE)")
    page()
    found = {
        "bench": "rates",
        "verdicts": Verdict.objects.count(),
        "rates_page_s": round(median(seconds(page) for _ in range(TIMES)), 3),
        "selection_page_s": round(median(seconds(selection) for _ in range(TIMES)), 3),
        "annotators_page_s": round(median(seconds(lambda: get("annotators/")) for _ in range(3)), 3),
        "add_up_all_s": round(adding_up, 1),
        "tasks_added_up_per_s": round(tasks / adding_up),
    }
    some = Task.objects.order_by("id").values("id")[:JUST_JUDGED]
    Task.objects.filter(pk__in=some).update(tally_due=True)
    return {**found, "rates_page_with_news_s": round(seconds(page), 3)}


def main() -> None:
    json.dump(measure(tasks=json.load(sys.stdin)["tasks"]), sys.stdout)
