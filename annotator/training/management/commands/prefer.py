from typing import Any

from django.core.management.base import CommandParser

from annotator.training.asking import AskingCommand
from annotator.training.models import Recipe


class Command(AskingCommand):
    recipe = Recipe.PREFER
    help = "Queues preference learning: a student learns from pairs of a release's clips, one shared and one not."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--initial", required=True, help="name of the student to start from")
        parser.add_argument(
            "--release", required=True, help="name of a release, or a folder of all its clips, such as ./clips"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        self.ask(initial=options["initial"], data=options["release"], config={}, options=options)
