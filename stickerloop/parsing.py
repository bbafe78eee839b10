"""What all commands share: their options, their examples, and the group that a noun is."""

import argparse
from collections.abc import Callable
from typing import Any

Run = Callable[[argparse.Namespace], int | None]


def group(commands: Any, name: str, about: str) -> Any:
    noun = commands.add_parser(name, help=about, description=about)
    return noun.add_subparsers(required=True, metavar="COMMAND")


def command(
    commands: Any, name: str, run: Run, about: str, *examples: str, needs_client: bool = True
) -> argparse.ArgumentParser:
    made: argparse.ArgumentParser = commands.add_parser(
        name,
        help=about,
        description=about,
        epilog="examples:\n" + "\n".join(f"  stickerloop {example}" for example in examples),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("--json", action="store_true", help="JSON on stdout: an object, or a line for each of a list")
    made.add_argument("--url", help="the server; default: STICKERLOOP_URL, else that of `stickerloop login`")
    made.set_defaults(run=run, needs_client=needs_client)
    return made
