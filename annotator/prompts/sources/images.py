"""Rows of images without a table: the caption is the file's name in words."""

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from annotator.prompts.sources.rows import Row

SUFFIXES = (".png", ".webp", ".gif", ".jpg", ".jpeg")


def image_rows(names: list[str]) -> Iterator[Row]:
    for name in names:
        if PurePosixPath(name).suffix.lower() in SUFFIXES:
            words = re.sub(r"[-_\s]+", " ", PurePosixPath(name).stem).strip()
            yield Row(place=f"file {name}", values={"caption": words, "sticker": name})
