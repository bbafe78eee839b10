import signal
from threading import Event
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotator.generation.turns import run_until, sole_dispatcher, take_turn


class Command(BaseCommand):
    help = "Keeps workers supplied with clips, collects what falls silent, expires leases and closes batches."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="take turns until nothing moves, then end")

    def handle(self, *args: Any, once: bool, **options: Any) -> None:
        if once:
            with sole_dispatcher() as alone:
                if not alone:
                    raise CommandError("Another dispatcher is running; it does this already.")
                while take_turn()[0]:
                    pass
            return
        stop = Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        run_until(stop)
