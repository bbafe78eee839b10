"""Measure the Labels page's figures at a million verdicts: `make bench-rates`, `SMALL=1` for a quick look.

PostgreSQL (at DATABASE_URL, or on localhost), a database of its own: 83,334 tasks of four clips from four checkpoints,
each judged by three of twenty people. Timed are adding everything up from nothing, which the dispatcher does in the
background; the page's two requests, through the whole of Django but for HTTP; the same with 500 tasks just judged; the
batch's down-selection; and the page of annotators. Prints a table and, as the last line, one JSON object.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.annotation_place import postgresql
from demo.machine import ROOT

TASKS = 83_334
SMALL = 2_000
MEASURE = "import django; django.setup(); from benchmarks.rates_measure import main; main()"


def measured(*, tasks: int) -> dict[str, Any]:
    with postgresql("rates") as database, tempfile.TemporaryDirectory(prefix="stickerloop-bench-") as folder:
        environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "annotator.settings",
            "DATABASE_URL": database,
            "STICKERLOOP_SECRET_KEY": "only-for-the-benchmark-" + "x" * 30,
            "STICKERLOOP_DATA": folder,
            "STICKERLOOP_LOG": "WARNING",
        }
        done = subprocess.run(
            [sys.executable, "-c", MEASURE], cwd=ROOT, env=environment, check=True,
            input=json.dumps({"tasks": tasks}), stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--small", action="store_true", help=f"{SMALL} tasks, for a quick look")
    small: bool = parser.parse_args().small
    found = measured(tasks=SMALL if small else TASKS)
    table = Table("what", "seconds", title=f"{found['verdicts']:,} verdicts")
    for name, what in {
        "rates_page_s": "the page's figures",
        "rates_page_with_news_s": "… with 500 tasks just judged",
        "selection_page_s": "down-selection of the batch",
        "annotators_page_s": "how people judge",
        "add_up_all_s": "adding all up from nothing",
    }.items():
        table.add_row(what, f"{found[name]:.3f}")
    Console().print(table)
    print(json.dumps({**found, **({"small": True} if small else {})}))


if __name__ == "__main__":
    main()
