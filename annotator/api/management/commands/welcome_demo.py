import time
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import Count, Q

from annotator.accounts.models import Role
from annotator.accounts.people import demo_person
from annotator.accounts.signin import signin_path
from annotator.generation.models import Batch, ClipState, Task, TaskState

LOOK_SECONDS = 1
TELL_SECONDS = 30


class Command(BaseCommand):
    help = "Prints the demo's sign-in links, and how its first batch comes along until it is complete."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--site", required=True, help="where the browser reaches the server")
        parser.add_argument("--since", type=float, required=True, help="when the server started (seconds since 1970)")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("This is for the demo only: set STICKERLOOP_DEMO=1, or run make demo.")
        for role in Role:
            self.stdout.write(f"  {role.value:<10}  {options['site']}{signin_path(user=demo_person(role=role))}")
        self.stdout.write("")
        batch = Batch.objects.order_by("pk").first()
        if batch is not None:
            self.follow(batch, since=options["since"])

    def follow(self, batch: Batch, *, since: float) -> None:
        begun_with, told = self.ready(batch), time.time()
        if begun_with >= self.total(batch):
            self.stdout.write("The first batch is complete.")
            return
        self.stdout.write("Generating the first batch on this machine; tasks can be judged as they come.")
        while (now := self.ready(batch)) < (total := self.total(batch)):
            if now and not begun_with:
                self.stdout.write(f"First task ready after {time.time() - since:.0f} s.")
                begun_with, told = now, time.time()
            elif time.time() - told >= TELL_SECONDS:
                told = time.time()
                self.stdout.write(f"{now} of {total} tasks are ready{self.clips(batch)}.")
            time.sleep(LOOK_SECONDS)
        self.stdout.write(f"All {total} tasks of the first batch are ready, after {time.time() - since:.0f} s.")

    def ready(self, batch: Batch) -> int:
        """Tasks that no longer wait for clips."""
        return Task.objects.filter(batch=batch).exclude(state=TaskState.FILLING).count()

    def total(self, batch: Batch) -> int:
        return Task.objects.filter(batch=batch).count()

    def clips(self, batch: Batch) -> str:
        counts = batch.wanted_clips.aggregate(
            done=Count("pk", filter=Q(state=ClipState.READY)),
            failed=Count("pk", filter=Q(state=ClipState.FAILED)),
            all=Count("pk"),
        )
        failed = f", {counts['failed']} failed" if counts["failed"] else ""
        return f" ({counts['done']} of {counts['all']} clips{failed})"
