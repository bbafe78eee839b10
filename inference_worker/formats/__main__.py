"""python -m inference_worker.formats: from a clip, the files that people share."""

import argparse
import sys
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from inference_worker.formats.clip import FormatError, read_clip, read_colour
from inference_worker.formats.fitting import find_format, make_file
from inference_worker.formats.naming import file_name
from inference_worker.formats.table import FORMATS, Format


def parser() -> argparse.ArgumentParser:
    known = "\n".join(f"  {made.name:10}{made.title}: {made.about}" for made in FORMATS.values())
    root = argparse.ArgumentParser(
        prog="python -m inference_worker.formats",
        description="Writes a clip as the files that messengers and browsers take, each within its limits.",
        epilog=f"formats:\n{known}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    root.add_argument("clip", type=Path, help="an animated WebP, PNG, GIF or AVIF; a lossless one is best")
    root.add_argument("-o", "--out", type=Path, required=True, help="folder for the files; made where it is missing")
    root.add_argument("--for", dest="formats", default="all", help="formats, with commas between (default: all)")
    root.add_argument(
        "--background",
        default="white",
        help="what MP4 is drawn on and soft edges of GIF are mixed with: rrggbb or a name (default: white)",
    )
    return root


def wanted_formats(names: str) -> list[Format]:
    return list(FORMATS.values()) if names == "all" else [find_format(name.strip()) for name in names.split(",")]


def read_file(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise FormatError(f"{path}: cannot be read ({error.strerror})") from error


def write_file(path: Path, data: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    except OSError as error:
        raise FormatError(f"{path}: cannot be written ({error.strerror})") from error


def write_all(options: argparse.Namespace) -> int:
    """Returns how many formats cannot hold the clip; the others are written all the same."""
    formats, background = wanted_formats(options.formats), read_colour(options.background)
    clip = read_clip(read_file(options.clip), name=options.clip.name)
    written, failed = Table("file", "kB", "seconds", box=None), 0
    console = Console()
    with console.status("") as status:
        for wanted in formats:
            status.update(f"{wanted.title} …")
            started = time.monotonic()
            try:
                data = make_file(clip, wanted, background=background)
            except FormatError as error:
                print(f"error: {error}", file=sys.stderr)
                failed += 1
                continue
            path = options.out / file_name(options.clip.stem, wanted)
            write_file(path, data)
            written.add_row(path.name, f"{len(data) / 1000:.0f}", f"{time.monotonic() - started:.1f}")
    console.print(written)
    return failed


def main(arguments: list[str] | None = None) -> int:
    options = parser().parse_args(arguments)
    try:
        return 2 if write_all(options) else 0
    except FormatError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
