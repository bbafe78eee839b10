from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from rich.console import Console
from rich.progress import Progress

from annotator.accounts.owners import owner
from annotator.prompts.imports import add_prompts
from annotator.prompts.reading import Choices, Reading, read_source
from annotator.prompts.sources.rows import ImportRefusedError

MOST_SHOWN = 50


class Command(BaseCommand):
    help = (
        "Imports prompts from a CSV or JSON Lines file with the columns caption and sticker (an image file, relative "
        "to it; text and file_name are the same), and if you like external_id and split (hitl or heldout); or from a "
        "folder or a zip of images, with such a file or without. All of it or nothing; running it again adds only "
        "what is new."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("source", type=Path, help="a CSV or JSON Lines file, a zip, or a folder")
        parser.add_argument("--set", required=True, help="the prompt set's name; made when it is new")
        parser.add_argument("--licence", default="", help="under which the stickers may be used")
        parser.add_argument("--description", default="")
        parser.add_argument("--owner", help="username; default: the first admin or researcher")

        parser.add_argument("--accept-photos", action="store_true", help="take images without transparency")
        parser.add_argument("--check", action="store_true", help="only say what is good and what is bad, row by row")
        parser.add_argument("--good-rows-only", action="store_true", help="leave bad rows out and import the rest")
        parser.add_argument(
            "--heldout-share", type=float, default=0.0, help="from 0 to 1, by sticker, where no split is named"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not 0 <= options["heldout_share"] <= 1:
            raise CommandError("--heldout-share is a number from 0 to 1, such as 0.2")
        by = owner(options["owner"])
        reading = self.read(options)
        problems = [str(problem) for problem in reading.problems]
        if options["check"]:
            self.report(reading, problems)
            return
        if problems and not (options["good_rows_only"] and (reading.prompts or reading.there)):
            raise CommandError("\n".join(["Nothing was imported:", *shown(problems)]))
        with transaction.atomic():
            made = add_prompts(
                prompts=reading.prompts,
                set_name=options["set"],
                by=by,
                licence=options["licence"],
                description=options["description"],
            )
        self.stdout.write(f"{made.name}: {len(reading.prompts)} prompts added, {reading.there} were there already.")
        if reading.captions_from_names:
            self.stdout.write("There was no table: each caption is its file's name in words.")
        if problems:
            self.stdout.write("\n".join(["Left out:", *shown(problems)]))

    def read(self, options: dict[str, Any]) -> Reading:
        choices = Choices(accept_photos=options["accept_photos"], heldout_share=options["heldout_share"])
        with Progress(console=Console(stderr=True), transient=True, disable=not self.stderr.isatty()) as bar:
            rows = bar.add_task("Checking rows", total=None)
            try:
                return read_source(
                    file=options["source"],
                    set_name=options["set"],
                    choices=choices,
                    progress=lambda read, total: bar.update(rows, completed=read, total=total),
                )
            except ImportRefusedError as refusal:
                raise CommandError("\n".join(["Nothing was imported:", *shown(refusal.problems)])) from None

    def report(self, reading: Reading, problems: list[str]) -> None:
        self.stdout.write(
            f"{len(reading.prompts)} good rows, {reading.there} in the set already, {reading.bad_rows} bad. "
            "Nothing was stored."
        )
        self.stdout.write("\n".join(shown(problems)))


def shown(problems: list[str]) -> list[str]:
    more = len(problems) - MOST_SHOWN
    return problems[:MOST_SHOWN] + ([f"… and {more} more"] if more > 0 else [])
