"""Simulated annotators at a batch, over HTTP, until nothing is left to judge."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.annotation_people import Json, Line, Person
from benchmarks.judges import SimulatedAnnotator
from benchmarks.loop_eyes import Eyes

NEVER = 10**9


@dataclass(kw_only=True)
class SimulatedPerson(Person):
    """Judges by what the task shows: each slot's clip is known by the address of its sheet, and by nothing else."""

    judging: SimulatedAnnotator
    eyes: Eyes

    def choose(self, task: Json) -> list[int]:
        return [slot["slot"] for slot in task["slots"] if self.would_share(slot["sheet"])]

    def would_share(self, sheet: str) -> bool:
        seen = self.eyes[sheet]
        return seen is not None and self.judging.would_share(seen, key=sheet)

    async def work(self) -> int:
        """Judges until no task is handed out; how many it were."""
        before = self.judged
        await self.arrive()
        while self.hand:
            await self.judge()
        self.line.close()
        return self.judged - before


async def judge_all(
    *, port: int, batch: str, sessions: Sequence[str], kind: str, eyes: Eyes
) -> tuple[int, Counter[int]]:
    """Everybody at once, person n of judge `kind` with session n; how many tasks were judged, and HTTP statuses.

    A lease passes by tasks that somebody else is just at, so all come back until nobody gets any.
    """
    statuses: Counter[int] = Counter()
    people = [
        SimulatedPerson(
            line=Line(port, session, statuses), batch=batch, visit=NEVER, now=time.monotonic,
            judging=SimulatedAnnotator(kind, number), eyes=eyes,
        )
        for number, session in enumerate(sessions)
    ]  # fmt: skip
    judged = 0
    while now := sum(await asyncio.gather(*(person.work() for person in people))):
        judged += now
    return judged, statuses
