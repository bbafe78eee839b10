"""Measure exports of a million verdicts from PostgreSQL: `make bench-export`, `SMALL=1` for a quick look.

PostgreSQL (at DATABASE_URL, or on localhost), a database of its own: 83,334 tasks of four clips from four checkpoints,
each judged by three of twenty people. Each layout is written in a process of its own, whose memory is watched: at a
tenth of the rows, and at all. Beside them stand one query by a server-side cursor as Django has it, a row at a time to
JSON Lines, as exports were written before, and freezing a release of everything. The Labels page's figures are timed on
the same rows. Prints a table and, as the last line, one JSON object.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.annotation_place import postgresql
from demo.machine import ROOT

TASKS = 83_334
SMALL = 4_000
WAYS = ("idle", "parquet", "jsonl", "csv", "row by row", "release")
MEASURE = "import django; django.setup(); from benchmarks.export_measure import main; main()"


def ask(environment: dict[str, str], **what: Any) -> dict[str, Any]:
    """What one process of its own measured."""
    done = subprocess.run(
        [sys.executable, "-c", MEASURE], cwd=ROOT, env=environment, check=True, input=json.dumps(what),
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@contextmanager
def place() -> Iterator[dict[str, str]]:
    with postgresql("export") as database, tempfile.TemporaryDirectory(prefix="stickerloop-bench-") as folder:
        yield {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "annotator.settings",
            "DATABASE_URL": database,
            "STICKERLOOP_SECRET_KEY": "only-for-the-benchmark-" + "x" * 30,
            "STICKERLOOP_DATA": folder,
            "STICKERLOOP_LOG": "WARNING",
        }


def measured(*, tasks: int) -> dict[str, Any]:
    with place() as environment:
        made = ask(environment, way="make", tasks=tasks)
        some = {way: ask(environment, way=way, part=True) for way in WAYS[:4]}
        whole = {way: ask(environment, way=way) for way in WAYS}
        page = ask(environment, way="page")
    idle = whole["idle"]["peak_mb"]
    return {
        "bench": "export",
        "verdicts": made["verdicts"],
        **{f"{way}_rows_per_s": rate(whole[way]) for way in ("parquet", "jsonl", "csv")},
        "row_by_row_rows_per_s": rate(whole["row by row"]),
        "release_rows_per_s": rate(whole["release"]),
        "peak_mb_above_idle": max(round(whole[way]["peak_mb"] - idle, 1) for way in ("parquet", "jsonl", "csv")),
        "peak_mb_above_idle_of": {way: round(whole[way]["peak_mb"] - idle, 1) for way in WAYS[1:]},
        "peak_mb_above_idle_at_a_tenth": {way: round(each["peak_mb"] - idle, 1) for way, each in some.items()},
        "megabytes": {way: round(whole[way]["bytes"] / 2**20, 1) for way in WAYS[1:]},
        "rates_page_s": page["rates_page_s"],
    }


def rate(found: dict[str, Any]) -> int:
    rows, seconds = int(found["rows"]), float(found["seconds"])
    return round(rows / seconds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--small", action="store_true", help=f"{SMALL} tasks, for a quick look")
    small: bool = parser.parse_args().small
    found = measured(tasks=SMALL if small else TASKS)
    table = Table("what", "rows/s", "MB above idle", "at a tenth", "file, MB", title=f"{found['verdicts']:,} verdicts")
    for way in WAYS[1:]:
        tenth = found["peak_mb_above_idle_at_a_tenth"].get(way)
        table.add_row(
            way,
            f"{found[way.replace(' ', '_') + '_rows_per_s']:,}",
            f"{found['peak_mb_above_idle_of'][way]:.0f}",
            "" if tenth is None else f"{tenth:.0f}",
            f"{found['megabytes'][way]:.0f}",
        )
    Console().print(table)
    Console().print(f"The Labels page's figures: {found['rates_page_s']:.3f} s")
    print(json.dumps({**found, **({"small": True} if small else {})}))


if __name__ == "__main__":
    main()
