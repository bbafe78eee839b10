"""Measure annotating: `make bench-annotation`, `SMALL=1` for a quick look.

PostgreSQL (at DATABASE_URL, or on localhost) and the shipped server; annotators over HTTP as the browser does it. For
batches of several sizes, in turn: annotations a second and processor time at peak, latencies at half of that rate. Then
many hand-outs at once, counted in the database; then SQLite. Prints tables and, as the last line, one JSON object.
"""

import argparse
import asyncio
import json
import os
import sys
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from statistics import quantiles
from typing import Any

import psycopg
from rich.console import Console
from rich.table import Table

from benchmarks.annotation_exact import Team, hand_out
from benchmarks.annotation_load import Paced, Peak, at_peak, at_rate
from benchmarks.annotation_place import LOCKED, Place, place, postgresql, server_url
from benchmarks.annotation_processor import postmaster_of
from benchmarks.annotation_wish import Wish

OVERLAP = 3
SQLITE = "sqlite:///{folder}/stickerloop.sqlite3"
# A batch of this size is soon judged: every measurement gets one of its own.
SMALL_BATCH = 10_000


@dataclass(frozen=True)
class Plan:
    """How much is measured: sizes take turns, `rounds` times for every number of annotators."""

    sizes: tuple[int, ...]
    annotators: tuple[int, ...]
    rounds: int
    peak_seconds: float
    paced_seconds: float
    teams: tuple[Team, ...]
    most_seconds: float
    sqlite_tasks: int
    sqlite_annotators: int = 8


WHOLE = Plan(
    sizes=(1_000, 100_000, 1_000_000),
    annotators=(1, 8, 64),
    rounds=2,
    peak_seconds=5,
    paced_seconds=8,
    teams=(Team(1, 24, 6600), Team(3, 24, 2400), Team(1, 1, 80), Team(3, 3, 120)),
    most_seconds=400,
    sqlite_tasks=5000,
)
QUICK = Plan(
    sizes=(300, 3_000),
    annotators=(1, 8),
    rounds=1,
    peak_seconds=1,
    paced_seconds=1.5,
    teams=(Team(1, 8, 120), Team(3, 8, 40), Team(3, 3, 6)),
    most_seconds=20,
    sqlite_tasks=1000,
)


@dataclass
class Measured:
    """All rounds of one size and number of annotators."""

    peaks: list[Peak] = field(default_factory=list)
    paced: Paced = field(default_factory=Paced)

    def row(self, tasks: int, annotators: int, *, database_here: bool) -> dict[str, Any]:
        annotations = sum(peak.annotations for peak in self.peaks)
        seconds = sum(peak.seconds for peak in self.peaks)

        def each(spent: float) -> float | None:
            return round(spent / annotations * 1000, 2) if annotations else None

        web, base = (sum(getattr(peak.spent, name) for peak in self.peaks) for name in ("web", "database"))
        lease, submit = latencies(self.paced.leases), latencies(self.paced.submissions)
        return {
            "tasks": tasks,
            "annotators": annotators,
            "lease_p50_ms": lease[0],
            "lease_p95_ms": lease[1],
            "submit_p50_ms": submit[0],
            "submit_p95_ms": submit[1],
            "annotations_per_s": round(annotations / seconds, 1) if seconds else None,
            "server_cpu_ms_per_annotation": each(web + base) if database_here else None,
            "web_cpu_ms_per_annotation": each(web),
            "database_cpu_ms_per_annotation": each(base) if database_here else None,
            "load_cpu_ms_per_annotation": each(sum(peak.spent.load for peak in self.peaks)),
            "leases": len(self.paced.leases),
            "submissions": len(self.paced.submissions),
        }


def latencies(seconds: list[float]) -> tuple[float | None, float | None]:
    """Median and 95th percentile in milliseconds; None of fewer than 5, and of fewer than 20."""
    if len(seconds) < 5:
        return None, None
    cuts = quantiles(seconds, n=20, method="inclusive")
    return round(cuts[9] * 1000, 1), round(cuts[18] * 1000, 1) if len(seconds) >= 20 else None


def batches_of(plan: Plan, size: int) -> list[tuple[int, int]]:
    many = 1 + 2 * plan.rounds * len(plan.annotators) if size <= SMALL_BATCH else 1
    return [(size, OVERLAP)] * many


async def take_turns(plan: Plan, places: dict[int, Place], statuses: Counter[int]) -> list[dict[str, Any]]:
    fresh = {size: list(place.made.batches) for size, place in places.items()}
    local = all(postmaster_of(place.database) for place in places.values())
    rows = []
    for annotators in plan.annotators:
        results = {size: Measured() for size in plan.sizes}
        for turn in range(plan.rounds):
            for size in plan.sizes if turn % 2 == 0 else reversed(plan.sizes):
                one, other = (fresh[size].pop(), fresh[size].pop()) if size <= SMALL_BATCH else fresh[size] * 2
                peak = await at_peak(
                    places[size], batch=one, annotators=annotators, seconds=plan.peak_seconds, statuses=statuses
                )
                results[size].peaks.append(peak)
                paced = await at_rate(
                    places[size], batch=other, annotators=annotators,
                    rate=max(1.0, peak.annotations / peak.seconds / 2),
                    seconds=plan.paced_seconds, statuses=statuses,
                )  # fmt: skip
                results[size].paced.leases += paced.leases
                results[size].paced.submissions += paced.submissions
        rows += [result.row(size, annotators, database_here=local) for size, result in results.items()]
    return rows


