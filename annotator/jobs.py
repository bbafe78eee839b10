"""Rows that are jobs of `manage.py work`: claimed by one process at a time, which tells how far it is.

    waiting ⇄ working ──▶ whatever the job makes of it
       ▲         │
       └─ silent for LEASE, or told to stop

Whoever works on a row holds it until `lease_until`, as attempt number `attempt`.
"""

import gc
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, Generic, TypeVar

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

LEASE = timedelta(seconds=60)
TELL_EVERY_SECONDS = 0.5
MOST_ATTEMPTS = 3
LOOKED_AT = 8

Row = TypeVar("Row", bound=models.Model)


@contextmanager
def collecting_rarely() -> Iterator[None]:
    """For work that makes many small objects, none in a circle: looking for circles took a third of an export."""
    usual = gc.get_threshold()
    gc.set_threshold(100_000, 50, 50)
    try:
        yield
    finally:
        gc.set_threshold(*usual)


class GivenUpError(Exception):
    """Nobody wants this any more: it was cancelled, taken over, or the process shall end."""


class Hold(Generic[Row]):
    """A claimed row. `row.attempt` tells this hold from one that was lost."""

    def __init__(self, row: Row, *, waiting: str, working: str, stopping: Callable[[], bool]) -> None:
        self.row, self.waiting, self.working, self.stopping = row, waiting, working, stopping
        self.told = 0.0

    @property
    def attempt(self) -> int:
        return int(self.row.attempt)  # type: ignore[attr-defined]

    @property
    def mine(self) -> "models.QuerySet[Row]":
        """The row, as long as this holds it."""
        rows: models.QuerySet[Row] = type(self.row)._default_manager.filter(
            pk=self.row.pk, state=self.working, attempt=self.attempt
        )
        return rows

    def tell(self, *, at_once: bool = False, **columns: Any) -> None:
        """Writes progress, now and then, and holds on. Raises GivenUpError where the row is not held any more."""
        if self.stopping():
            raise GivenUpError
        if not at_once and time.monotonic() - self.told < TELL_EVERY_SECONDS:
            return
        self.told = time.monotonic()
        if not self.mine.update(**columns, lease_until=timezone.now() + LEASE):
            raise GivenUpError

    def end(self, state: str, **columns: Any) -> bool:
        """Whether the row was still held, and is in this state now."""
        return bool(self.mine.update(state=state, lease_until=None, **columns))

    def let_go(self) -> None:
        """Back to waiting, as if it had not been taken."""
        self.mine.update(state=self.waiting, attempt=F("attempt") - 1, lease_until=None)


def claim(
    model: type[Row], *, waiting: str, working: str, stopping: Callable[[], bool], **begin: Any
) -> Hold[Row] | None:
    """The oldest row that waits, or whose holder fell silent; `begin` are columns to set. None where there is none."""
    now = timezone.now()
    rows = model._default_manager
    free = Q(state=waiting) | Q(state=working, lease_until__lt=now)
    for pk in list(rows.filter(free).order_by("id").values_list("pk", flat=True)[:LOOKED_AT]):
        taken = rows.filter(free, pk=pk).update(
            state=working, attempt=F("attempt") + 1, lease_until=now + LEASE, **begin
        )
        if taken:
            return Hold(rows.get(pk=pk), waiting=waiting, working=working, stopping=stopping)
    return None
