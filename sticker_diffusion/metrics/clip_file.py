"""Clips from files: animated WebP, PNG, GIF or AVIF, and sprite sheets."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

Frames = NDArray[np.uint8]

ENDINGS = (".webp", ".png", ".apng", ".gif", ".avif")
MOST_FRAMES = 64
LARGEST_SIDE = 1024
SHEET_FRAMES = 8
_FORMATS = ("WEBP", "PNG", "GIF", "AVIF")
_LARGEST_SHEET = 4096
_USUAL_DURATION = 100.0  # what browsers give a frame that claims to take no time


class ClipFileError(ValueError):
    """A file that is no clip; the message names it, says what was wrong and what would be right."""


def read_clip(file: Path, *, sheet_frames: int = SHEET_FRAMES) -> Frames:
    """The frames of a clip, uint8 RGBA with straight alpha (F,S,S,4), oblong ones centred on transparency.

    Frames come at even times, as files merge equal neighbours into one that is shown for longer; of more than
    MOST_FRAMES so many are taken. A picture that does not move is a sprite sheet if it is a full grid of `sheet_frames`
    square cells, and a clip of one frame otherwise. Raises ClipFileError.
    """
    try:
        with warnings.catch_warnings():
            # The bound below is ours and stricter than Pillow's warning.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(file, formats=_FORMATS) as image:
                count = getattr(image, "n_frames", 1)
                _check_size(file, image.size, count)
                frames = _at_even_times(image) if count > 1 else _cells(_pixels(image), sheet_frames)
    except FileNotFoundError:
        raise ClipFileError(f"{file}: no such file") from None
    except IsADirectoryError:
        raise ClipFileError(f"{file}: is a folder, not a clip") from None
    except UnidentifiedImageError:
        raise ClipFileError(f"{file}: not a clip in any of {', '.join(_FORMATS)}") from None
    except ClipFileError:
        raise
    except (OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError) as error:
        raise ClipFileError(f"{file}: cannot be decoded as a clip ({error})") from error
    if frames.shape[1] > LARGEST_SIDE:
        side = frames.shape[1]
        raise ClipFileError(
            f"{file}: frames of {side}×{side} pixels; at most {LARGEST_SIDE}×{LARGEST_SIDE} is expected"
        )
    return frames


def _check_size(file: Path, size: tuple[int, int], count: int) -> None:
    most = LARGEST_SIDE if count > 1 else _LARGEST_SHEET
    if max(size) > most:
        raise ClipFileError(f"{file}: {size[0]}×{size[1]} pixels; at most {most}×{most} is expected")
    if count * size[0] * size[1] > MOST_FRAMES * LARGEST_SIDE**2:
        raise ClipFileError(f"{file}: {count} frames of {size[0]}×{size[1]} pixels are too many; sample it down first")


def _pixels(image: Image.Image) -> Frames:
    return np.asarray(image.convert("RGBA"))


def _at_even_times(image: Image.Image) -> Frames:
    drawn, durations = [], []
    for index in range(image.n_frames):  # type: ignore[attr-defined] # of animated formats only
        image.seek(index)
        drawn.append(_squared(_pixels(image)))
        durations.append(float(image.info.get("duration") or _USUAL_DURATION))
    ends = np.cumsum(durations)
    count = min(MOST_FRAMES, round(ends[-1] / min(durations)))
    middles = (np.arange(count) + 0.5) * ends[-1] / count
    return np.stack([drawn[index] for index in np.searchsorted(ends, middles)])


def _cells(picture: Frames, count: int) -> Frames:
    height, width = picture.shape[:2]
    for columns in range(1, count + 1):
        rows = count // columns
        cell = width // columns
        if rows * columns == count and cell * columns == width and cell * rows == height:
            return picture.reshape(rows, cell, columns, cell, 4).swapaxes(1, 2).reshape(count, cell, cell, 4)
    return _squared(picture)[None]


def _squared(picture: Frames) -> Frames:
    height, width = picture.shape[:2]
    side = max(height, width)
    above, left = (side - height) // 2, (side - width) // 2
    return np.pad(picture, ((above, side - height - above), (left, side - width - left), (0, 0)))
