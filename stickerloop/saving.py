"""Files that are there whole or not at all."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from stickerloop.errors import Refused


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """A file beside `path` that takes its name when all is written, and goes when it is not."""
    part: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".stickerloop-", suffix=".part")
        part = Path(name)
        with os.fdopen(handle, "wb") as out:
            yield out
        part.replace(path)
    except OSError as error:
        raise Refused(f"{path} cannot be written: {error.strerror}; choose another place with -o.") from None
    finally:
        if part is not None:
            part.unlink(missing_ok=True)
