"""From what a person has to rows: a table, or a folder or zip of images with a table or without."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path, PurePosixPath
from zipfile import BadZipFile, ZipFile

from annotator.prompts.sources.files import MOST_TABLE_BYTES, Archive, Files, Folder
from annotator.prompts.sources.images import image_rows
from annotator.prompts.sources.json_lines import json_rows
from annotator.prompts.sources.rows import ImportRefusedError, Row
from annotator.prompts.sources.table import csv_rows

JSON_SUFFIXES = (".jsonl", ".ndjson")
TABLE_SUFFIXES = (".csv", *JSON_SUFFIXES)
MOST_ROWS = 100_000


@dataclass(frozen=True)
class Source:
    """`beside` is the folder, in `files`, from which the rows name their images."""

    name: str
    rows: list[Row]
    files: Files
    beside: str = ""
    captions_from_names: bool = False

    def image(self, place: str) -> bytes:
        return self.files.read(f"{self.beside}{place}")


@contextmanager
def opened(file: Path) -> Iterator[Source]:
    if file.is_dir():
        yield inside(file.name, Folder(file))
    elif file.suffix.lower() == ".zip":
        try:
            with ZipFile(file) as zipped:
                yield inside(file.name, Archive(zipped))
        except BadZipFile as error:
            raise ImportRefusedError([f"{file.name} is no zip: {error}"]) from None
        except OSError as error:
            raise ImportRefusedError([f"{file} cannot be read: {error.strerror}"]) from None
    else:
        try:
            data = file.read_bytes()
        except OSError as error:
            raise ImportRefusedError([f"{file} cannot be read: {error.strerror}"]) from None
        kind = "JSON Lines file" if file.suffix.lower() in JSON_SUFFIXES else "CSV file"
        yield Source(file.name, table_rows(file.name, data), Folder(file.parent, table=kind))


def inside(name: str, files: Files) -> Source:
    names = files.names()
    tables = [place for place in names if PurePosixPath(place).suffix.lower() in TABLE_SUFFIXES]
    if len(tables) > 1:
        several = ", ".join(tables[:5])
        raise ImportRefusedError([f"{name} has several tables ({several}): keep the one with captions and images"])
    if not tables:
        return Source(name, all_of(image_rows(names), name=name), files, captions_from_names=True)
    try:
        data = files.read(tables[0], most=MOST_TABLE_BYTES)
    except ValueError as error:
        raise ImportRefusedError([f"{name}: {error}"]) from None
    beside, _, _ = tables[0].rpartition("/")
    return Source(name, table_rows(tables[0], data), files, beside=f"{beside}/" if beside else "")


def table_rows(name: str, data: bytes) -> list[Row]:
    if len(data) > MOST_TABLE_BYTES:
        raise ImportRefusedError([f"{name} has more than {MOST_TABLE_BYTES // 2**20} MB: split it"])
    json = name.lower().endswith(JSON_SUFFIXES)
    try:
        # The spreadsheet's own mark at the start of a UTF-8 file is no part of the first column's name.
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        kind = "JSON Lines" if json else "CSV"
        raise ImportRefusedError([f"{name} is not UTF-8 (byte {error.start}): save it as {kind} UTF-8"]) from None
    return all_of(json_rows(text) if json else csv_rows(text, name=name), name=name)


def all_of(rows: Iterator[Row], *, name: str) -> list[Row]:
    taken = list(islice(rows, MOST_ROWS + 1))
    if len(taken) > MOST_ROWS:
        raise ImportRefusedError([f"{name} has more than {MOST_ROWS:,} rows: split it"])
    return taken
