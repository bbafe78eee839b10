"""The dispatcher's turns: all duties of settings.DISPATCH_DUTIES, one after the other, by one process at a time."""

import fcntl
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event

import kombu.exceptions
from django.conf import settings
from django.db import InterfaceError, OperationalError, connection
from django.utils.module_loading import import_string

SECONDS_BETWEEN_TURNS = 0.5
SECONDS_BETWEEN_TRIES = 2.0
# Any number, as long as no other program locks the same one in this database.
LOCK_KEY = 0x571C4E12

log = logging.getLogger(__name__)


def run_until(stop: Event) -> None:
    """Takes turns until told to stop. Waits while another dispatcher runs, and while the database does not answer."""
    waiting = False
    while not stop.is_set():
        try:
            with sole_dispatcher() as alone:
                if alone:
                    log.info("dispatching")
                    take_turns(stop)
                elif not waiting:
                    log.info("another dispatcher is running: waiting for it to end")
                waiting = not alone
        except (OperationalError, InterfaceError) as error:
            log.warning("the database does not answer: %s", error)
            connection.close()
        stop.wait(SECONDS_BETWEEN_TRIES)


def take_turns(stop: Event) -> None:
    while not stop.is_set():
        moved, trouble = take_turn()
        if trouble:
            stop.wait(SECONDS_BETWEEN_TRIES)
        elif not moved:
            stop.wait(SECONDS_BETWEEN_TURNS)


def take_turn() -> tuple[int, bool]:
    """Every duty once: how many rows moved, and whether a duty failed. A failing duty does not keep the others."""
    moved, trouble = 0, False
    for name in settings.DISPATCH_DUTIES:
        try:
            moved += import_string(name)()
        except kombu.exceptions.OperationalError as error:
            log.warning("the broker does not answer: %s", error)
            trouble = True
        except (OperationalError, InterfaceError):
            raise
        except Exception:
            log.exception("%s failed; it is tried again", name)
            trouble = True
    return moved, trouble


@contextmanager
def sole_dispatcher() -> Iterator[bool]:
    """Whether this process is the dispatcher now. The lock goes with the process, and with its database connection."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK_KEY])
            (alone,) = cursor.fetchone()
        try:
            yield alone
        finally:
            if alone and connection.is_usable():
                with connection.cursor() as cursor:
                    cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK_KEY])
        return
    settings.DATA_DIR.mkdir(parents=True, exist_ok=True)
    with (settings.DATA_DIR / "dispatch.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
