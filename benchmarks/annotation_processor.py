"""Processor time of the server, all of its processes: gunicorn and its workers, and PostgreSQL's for one database."""

import asyncio
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

EVERY_SECONDS = 0.2
TICK = os.sysconf("SC_CLK_TCK")
# They write for every database; while the benchmark runs, mostly for its own.
WRITERS = ("checkpointer", "background writer", "walwriter")


@dataclass
class Spent:
    """Seconds of processor time since the block began."""

    web: float = 0.0
    database: float = 0.0
    load: float = 0.0

    @property
    def server(self) -> float:
        return self.web + self.database


@dataclass
class Meter:
    """Sums what each process has spent since it was first seen; one that ends keeps what was last seen of it."""

    web: int
    postmaster: int | None
    database: str
    first: dict[int, int] = field(default_factory=dict)
    last: dict[int, int] = field(default_factory=dict)
    of_web: set[int] = field(default_factory=set)

    def look(self) -> None:
        web = {self.web, *children(self.web)}
        self.of_web |= web
        ours = [pid for pid in children(self.postmaster) if self.serves(pid)] if self.postmaster else []
        beginning = not self.last
        for pid in [*web, *ours]:
            if (ticks := ticks_of(pid)) is not None:
                # Whoever began within the block has spent all of its time there.
                self.first.setdefault(pid, ticks if beginning else 0)
                self.last[pid] = ticks

    def serves(self, pid: int) -> bool:
        title = read(f"/proc/{pid}/cmdline") or ""
        return self.database in title or any(writer in title for writer in WRITERS)

    def seconds(self, *, web: bool) -> float:
        return sum(self.last[pid] - self.first[pid] for pid in self.last if (pid in self.of_web) is web) / TICK


def read(path: str) -> str | None:
    try:
        return Path(path).read_text()
    except OSError:
        return None


def ticks_of(pid: int) -> int | None:
    """User and system time of a process, its threads together; see proc(5)."""
    stat = read(f"/proc/{pid}/stat")
    if stat is None:
        return None
    fields = stat.rsplit(")", 1)[1].split()
    return int(fields[11]) + int(fields[12])


def children(pid: int) -> list[int]:
    return [int(child) for child in (read(f"/proc/{pid}/task/{pid}/children") or "").split()]


def postmaster_of(database: str) -> int | None:
    """The process that the server's backends are children of; None where it is on another machine."""
    if not database.startswith("postgres"):
        return None
    with psycopg.connect(database) as connection:
        pid = connection.info.backend_pid
        stat = read(f"/proc/{pid}/stat")
        if stat is None or "postgres" not in stat:
            return None
        return int(stat.rsplit(")", 1)[1].split()[1])


@asynccontextmanager
async def measured(*, web: int, database: str) -> AsyncIterator[Spent]:
    """While it is open, watches; the figures are there when it closes."""
    meter = Meter(web, postmaster_of(database), urlsplit(database).path.strip("/"))
    spent = Spent()
    meter.look()
    load = time.process_time()

    async def watch() -> None:
        while True:
            await asyncio.sleep(EVERY_SECONDS)
            meter.look()

    watching = asyncio.create_task(watch())
    try:
        yield spent
    finally:
        watching.cancel()
        meter.look()
        spent.web, spent.database = meter.seconds(web=True), meter.seconds(web=False)
        spent.load = time.process_time() - load