async def on_sqlite(plan: Plan, where: Place) -> dict[str, Any]:
    statuses: Counter[int] = Counter()
    peak = await at_peak(
        where,
        batch=where.made.batches[0],
        annotators=plan.sqlite_annotators,
        seconds=plan.peak_seconds,
        statuses=statuses,
    )
    paced = await at_rate(
        where, batch=where.made.batches[0], annotators=plan.sqlite_annotators, seconds=plan.paced_seconds,
        rate=max(1.0, peak.annotations / peak.seconds / 2), statuses=statuses,
    )  # fmt: skip
    measured = Measured([peak], paced)
    row = measured.row(plan.sqlite_tasks, plan.sqlite_annotators, database_here=True)
    failures = sum(count for status, count in statuses.items() if not 200 <= status < 300)
    return {**row, "locked_errors": where.locked_errors(), "failed_requests": failures}


def measure(plan: Plan, say: Console) -> dict[str, Any]:
    statuses: Counter[int] = Counter()
    most = max(plan.annotators)
    processes = os.cpu_count()
    with ExitStack() as open_places:
        places = {}
        for size in plan.sizes:
            say.print(f"Making {size:,} tasks …", style="dim")
            database = open_places.enter_context(postgresql(str(size)))
            wish = Wish(most, batches_of(plan, size))
            places[size] = open_places.enter_context(place(database=database, wish=wish, processes=processes))
        for where in places.values():
            asyncio.run(at_peak(where, batch=where.made.batches[0], annotators=most, seconds=1, statuses=statuses))
        say.print("Measuring sizes in turn …", style="dim")
        rows = asyncio.run(take_turns(plan, places, statuses))
    say.print("Handing out under expiries …", style="dim")
    wish = Wish(max(team.people for team in plan.teams), [(team.tasks, team.overlap) for team in plan.teams])
    with (
        postgresql("exact") as database,
        place(database=database, wish=wish, processes=processes, dispatcher=True) as p,
    ):
        exact = asyncio.run(hand_out(p, teams=plan.teams, most_seconds=plan.most_seconds, statuses=statuses))
    say.print("On SQLite …", style="dim")
    wish = Wish(plan.sqlite_annotators, [(plan.sqlite_tasks, 1)])
    with place(database=SQLITE, wish=wish, dispatcher=True) as p:
        sqlite = asyncio.run(on_sqlite(plan, p))
    return {
        "bench": "annotation",
        "database": "postgresql",
        "rows": rows,
        "handouts": exact.handouts,
        "beyond_overlap": exact.beyond_overlap,
        "unfilled": exact.unfilled,
        "handouts_expired": exact.expired,
        "handouts_counted": exact.annotations,
        "handouts_seconds": exact.seconds,
        "failed_requests": sum(count for status, count in statuses.items() if not 200 <= status < 300),
        "sqlite": sqlite,
    }


def table_of(figures: dict[str, Any]) -> Table:
    table = Table(title="Annotating over HTTP")
    for title in ("database", "tasks", "annotators", "lease p50", "p95 ms", "submit p50", "p95 ms", "annotations/s",
                  "server CPU ms", "web", "database", "load CPU ms"):  # fmt: skip
        table.add_column(title, justify="right")
    rows = [("PostgreSQL", row) for row in figures["rows"]] + [("SQLite", figures["sqlite"])]
    for name, row in rows:
        table.add_row(
            name, f"{row['tasks']:,}", str(row["annotators"]),
            *[str(row[key]) for key in ("lease_p50_ms", "lease_p95_ms", "submit_p50_ms", "submit_p95_ms",
              "annotations_per_s", "server_cpu_ms_per_annotation", "web_cpu_ms_per_annotation",
              "database_cpu_ms_per_annotation", "load_cpu_ms_per_annotation")],
        )  # fmt: skip
    return table


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.annotation", description=__doc__)
    parser.add_argument("--small", action="store_true", help="a quick look, under 50 s")
    chosen = parser.parse_args()
    say = Console(width=160)
    try:
        psycopg.connect(server_url(), dbname="postgres", connect_timeout=3).close()
    except psycopg.Error as error:
        print(f"No PostgreSQL at {server_url()}: {error}Start one, or name it in DATABASE_URL.", file=sys.stderr)
        return 1
    before = os.getloadavg()
    figures = measure(QUICK if chosen.small else WHOLE, say)
    machine = {"cores": os.cpu_count(), "load_before": round(before[0], 1), "load_after": round(os.getloadavg()[0], 1)}
    say.print(table_of(figures))
    unfilled = "not all done in time" if figures["unfilled"] is None else f"{figures['unfilled']} unfilled"
    say.print(
        f"{figures['handouts']:,} hand-outs, {figures['handouts_expired']:,} of them left to expire: "
        f"{figures['beyond_overlap']} beyond the overlap, {unfilled}. "
        f"SQLite said “{LOCKED}” {figures['sqlite']['locked_errors']} times. {machine}"
    )
    print(json.dumps({**figures, "machine": machine, **({"small": True} if chosen.small else {})}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
