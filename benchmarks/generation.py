"""Measure generation: `make bench-generation`, `SMALL=1` for a quick look.

Clips a minute through the whole queue (dispatcher, broker, worker, encoding, blobs, recording) with one worker on the
CPU, beside the same clips in a bare loop over `animate`, before and after it; making a large batch; and
the dispatcher's pick from a long queue on PostgreSQL. Prints a table and, as the last line, one JSON object.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from statistics import median
from typing import Any

import psycopg
from rich.console import Console
from rich.table import Table

from benchmarks.annotation_place import postgresql, server_url
from benchmarks.generation_place import Place, place
from demo.machine import ROOT

CHECKPOINT = "demo-teacher"
# As a worker on the CPU takes them.
MICRO_BATCH = 2
LONGEST_SECONDS = 900


@dataclass(frozen=True)
class Plan:
    clips: int
    bare_clips: int
    create: int
    pick: int


WHOLE = Plan(clips=96, bare_clips=32, create=100_000, pick=1_000_000)
QUICK = Plan(clips=8, bare_clips=4, create=2_000, pick=40_000)


def bare(clips: int) -> list[float]:
    """Seconds a clip of each micro-batch, in a process that waits for its threads as a worker does."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.generation_bare", CHECKPOINT, str(clips), str(MICRO_BATCH)],
        cwd=ROOT, env={**os.environ, "OMP_WAIT_POLICY": "PASSIVE"}, check=True, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    taken: list[float] = json.loads(done.stdout)
    return taken


def through_the_queue(at: Place, clips: int) -> dict[str, Any]:
    """Waits for all of a batch. The first micro-batch, which loads the weights, is not counted."""
    at.do("queue", clips=clips, checkpoint=CHECKPOINT)
    at.start()
    until = time.monotonic() + LONGEST_SECONDS
    # Asked here: starting Django every second would take the processors from what is measured.
    with psycopg.connect(at.environment["DATABASE_URL"], autocommit=True) as database:
        while (done := ended(database)) < clips:
            if died := at.processes.watch(until=lambda: True):
                raise SystemExit(at.processes.explain(died))
            if time.monotonic() > until:
                raise SystemExit(f"{done} of {clips} clips were done after {LONGEST_SECONDS} s.")
            time.sleep(0.5)
    found: dict[str, Any] = at.do("progress")
    return found


def ended(database: "psycopg.Connection[tuple[int]]") -> int:
    row = database.execute("SELECT count(*) FROM generation_clip WHERE state IN ('ready', 'failed')").fetchone()
    assert row is not None
    return row[0]


def rate(ready_at: list[float]) -> float:
    """Seconds a clip, from the second micro-batch on: by when the first one's last clip was ready."""
    return (ready_at[-1] - ready_at[MICRO_BATCH - 1]) / (len(ready_at) - MICRO_BATCH)


def measure(plan: Plan, say: Console) -> dict[str, Any]:
    say.print("The bare loop …", style="dim")
    loop = bare(plan.bare_clips)
    with postgresql("queue") as database, place(database) as at:
        say.print(f"{plan.clips} clips through the queue …", style="dim")
        found = through_the_queue(at, plan.clips)
    say.print("The bare loop again …", style="dim")
    loop += bare(plan.bare_clips)
    say.print(f"A batch of {plan.create:,} clips …", style="dim")
    with postgresql("create") as database, place(database) as at:
        created = at.do("create", clips=plan.create)
    say.print(f"Picks from {plan.pick:,} queued clips …", style="dim")
    with postgresql("pick") as database, place(database) as at:
        picked = at.do("pick", clips=plan.pick)
    each, alone = rate(found["ready_at"]), median(loop)
    stages = {
        stage: round(median(timings[stage] for timings in found["timings"]) * 1000, 1)
        for stage in ("sample", "encode", "store", "measure")
    }
    return {
        "bench": "generation",
        "queue_vs_bare": round(alone / each, 3),
        "overhead_ms_per_clip": round((each - alone) * 1000, 1),
        "create_100k_s": round(created["seconds"], 1) if plan is WHOLE else None,
        "pick_ms_at_1m": round(picked["median_ms"], 2) if plan is WHOLE else None,
        "queue_clips_per_minute": round(60 / each, 1),
        "bare_clips_per_minute": round(60 / alone, 1),
        "stage_ms": stages,
        "clips": plan.clips,
        "failed": found["failed"],
        "create": {"clips": plan.create, "seconds": round(created["seconds"], 2),
                   "more_mb_for_ten_times": round(created["more_mb_for_ten_times"], 1)},
        "pick": {"queued": plan.pick, **{name: round(value, 2) for name, value in picked.items()}},
    }  # fmt: skip


def table_of(figures: dict[str, Any]) -> Table:
    table = Table(title="Generation", show_header=False)
    stages = ", ".join(f"{stage} {value} ms" for stage, value in figures["stage_ms"].items())
    create, pick = figures["create"], figures["pick"]
    for name, value in (
        ("clips a minute, through the queue", figures["queue_clips_per_minute"]),
        ("clips a minute, bare loop", figures["bare_clips_per_minute"]),
        ("queue against bare", figures["queue_vs_bare"]),
        ("more a clip than bare", f"{figures['overhead_ms_per_clip']} ms"),
        ("median of each stage, side by side", stages),
        (f"a batch of {create['clips']:,} clips", f"{create['seconds']} s"),
        ("memory of it above that of a tenth", f"{create['more_mb_for_ten_times']} MB"),
        (f"a pick from {pick['queued']:,} queued", f"{pick['median_ms']} ms, p95 {pick['p95_ms']} ms"),
        ("taking what was picked", f"{pick['take_median_ms']} ms"),
    ):
        table.add_row(name, str(value))
    return table


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.generation", description=__doc__)
    parser.add_argument("--small", action="store_true", help="a quick look, under 50 s")
    chosen = parser.parse_args()
    say = Console(width=140)
    try:
        psycopg.connect(server_url(), dbname="postgres", connect_timeout=3).close()
    except psycopg.Error as error:
        print(f"No PostgreSQL at {server_url()}: {error}Start one, or name it in DATABASE_URL.", file=sys.stderr)
        return 1
    before = os.getloadavg()
    figures = measure(QUICK if chosen.small else WHOLE, say)
    machine = {"cores": os.cpu_count(), "load_before": round(before[0], 1), "load_after": round(os.getloadavg()[0], 1)}
    say.print(table_of(figures))
    print(json.dumps({**figures, "machine": machine, **({"small": True} if chosen.small else {})}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
