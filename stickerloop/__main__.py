"""`stickerloop`: exit status 0; 1 with one sentence on stderr; 2 for wrong usage; 130 when interrupted."""

import argparse
import os
import sys
from collections.abc import Sequence

from stickerloop import config
from stickerloop.client import Client
from stickerloop.commands import account, batches, checkpoints, clips, labels, people, prompts, watch
from stickerloop.errors import Refused
from stickerloop.output import note


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="stickerloop", description="Stickerloop from scripts.")
    commands = top.add_subparsers(required=True, metavar="COMMAND")
    account.add(commands)
    prompts.add(commands)
    checkpoints.add(commands)
    watch.add(batches.add(commands))
    clips.add(commands)
    labels.add(commands)
    people.add(commands)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    options = parser().parse_args(arguments)
    try:
        if options.needs_client:
            url, token = config.place(options.url)
            options.client = Client(url=url, token=token, note=note)
        status: int | None = options.run(options)
        sys.stdout.flush()
        return status or 0
    except Refused as refusal:
        note(str(refusal))
        return 1
    except KeyboardInterrupt:
        return 130
    except OSError as error:
        # Without this the interpreter tries to write the rest as it ends, and complains.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        # Whoever closed a pipe has read enough.
        if not isinstance(error, BrokenPipeError):
            note(f"The output cannot be written: {error.strerror}.")
        return 1


if __name__ == "__main__":
    sys.exit(main())
