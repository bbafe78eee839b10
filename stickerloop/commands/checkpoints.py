import argparse
from typing import Any

from stickerloop.operations import CHECKPOINTS
from stickerloop.output import show_list
from stickerloop.parsing import command, group


def add(commands: Any) -> None:
    nouns = group(commands, "checkpoints", "The models that clips can come from.")
    command(nouns, "list", listed, "Lists checkpoints, newest first.", "checkpoints list", "checkpoints list --json")


def listed(options: argparse.Namespace) -> None:
    columns = ("id", "name", "role", "engine", "parameters")
    empty = "There are no checkpoints: `manage.py register_checkpoint FOLDER` on the server makes one."
    show_list(options.client.pages(CHECKPOINTS), columns, as_json=options.json, empty=empty)
