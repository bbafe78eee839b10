"""The files of an import, in a folder or a zip: nothing outside is read, and no more of one than an image may have."""

import zlib
from pathlib import Path, PurePosixPath
from typing import Protocol
from zipfile import BadZipFile, ZipFile

from annotator.prompts.images import MOST_BYTES
from annotator.prompts.sources.rows import ImportRefusedError

MOST_TABLE_BYTES = 64 * 2**20
MOST_FILES = 100_000


class Files(Protocol):
    def names(self) -> list[str]: ...

    def read(self, place: str, *, most: int = MOST_BYTES) -> bytes:
        """One byte more than `most` of a larger file, so that its reader can tell. ValueError says what is wrong."""
        ...


class Folder:
    def __init__(self, root: Path, *, table: str = "table") -> None:
        self.root, self.table = root.resolve(), table

    def names(self) -> list[str]:
        paths = (path for path in self.root.rglob("*") if path.is_file())
        return sorted(path.relative_to(self.root).as_posix() for path in paths)

    def read(self, place: str, *, most: int = MOST_BYTES) -> bytes:
        try:
            path = (self.root / place).resolve()
            if not path.is_relative_to(self.root):
                raise ValueError(
                    f"{place!r} leads out of the {self.table}'s folder: put the image beside the {self.table}"
                )
            with path.open("rb") as file:
                return file.read(most + 1)
        except (FileNotFoundError, NotADirectoryError):
            raise ValueError(f"There is no file {place!r} beside the {self.table}") from None
        except OSError as error:
            raise ValueError(f"{place!r} cannot be read: {error.strerror}") from None


class Archive:
    """A zip, read in place. The sizes that it states are not believed: reading stops at the limit."""

    def __init__(self, zipped: ZipFile) -> None:
        self.zipped = zipped
        names = [info.filename for info in zipped.infolist() if not info.is_dir()]
        if len(names) > MOST_FILES:
            raise ImportRefusedError([f"the zip has {len(names):,} files: at most {MOST_FILES:,} are taken"])
        self.members = set(names)

    def names(self) -> list[str]:
        return sorted(name for name in self.members if not name.startswith("__MACOSX/"))

    def read(self, place: str, *, most: int = MOST_BYTES) -> bytes:
        path = PurePosixPath(place)
        if path.is_absolute() or ".." in path.parts:
            raise ValueError(f"{place!r} leads out of the zip: name a file inside it")
        name = place if place in self.members else str(path)
        if name not in self.members:
            raise ValueError(f"There is no file {place!r} in the zip")
        try:
            with self.zipped.open(name) as file:
                return file.read(most + 1)
        except (BadZipFile, zlib.error, EOFError, OSError, RuntimeError, NotImplementedError) as error:
            raise ValueError(f"{place!r} cannot be unpacked: {error}") from None
