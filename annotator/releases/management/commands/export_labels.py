import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotator.generation.models import Batch
from annotator.releases.formats import FORMATS
from annotator.releases.labels import label_rows
from annotator.spreadsheets import in_pieces


class Command(BaseCommand):
    help = "Writes the labels, one row a verdict of each annotation's current revision, as JSON Lines or CSV."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--format", choices=list(FORMATS), default="jsonl")
        parser.add_argument("--batch", type=int, metavar="N", help="only the labels of batch N")
        parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="default: standard output")

    def handle(self, *args: Any, **options: Any) -> None:
        batch = options["batch"]
        if batch is not None and not Batch.objects.filter(pk=batch).exists():
            raise CommandError(f"There is no batch {batch}.")
        pieces = in_pieces(FORMATS[options["format"]][1](label_rows(batch=batch)))
        output: Path | None = options["output"]
        if output is None:
            for piece in pieces:
                sys.stdout.buffer.write(piece)
            sys.stdout.flush()
            return
        # Beside its place, then moved: nobody finds half an export under the name they asked for.
        beside = output.with_name(f"{output.name}.part")
        try:
            with beside.open("wb") as file:
                file.writelines(pieces)
            beside.replace(output)
        except OSError as error:
            raise CommandError(f"{output} cannot be written: {error.strerror}") from None
