"""Frames to files: the sprite sheet that is judged, the animation that is shown in a chat, the master that trains.

Frames are uint8 RGBA with straight alpha, (F, S, S, 4). All three files are WebP with lossless alpha. An
animation stores equal neighbours once and shows them for longer; the master gives back every byte where alpha is not 0.
"""

import io
import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Frames = NDArray[np.uint8]

MOST_FRAMES = 32
LARGEST_CELL = 320
LARGEST_SIDE = 4096


@dataclass(frozen=True)
class EncodedClip:
    """`media` describes the sheet: frames, columns, cell (pixels), frame_rate. Frame i is at column i % columns."""

    sheet: bytes
    animation: bytes
    master: bytes
    media: dict[str, Any]


def encode(frames: Frames, *, frame_rate: float) -> EncodedClip:
    """Raises ValueError for frames that are no square RGBA clip of 1…32 frames."""
    count, height, width, channels = frames.shape
    if frames.dtype != np.uint8 or channels != 4 or height != width or not 1 <= count <= MOST_FRAMES:
        raise ValueError(
            f"frames are {frames.dtype} {frames.shape}; (1…{MOST_FRAMES}, size, size, 4) of uint8 RGBA is expected"
        )
    images = [Image.fromarray(frame, "RGBA") for frame in frames]
    cell = min(width, LARGEST_CELL)
    columns = sheet_columns(count, cell)
    durations = frame_durations(count, frame_rate)
    return EncodedClip(
        sheet=_sheet(images, columns=columns, cell=cell),
        # More effort than these: half as long again, for 3 % of the bytes; of the master, 10 × for a tenth.
        animation=_animation(images, durations, quality=80, method=2),
        master=_animation(images, durations, lossless=True, quality=20, method=1),
        media={"frames": count, "columns": columns, "cell": cell, "frame_rate": frame_rate},
    )


def sheet_columns(count: int, cell: int) -> int:
    """The grid with the fewest empty cells, of those the squarest, no side above LARGEST_SIDE."""
    most = LARGEST_SIDE // cell
    fitting = [columns for columns in range(1, min(count, most) + 1) if math.ceil(count / columns) <= most]
    return min(fitting, key=lambda columns: (-count % columns, abs(columns - math.ceil(count / columns)), -columns))


def frame_durations(count: int, frame_rate: float) -> list[int]:
    """Whole milliseconds a frame, which drift from the exact times by half a millisecond at most."""
    ends = [round(1000 * i / frame_rate) for i in range(count + 1)]
    return [end - start for start, end in pairwise(ends)]


def _sheet(images: list[Image.Image], *, columns: int, cell: int) -> bytes:
    rows = math.ceil(len(images) / columns)
    sheet = Image.new("RGBA", (columns * cell, rows * cell))
    for index, image in enumerate(images):
        small = image if image.width == cell else image.resize((cell, cell), Image.Resampling.LANCZOS)
        sheet.paste(small, (index % columns * cell, index // columns * cell))
    out = io.BytesIO()
    sheet.save(out, "WEBP", quality=90, method=2, alpha_quality=100)
    return out.getvalue()


def _animation(images: list[Image.Image], durations: list[int], **options: Any) -> bytes:
    out = io.BytesIO()
    images[0].save(
        out, "WEBP", save_all=True, append_images=images[1:], duration=durations, loop=0, alpha_quality=100, **options
    )
    return out.getvalue()
