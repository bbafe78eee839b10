"""The part of `benchmarks.export` that has Django set up: one way of writing the verdicts, in a process of its own."""

import json
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any

from django.core.management import call_command
from django.db import connection
from django.test import Client

from annotator.accounts.models import Role, User
from annotator.annotation.models import Verdict
from annotator.prompts.models import Split
from annotator.quality.tallying import tally_some
from annotator.releases.exporting import write_export
from annotator.releases.freezing import freeze_next_release
from annotator.releases.layouts import verdicts
from annotator.releases.models import Export, Layout, Purpose, Release
from annotator.releases.releases import create_release
from annotator.releases.rule import Rule
from annotator.releases.selecting import judged_tasks, pin
from benchmarks.rates_rows import make_judged

RULE = Rule(splits=tuple(Split.values))
TIMES = 7
ROW_BY_ROW = [
    *("id", "revision__annotation__assignment__task__batch__name", "revision__annotation__assignment__task_id"),
    *("candidate__task__prompt__external_id", "candidate__task__prompt__caption", "candidate__clip__key"),
    *("candidate__clip__checkpoint__name", "candidate__clip__settings", "slot", "shareable", "reasons"),
    *("revision__annotation__assignment__user_id", "revision__number", "revision__elapsed_ms", "revision__comment"),
]


def make(tasks: int) -> dict[str, Any]:
    call_command("migrate", verbosity=0)
    make_judged(tasks=tasks)
    User.objects.create_user("adam", role=Role.ADMIN)
    with connection.cursor() as cursor:
        # As the models have it: what is made in bulk has no slots.
        cursor.execute(
            "UPDATE annotation_assignment s SET slots = found.slots FROM (SELECT task_id, jsonb_agg(id) AS slots "
            "FROM generation_candidate GROUP BY 1) found WHERE found.task_id = s.task_id"
        )
        cursor.execute("VACUUM (ANALYZE)")
    return {"verdicts": Verdict.objects.count()}


def write(layout: Layout, file: Path, *, part: bool) -> int:
    if part:
        pins = pin(RULE)
        some = islice(judged_tasks(pins), pins.tasks_in_all // 10)
        return verdicts.WRITERS[layout.removeprefix("verdicts-")](file, verdicts.tables(some, RULE))
    return write_export(Export(rule=RULE.stored(), layout=layout), file=file, tell=lambda done, of: None)


def row_by_row(file: Path) -> int:
    rows = 0
    with file.open("w") as lines:
        for row in Verdict.objects.order_by("id").values(*ROW_BY_ROW).iterator(chunk_size=2000):
            lines.write(json.dumps(row) + "\n")
            rows += 1
    return rows


def release(file: Path) -> int:
    by = User.objects.get(username="adam")
    create_release(name="all", purpose=Purpose.MEASURING, rule=RULE, by=by)
    freeze_next_release()
    return int(Release.objects.get().counts["verdicts"])


def rates_page() -> dict[str, Any]:
    while tally_some():
        pass
    client = Client(SERVER_NAME="localhost")
    client.force_login(User.objects.get(username="adam"))

    def seconds() -> float:
        start = time.perf_counter()
        assert client.get("/api/v1/labels/answer/").status_code == 200
        return time.perf_counter() - start

    return {"rates_page_s": round(median(seconds() for _ in range(TIMES)), 3)}


def timed(way: str, *, part: bool) -> dict[str, Any]:
    ways: dict[str, Callable[[Path], int]] = {
        "idle": lambda file: User.objects.count(),
        "row by row": row_by_row,
        "release": release,
        **{kind: lambda file, kind=kind: write(Layout(f"verdicts-{kind}"), file, part=part)  # type: ignore[misc]
           for kind in verdicts.WRITERS},
    }  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="stickerloop-bench-") as folder:
        file = Path(folder) / "export"
        start = time.perf_counter()
        rows = ways[way](file)
        spent = time.perf_counter() - start
        size = file.stat().st_size if file.exists() else 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"rows": rows, "seconds": spent, "bytes": size, "peak_mb": peak}


def main() -> None:
    asked = json.load(sys.stdin)
    match asked["way"]:
        case "make":
            found = make(asked["tasks"])
        case "page":
            found = rates_page()
        case way:
            found = timed(way, part=asked.get("part", False))
    json.dump(found, sys.stdout)
