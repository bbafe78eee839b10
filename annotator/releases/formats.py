"""Rows of labels as text, piece by piece: CSV and JSON Lines."""

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from annotator import spreadsheets
from annotator.releases.labels import COLUMNS


def csv_lines(rows: Iterable[dict[str, Any]]) -> Iterator[str]:
    return spreadsheets.csv_lines(COLUMNS, rows)


def json_lines(rows: Iterable[dict[str, Any]]) -> Iterator[str]:
    for row in rows:
        yield json.dumps(row, ensure_ascii=False) + "\n"


FORMATS: dict[str, tuple[str, Callable[[Iterable[dict[str, Any]]], Iterator[str]]]] = {
    "jsonl": ("application/x-ndjson", json_lines),
    "csv": ("text/csv; charset=utf-8", csv_lines),
}
