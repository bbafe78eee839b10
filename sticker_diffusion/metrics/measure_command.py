"""`python -m sticker_diffusion measure`: the metrics of clips in files, as a table or as JSON."""

from __future__ import annotations

import argparse
import csv
import dataclasses
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from rich.progress import track
from torch import Tensor

from sticker_diffusion.metrics.clip_file import ENDINGS, LARGEST_SIDE, SHEET_FRAMES, ClipFileError, Frames, read_clip
from sticker_diffusion.metrics.clip_metrics import ClipError, measure
from sticker_diffusion.settings import SettingsError
from sticker_diffusion.stickers.image import premultiplied_square, read_sticker

Row = dict[str, Any]

_COLUMNS = (
    ("verb_seen", "seen as"),
    ("verb_seen_probability", "sure"),
    ("nearest_motion", "nearest"),
    ("verb_asked", "asked"),
    ("motion_size", "motion"),
    ("bucket", "bucket"),
    ("identity_db", "identity dB"),
    ("seam_ratio", "seam"),
    ("flicker", "flicker"),
    ("sharpness", "sharp"),
    ("frozen", "frozen"),
)
_CAPTION_COLUMNS = ["file", "caption"]


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds `measure` to the command line."""
    parser = commands.add_parser(
        "measure",
        help="measure clips: motion, verb, identity, seam, flicker, sharpness",
        description="Measure animated WebP, APNG, GIF or AVIF files, or sprite sheets. A file that cannot be read is "
        "named, the others are measured all the same, and the exit status is 1.",
    )
    parser.add_argument("clips", type=Path, nargs="+", help=f"files, or folders of {', '.join(ENDINGS)} files")
    parser.add_argument("--sticker", type=Path, help="the sticker that was animated (default: each clip's first frame)")
    asked = parser.add_mutually_exclusive_group()
    asked.add_argument("--caption", help="what was asked for, in all of the clips")
    asked.add_argument("--captions", type=Path, help="CSV file with the columns file,caption; file is a clip's name")
    parser.add_argument("--sheet-frames", type=int, default=SHEET_FRAMES, help="frames of a sprite sheet (default 8)")
    parser.add_argument("--nearest", action="store_true", help="name the nearest procedural motion, a second a clip")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Returns the exit status: 1 where a file could not be measured. Raises SettingsError for what concerns all."""
    if not 1 <= options.sheet_frames <= 256:
        raise SettingsError(f"--sheet-frames: must be 1…256, got {options.sheet_frames}")
    files = list(_files(options.clips))
    captions = {} if options.captions is None else _captions(options.captions)
    sticker = None if options.sticker is None else _sticker(options.sticker)
    torch.set_num_threads(1)  # more are slower at this size
    rows: list[Row] = []
    quiet = not sys.stderr.isatty()
    for file in track(files, description="Measuring", disable=quiet):
        try:
            frames = read_clip(file, sheet_frames=options.sheet_frames)
            metrics = measure(
                frames,
                _first_visible(frames) if sticker is None else sticker,
                captions.get(file.name, options.caption),
                nearest=options.nearest,
            )
            rows.append({"file": str(file), **dataclasses.asdict(metrics)})
        except ClipFileError as error:
            rows.append({"file": str(file), "error": str(error)})
        except ClipError as error:
            rows.append({"file": str(file), "error": f"{file}: {error}"})
    broken = [row for row in rows if "error" in row]
    print(json.dumps(rows, indent=2, ensure_ascii=False) if options.json else table(rows))
    for row in broken:
        print(f"error: {row['error']}", file=sys.stderr)
    return 1 if broken else 0


def _files(given: Sequence[Path]) -> Iterator[Path]:
    for path in given:
        if not path.is_dir():
            yield path
            continue
        found = sorted(file for file in path.iterdir() if file.suffix.lower() in ENDINGS)
        if not found:
            raise SettingsError(f"{path}: no clips; expected {', '.join(ENDINGS)} files")
        yield from found


def _captions(file: Path) -> dict[str, str]:
    try:
        with file.open(newline="", encoding="utf-8-sig") as text:
            rows = csv.DictReader(text)
            if not set(_CAPTION_COLUMNS) <= set(rows.fieldnames or ()):
                raise SettingsError(f"{file}: expected the columns {','.join(_CAPTION_COLUMNS)}, got {rows.fieldnames}")
            return {row["file"]: row["caption"] or "" for row in rows}
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise SettingsError(f"{file}: cannot be read as CSV ({error})") from error


def _sticker(file: Path) -> Tensor:
    """No larger than a clip can be, once for all clips."""
    image = read_sticker(file)
    return premultiplied_square(image, min(image.width, LARGEST_SIDE))


def _first_visible(frames: Frames) -> Image.Image:
    seen = frames[..., 3].any(axis=(1, 2))
    if not seen.any():
        raise ClipError(
            f"fully transparent in all of its {len(frames)} frames; give --sticker to measure it all the same"
        )
    return Image.fromarray(frames[seen.argmax()], "RGBA")


def table(rows: Sequence[Row]) -> str:
    """Aligned columns, one row a clip; a broken one says so, columns that nobody filled are left out."""
    measured = [row for row in rows if "error" not in row]
    columns = [(key, title) for key, title in _COLUMNS if any(row[key] is not None for row in measured)]
    cells = [["clip", *(title for _, title in columns)]]
    for row in rows:
        name = Path(row["file"]).name
        cells.append([name, "broken"] if "error" in row else [name, *(_cell(row[key]) for key, _ in columns)])
    widths = [max(len(row[i]) for row in cells if i < len(row)) for i in range(len(cells[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=False)).rstrip() for row in cells
    )


def _cell(value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.2f}" if isinstance(value, float) else str(value)
