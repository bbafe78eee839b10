"""Rows as CSV that opens safely in a spreadsheet, piece by piece."""

import csv
import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from io import StringIO

PIECE_CHARACTERS = 1 << 16
# A spreadsheet takes a cell that begins with one of these for a formula, and a formula can send data away.
FORMULA_MARKS = ("=", "+", "-", "@", "\t", "\r")


def csv_lines(columns: Collection[str], rows: Iterable[Mapping[str, object]]) -> Iterator[str]:
    """A text cell that a spreadsheet would run as a formula gets a leading apostrophe."""
    line = StringIO(newline="")
    writer = csv.writer(line, lineterminator="\r\n")

    def written(cells: Iterable[object]) -> str:
        line.seek(0)
        line.truncate()
        writer.writerow(cells)
        return line.getvalue()

    yield written(columns)
    for row in rows:
        yield written(csv_cell(row[column]) for column in columns)


def csv_cell(value: object) -> object:
    match value:
        case bool():
            return "true" if value else "false"
        case dict() | list():
            return json.dumps(value, sort_keys=True, ensure_ascii=False)
        case str() if value.startswith(FORMULA_MARKS):
            return f"'{value}"
    return value


def in_pieces(lines: Iterable[str]) -> Iterator[bytes]:
    """UTF-8 in pieces worth sending one by one."""
    waiting: list[str] = []
    size = 0
    for line in lines:
        waiting.append(line)
        size += len(line)
        if size >= PIECE_CHARACTERS:
            yield "".join(waiting).encode()
            waiting, size = [], 0
    yield "".join(waiting).encode()
