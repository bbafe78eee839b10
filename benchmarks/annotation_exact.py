"""Hand-outs under everything that people do: many at once, leases that expire in the midst, work that comes late.

A trigger of the benchmark's own database writes down each hand-out and how many slots of the task were taken or counted
at that moment, under the task's lock; what is reported is counted there and in the annotations.
"""

import asyncio
import random
import time
from collections import Counter
from dataclasses import dataclass

import psycopg

from benchmarks.annotation_load import team
from benchmarks.annotation_people import Json, Person
from benchmarks.annotation_place import Place

FORGOTTEN, LATE, GONE = 0.42, 0.4, 0.02
STALLED_SECONDS = 20

WRITE_DOWN = """
CREATE TABLE handout (task bigint, taken int);
CREATE FUNCTION write_down() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO handout SELECT NEW.task_id, counted + (
        SELECT count(*) FROM annotation_assignment WHERE task_id = NEW.task_id AND state = 'leased'
    ) FROM generation_task WHERE id = NEW.task_id;
    RETURN NULL;
END $$;
CREATE TRIGGER handed_out AFTER INSERT ON annotation_assignment FOR EACH ROW
    WHEN (NEW.state = 'leased') EXECUTE FUNCTION write_down();
CREATE TRIGGER handed_out_again AFTER UPDATE ON annotation_assignment FOR EACH ROW
    WHEN (NEW.state = 'leased' AND OLD.state <> 'leased') EXECUTE FUNCTION write_down();
"""
COUNTED = """
SELECT t.id, t.overlap, count(a.id) FILTER (WHERE a.counted) AS counted FROM generation_task t
LEFT JOIN annotation_assignment s ON s.task_id = t.id LEFT JOIN annotation_annotation a ON a.assignment_id = s.uuid
GROUP BY t.id
"""
EXPIRE = "UPDATE annotation_assignment SET lease_until = now() - interval '1 second' WHERE uuid = ANY(%s)"


@dataclass(frozen=True)
class Team:
    """Who works on one batch, all teams at once."""

    overlap: int
    people: int
    tasks: int


@dataclass(frozen=True)
class Exact:
    """`beyond_overlap`: hand-outs and tasks that went beyond; `unfilled`: tasks short of their overlap, None where the
    time ran out while people were still at work."""

    handouts: int
    beyond_overlap: int
    unfilled: int | None
    annotations: int
    expired: int
    seconds: float


@dataclass
class Shift:
    """What the teams share: when to stop, and whose leases run out next."""

    until: float
    overdue: list[str]
    done: bool = False

    @property
    def over(self) -> bool:
        return self.done or time.monotonic() > self.until


async def hand_out(place: Place, *, teams: tuple[Team, ...], most_seconds: float, statuses: Counter[int]) -> Exact:
    """Lets all teams work until every task is done, nothing moves any more, or the time is up."""
    with psycopg.connect(place.database, autocommit=True) as database:
        database.execute(WRITE_DOWN)
        began = time.monotonic()
        shift = Shift(began + most_seconds, [])
        at_work = [
            carelessly(person, shift)
            for each, batch in zip(teams, place.made.batches, strict=True)
            for person in team(place, batch=batch, size=each.people, visit=0, statuses=statuses)
        ]
        expired, _ = await asyncio.gather(tend(database, shift), asyncio.gather(*at_work))
        took = time.monotonic() - began
        out_of_time = not shift.done
        handouts, beyond = one(database, "SELECT count(*), count(*) FILTER (WHERE taken > overlap) FROM handout "
                                         "JOIN generation_task ON id = task")  # fmt: skip
        tasks_beyond, unfilled, annotations = one(
            database,
            "SELECT count(*) FILTER (WHERE counted > overlap), count(*) FILTER (WHERE counted < overlap), "
            f"sum(counted) FROM ({COUNTED}) per_task",
        )
        return Exact(
            handouts=handouts,
            beyond_overlap=beyond + tasks_beyond,
            unfilled=None if out_of_time else unfilled,
            annotations=int(annotations),
            expired=expired,
            seconds=round(took, 1),
        )


async def carelessly(person: Person, shift: Shift) -> None:
    """One annotator: judges, forgets tasks until their lease runs out, sends some in late, leaves and comes back."""
    chance = random.Random(person.line.session)
    late: list[Json] = []
    while not shift.over:
        if not person.hand:
            await person.arrive()
        if not person.hand:
            if late:
                await person.submit(late.pop())
            await asyncio.sleep(0.1)
        elif (luck := chance.random()) < FORGOTTEN:
            task = person.hand.pop()
            shift.overdue.append(task["id"])
            if chance.random() < LATE:
                late.append(task)
        elif luck < FORGOTTEN + GONE:
            await person.leave()
        else:
            await person.judge()


async def tend(database: "psycopg.Connection[tuple[int, ...]]", shift: Shift) -> int:
    """Makes forgotten leases overdue, for the dispatcher to end; sees when all is done. How many it made overdue."""
    expired, last_done, moved_at = 0, -1, time.monotonic()
    while not shift.over:
        overdue, shift.overdue = shift.overdue, []
        expired += len(overdue)
        await asyncio.to_thread(database.execute, EXPIRE, [overdue])
        waiting, counted = await asyncio.to_thread(
            one, database, "SELECT count(*) FILTER (WHERE state <> 'done'), sum(counted) FROM generation_task"
        )
        if counted != last_done:
            last_done, moved_at = counted, time.monotonic()
        shift.done = waiting == 0 or time.monotonic() - moved_at > STALLED_SECONDS
        await asyncio.sleep(0.2)
    return expired


def one(database: "psycopg.Connection[tuple[int, ...]]", query: str) -> tuple[int, ...]:
    row = database.execute(query).fetchone()
    assert row is not None
    return row
