from typing import Any

from django.core.management.base import CommandParser

from annotator.training.asking import AskingCommand
from annotator.training.models import Recipe


class Command(AskingCommand):
    recipe = Recipe.PRETRAIN
    help = "Queues a pretraining: a checkpoint goes on learning from procedural clips, of verbs or of camera moves."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--initial", required=True, help="name of the checkpoint to go on from")

    def handle(self, *args: Any, **options: Any) -> None:
        self.ask(initial=options["initial"], data="", config={}, options=options)
