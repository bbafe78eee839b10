"""python -m sticker_diffusion.engines: describe a public image-to-video pipeline as a checkpoint folder."""

import argparse
import json
import sys
from pathlib import Path

from sticker_diffusion.checkpoint import CheckpointError
from sticker_diffusion.engines.describe import describe_engine
from sticker_diffusion.engines.registry import ADAPTERS
from sticker_diffusion.settings import SettingsError


def parser() -> argparse.ArgumentParser:
    root = argparse.ArgumentParser(
        prog="python -m sticker_diffusion.engines",
        description="Write the engine.json of a public image-to-video pipeline, so that it can be registered as a "
        "teacher: manage.py register_checkpoint FOLDER.",
    )
    root.add_argument("adapter", choices=ADAPTERS)
    root.add_argument("source", help="folder of a diffusers pipeline, or a hub id (owner/name)")
    root.add_argument("-o", "--out", type=Path, help="folder of the checkpoint (default: SOURCE, where it is a folder)")
    root.add_argument("--name", help="default: the folder's")
    root.add_argument("--revision", default="main", help="of a hub id: pinned to its commit (default: main)")
    root.add_argument("--variant", help="of the weights' files, such as fp16")
    root.add_argument(
        "--option",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="of the adapter, such as width=1280 or prompt='a sticker, {caption}'",
    )
    return root


def read_options(given: list[str]) -> dict[str, object]:
    """KEY=VALUE pairs; a value is JSON where it can be, else text."""
    options: dict[str, object] = {}
    for pair in given:
        key, separator, value = pair.partition("=")
        if not separator:
            raise SettingsError(f"--option {pair!r}: KEY=VALUE is expected")
        try:
            options[key] = json.loads(value)
        except ValueError:
            options[key] = value
    return options


def main(arguments: list[str] | None = None) -> int:
    given = parser().parse_args(arguments)
    try:
        folder = describe_engine(
            adapter=given.adapter,
            source=given.source,
            out=given.out,
            name=given.name,
            revision=given.revision,
            variant=given.variant,
            options=read_options(given.option),
        )
    except (CheckpointError, SettingsError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(f"wrote {folder / 'engine.json'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
