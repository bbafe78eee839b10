"""Rows of a JSON Lines file, numbered by line. Keys that say nothing of a prompt are passed over."""

import json
from collections.abc import Iterator

from annotator.prompts.sources.rows import KNOWN, NEEDED, SAME, Row


def json_rows(text: str) -> Iterator[Row]:
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            yield json_row(line, place=f"row {number}")


def json_row(line: str, *, place: str) -> Row:
    try:
        told = json.loads(line)
    except (ValueError, RecursionError) as error:
        return Row(place, {}, f"it is not JSON: {error}")
    if not isinstance(told, dict):
        return Row(place, {}, "it is not a JSON object: {…} is expected on each line")
    values = {SAME.get(key, key): value for key, value in told.items()}
    for column in KNOWN:
        value = values.get(column)
        if column in NEEDED and value is None:
            return Row(place, {}, f"column {column} is absent")
        if value is not None and not isinstance(value, str):
            return Row(place, {}, f"column {column}: {value!r:.40} is not text: put it in quotes")
    return Row(place, {column: values[column] for column in KNOWN if values.get(column) is not None})
