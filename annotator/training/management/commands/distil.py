from typing import Any

from django.core.management.base import CommandParser

from annotator.training.asking import AskingCommand
from annotator.training.models import Recipe


class Command(AskingCommand):
    recipe = Recipe.DISTIL
    help = "Queues a distillation: one pass of three (--goal guidance), or one step of two (--goal steps)."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--teacher", required=True, help="name of the checkpoint to distil")
        parser.add_argument("--goal", required=True, choices=["guidance", "steps"])
        parser.add_argument("--steps", type=int, help="of the student, half of the teacher's (default: 8)")
        parser.add_argument(
            "--release", default="", help="name of a release, or a folder such as ./clips; default: procedural clips"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        steps = {"steps": options["steps"]} if options["steps"] else {}
        config = {"goal": options["goal"], **steps}
        self.ask(initial=options["teacher"], data=options["release"], config=config, options=options)
