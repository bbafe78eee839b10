"""What a shared file is called."""

import re

from inference_worker.formats.table import Format

LONGEST = 60


def file_name(caption: str, wanted: Format) -> str:
    """`a-dog-jumping-telegram.webm`: the caption's letters and digits, of any script, and what the file is for."""
    words = re.findall(r"\w+", caption.lower().replace("_", " "))
    stem = "-".join(words)[:LONGEST].strip("-") or "sticker"
    return f"{stem}-{wanted.name}.{wanted.container.suffix}"
