"""Rows of a CSV file, numbered as a spreadsheet numbers them: the header is row 1."""

import csv
from collections.abc import Iterator
from io import StringIO

from annotator.prompts.sources.rows import KNOWN, NEEDED, SAME, ImportRefusedError, Row

MOST_BYTES_A_FIELD = 100_000


def csv_rows(text: str, *, name: str) -> Iterator[Row]:
    csv.field_size_limit(MOST_BYTES_A_FIELD)
    rows = csv.DictReader(StringIO(text, newline=""), strict=True)
    number = 1
    try:
        written = [column.strip() for column in rows.fieldnames or []]
        header = [SAME.get(column, column) for column in written]
        rows.fieldnames = header
        missing = [column for column in NEEDED if column not in header]
        strange = [column for column in header if column not in KNOWN]
        if missing or strange or len(set(header)) < len(header):
            raise ImportRefusedError(
                [
                    f"{name}, row 1: the header is {', '.join(written) or 'empty'}; the columns are "
                    f"{' and '.join(NEEDED)}, and if you like external_id and split, once each"
                ]
            )
        for values in rows:
            number += 1
            broken = None in values or None in values.values()
            problem = "it has more or fewer fields than the header: is a quote missing?" if broken else ""
            yield Row(place=f"row {number}", values=values, problem=problem)
    except csv.Error as error:
        raise ImportRefusedError([f"{name}, row {number + 1}: not CSV as it should be: {error}"]) from None
