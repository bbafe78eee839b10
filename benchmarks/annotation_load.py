"""The two ways of working: as fast as the server lets everybody, and at a rate that does not wait for it."""

import asyncio
import random
import time
from collections import Counter
from dataclasses import dataclass, field

from benchmarks.annotation_people import Line, Person
from benchmarks.annotation_place import Place
from benchmarks.annotation_processor import Spent, measured

LONG_VISIT, SHORT_VISIT = 40, 8


@dataclass
class Peak:
    annotations: int = 0
    seconds: float = 0.0
    spent: Spent = field(default_factory=Spent)


@dataclass
class Paced:
    """Latencies in seconds: of leases from when they were due, of submissions from when they could be sent."""

    leases: list[float] = field(default_factory=list)
    submissions: list[float] = field(default_factory=list)


def team(place: Place, *, batch: str, size: int, visit: int, statuses: Counter[int]) -> list[Person]:
    lines = [Line(place.port, session, statuses) for session in place.made.people[:size]]
    return [Person(line, batch, visit, time.perf_counter) for line in lines]


async def at_peak(place: Place, *, batch: str, annotators: int, seconds: float, statuses: Counter[int]) -> Peak:
    """Everybody submits again as soon as the answer is there, without looking."""
    people = team(place, batch=batch, size=annotators, visit=LONG_VISIT, statuses=statuses)
    await asyncio.gather(*[person.arrive() for person in people])
    began = time.perf_counter()

    async def work(person: Person) -> None:
        while time.perf_counter() - began < seconds:
            if not person.hand:
                await person.arrive()
            if not person.hand:
                return
            await person.judge()
            await person.go_on()

    async with measured(web=place.web.popen.pid, database=place.database) as spent:
        await asyncio.gather(*[work(person) for person in people])
        took = time.perf_counter() - began
    await asyncio.gather(*[person.leave() for person in people])
    return Peak(sum(person.judged for person in people), took, spent)


async def at_rate(
    place: Place, *, batch: str, annotators: int, rate: float, seconds: float, statuses: Counter[int]
) -> Paced:
    """Everybody submits when it is their turn, `rate` times a second together, whatever is still on its way."""
    people = team(place, batch=batch, size=annotators, visit=SHORT_VISIT, statuses=statuses)
    began = time.perf_counter()
    dues = [began + (turn + random.random()) / rate for turn in range(max(annotators, int(rate * seconds)))]
    paced = Paced()

    async def work(person: Person, mine: list[float]) -> None:
        for due in mine:
            await asyncio.sleep(due - time.perf_counter())
            ready = due
            if not person.hand:
                late = time.perf_counter() - due
                paced.leases.append(late + await person.arrive())
                ready = time.perf_counter()
            if not person.hand:
                return
            await person.judge()
            paced.submissions.append(time.perf_counter() - ready)
            await person.go_on()

    await asyncio.gather(*[work(person, dues[number::annotators]) for number, person in enumerate(people)])
    await asyncio.gather(*[person.leave() for person in people])
    return paced
