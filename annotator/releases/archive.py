"""The zip that an export is, written file by file with the sha256 of each."""

import hashlib
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import IO

SUMS = "SHA256SUMS"
# A zip that is made anew of the same labels is the same, byte for byte.
DATED = (2020, 1, 1, 0, 0, 0)
# These are compressed already.
STORED = {".webp", ".png", ".mp4", ".tar", ".parquet"}
PIECE = 1 << 20


class Archive:
    """Used in a `with`, which ends the zip with SHA256SUMS, as `sha256sum --check` reads it."""

    def __init__(self, file: Path) -> None:
        self.zip = zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1)
        self.sums: dict[str, str] = {}

    def __enter__(self) -> "Archive":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if kind is None:
            self.add(SUMS, "".join(f"{digest}  {name}\n" for name, digest in sorted(self.sums.items())).encode())
        self.zip.close()

    def __contains__(self, name: str) -> bool:
        return name in self.sums

    def add(self, name: str, data: bytes) -> None:
        with self.opened(name) as file:
            file.write(data)

    def add_file(self, name: str, file: Path) -> None:
        with file.open("rb") as read, self.opened(name) as written:
            while piece := read.read(PIECE):
                written.write(piece)

    @contextmanager
    def opened(self, name: str) -> Iterator["Summed"]:
        """A file of the zip to write; one at a time."""
        about = zipfile.ZipInfo(name, DATED)
        about.compress_type = zipfile.ZIP_STORED if Path(name).suffix in STORED else zipfile.ZIP_DEFLATED
        about._compresslevel = 1  # type: ignore[attr-defined]
        about.external_attr = 0o644 << 16
        with self.zip.open(about, "w", force_zip64=True) as file:
            summed = Summed(file)
            yield summed
        self.sums[name] = summed.sha256.hexdigest()


class Summed:
    """A file to write, with the sha256 over what was written."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file, self.sha256 = file, hashlib.sha256()

    def write(self, data: bytes) -> int:
        self.sha256.update(data)
        return self.file.write(data)
