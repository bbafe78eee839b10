"""What the commands `finetune`, `distil` and `pretrain` share: a training run asked for in words."""

import json
from argparse import RawDescriptionHelpFormatter
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser, DjangoHelpFormatter

from annotator.accounts.owners import owner
from annotator.checkpoints.models import Checkpoint
from annotator.releases.models import Release
from annotator.training.models import Recipe
from annotator.training.queries import live_trainers
from annotator.training.recipes import RECIPES
from annotator.training.runs import ask_run


class ListedSettings(DjangoHelpFormatter, RawDescriptionHelpFormatter):
    """Leaves the list of settings as it is."""


class AskingCommand(BaseCommand):
    recipe: Recipe

    def create_parser(self, prog_name: str, subcommand: str, **given: Any) -> CommandParser:
        listed = "\n".join(
            f"  {setting.key}: {setting.expected} (default: {json.dumps(setting.default)})\n      {setting.means}"
            for setting in RECIPES[self.recipe].settings
        )
        epilog = f"settings for --set:\n{listed}"
        return super().create_parser(prog_name, subcommand, epilog=epilog, formatter_class=ListedSettings, **given)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="of the run and of its checkpoint")
        parser.add_argument("--clips", type=int, help="budget in clips")
        parser.add_argument("--minutes", type=float, help="budget in minutes of training, instead of clips")
        parser.add_argument(
            "--set",
            action="append",
            default=[],
            metavar="KEY=VALUE",
            help="another value than the default of a setting below, such as batch=16; repeat it",
        )
        parser.add_argument("--owner", help="username; default: the first admin or researcher")

    def ask(self, *, initial: str, data: str, config: dict[str, Any], options: dict[str, Any]) -> None:
        """`data`: a release's name, or a folder, which has a slash."""
        budget = {key: options[key] for key in ("clips", "minutes") if options[key] is not None}
        try:
            run = ask_run(
                name=options["name"],
                recipe=self.recipe,
                initial=checkpoint_named(initial),
                config={**config, **settings_of(options["set"]), **budget},
                release=release_named(data) if data and "/" not in data else None,
                data=data if "/" in data else "",
                created_by=owner(options["owner"]),
            )
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from None
        self.stdout.write(f"Queued {run.get_recipe_display()} {run.name}, from {run.initial.name}.")
        if not live_trainers().exists():
            self.stdout.write("No trainer is running yet: `python -m inference_worker.trainer` starts one.")


def checkpoint_named(name: str) -> Checkpoint:
    checkpoint = Checkpoint.objects.filter(name=name).first()
    if checkpoint is None:
        known = ", ".join(Checkpoint.objects.order_by("name").values_list("name", flat=True)) or "none yet"
        raise CommandError(f"There is no checkpoint {name!r}; there are: {known}.")
    return checkpoint


def release_named(name: str) -> Release:
    release = Release.objects.filter(name=name).first()
    if release is None:
        known = ", ".join(Release.objects.order_by("name").values_list("name", flat=True)) or "none yet"
        raise CommandError(f"There is no release {name!r}; there are: {known}. A folder has a slash: ./{name}")
    return release


def settings_of(pairs: list[str]) -> dict[str, Any]:
    """`data.replay=0.5` is {"data": {"replay": 0.5}}: values are JSON where they can be read so, else text."""
    settings: dict[str, Any] = {}
    for pair in pairs:
        path, equals, value = pair.partition("=")
        if not equals:
            raise CommandError(f"{pair!r}: KEY=VALUE is expected.")
        *outer, key = path.split(".")
        at = settings
        for name in outer:
            at = at.setdefault(name, {})
            if not isinstance(at, dict):
                raise CommandError(f"{pair!r}: {name} was given a value before.")
        try:
            at[key] = json.loads(value)
        except json.JSONDecodeError:
            at[key] = value
    return settings
