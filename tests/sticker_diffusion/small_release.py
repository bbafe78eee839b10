"""A release on disk in small: a red square that moves right, as many clips as lines are given."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from sticker_diffusion.training.clip_folder import METADATA


def release_folder(folder: Path, *lines: dict[str, Any]) -> Path:
    """Each line gets its own clip and sticker; its keys replace the usual ones."""
    for name in ("clips", "stickers"):
        (folder / name).mkdir(parents=True)
    written = []
    for number, line in enumerate(lines):
        pictures = [_square(2 + number + step) for step in range(8)]
        pictures[0].save(
            folder / f"clips/{number}.webp", save_all=True, append_images=pictures[1:], duration=125, lossless=True
        )
        pictures[0].save(folder / f"stickers/{number}.png")
        usual = {
            "file_name": f"clips/{number}.webp",
            "sticker": f"stickers/{number}.png",
            "text": f"square {number} sliding",
            "shareable": 2,
            "shown": 3,
            "checkpoint": "a teacher",
            "settings": {"steps": 8, "frame_rate": 8},
        }
        written.append(json.dumps({**usual, **line}))
    (folder / METADATA).write_text("\n".join(written) + "\n")
    return folder


def _square(left: int) -> Image.Image:
    pixels = np.zeros((32, 32, 4), dtype=np.uint8)
    pixels[8:16, left : left + 8] = (255, 0, 0, 255)
    return Image.fromarray(pixels)
