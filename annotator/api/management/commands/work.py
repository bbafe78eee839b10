import logging
import signal
from threading import Event
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import InterfaceError, OperationalError, connection
from django.utils.module_loading import import_string

SECONDS_BETWEEN_LOOKS = 0.5
SECONDS_AFTER_TROUBLE = 2.0

log = logging.getLogger(__name__)


class Command(BaseCommand):
    help = (
        "Does what takes long on the web side, one job after the other: reads imports, freezes and checks releases, "
        "writes exports. Any number of it may run."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        stop = Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        jobs = [import_string(name) for name in settings.JOBS]
        while not stop.is_set():
            try:
                did = [job(stop.is_set) for job in jobs]
            except (OperationalError, InterfaceError) as error:
                log.warning("the database does not answer: %s", error)
                connection.close()
                stop.wait(SECONDS_AFTER_TROUBLE)
            except Exception:
                log.exception("a job failed; it is tried again when its lease has run out")
                stop.wait(SECONDS_AFTER_TROUBLE)
            else:
                if not any(did):
                    stop.wait(SECONDS_BETWEEN_LOOKS)
