"""Prompts from a CSV file: the whole file or nothing, and every bad row told with its row and column."""

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from django.db import transaction

from annotator.accounts.models import User
from annotator.prompts.models import Prompt, PromptSet, Split
from annotator.prompts.prompts import (
    clean_caption,
    clean_external_id,
    create_prompt_set,
    derived_external_id,
    store_sticker,
)

NEEDED = ("caption", "sticker")
KNOWN = (*NEEDED, "external_id", "split")
MOST_BYTES_A_FIELD = 100_000


class ImportRefusedError(Exception):
    """`problems`: one sentence a fault, each naming row and column."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass
class Reading:
    """The rows of a file as they are checked; `ids` maps each external_id to the row that had it first."""

    prompts: list[Prompt] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    ids: dict[str, int] = field(default_factory=dict)


def import_prompts(
    *, file: Path, set_name: str, by: User, licence: str = "", description: str = ""
) -> tuple[PromptSet, int, int]:
    """The set (made when it is new), how many prompts were added, and how many were there already, unchanged.

    Images are stored as blobs on the way; when the file is refused, only such blobs remain, and a sweep takes them.
    """
    reading = read(file)
    if not reading.problems and not reading.prompts:
        reading.problems.append(f"{file.name} has a header and no rows: there is nothing to import")
    if reading.problems:
        raise ImportRefusedError(reading.problems)
    with transaction.atomic():
        prompt_set = PromptSet.objects.filter(name=set_name).first()
        if prompt_set is None:
            prompt_set = create_prompt_set(name=set_name, by=by, description=description, licence=licence)
        new = unlike_existing(prompt_set, reading)
        for prompt in new:
            prompt.prompt_set = prompt_set
        Prompt.objects.bulk_create(new, batch_size=500)
    return prompt_set, len(new), len(reading.prompts) - len(new)


def unlike_existing(prompt_set: PromptSet, reading: Reading) -> list[Prompt]:
    """The prompts that the set has not; refused when an external_id means something else there."""
    existing = {prompt.external_id: prompt for prompt in prompt_set.prompts.iterator()}
    new, problems = [], []
    for prompt in reading.prompts:
        there = existing.get(prompt.external_id)
        if there is None:
            new.append(prompt)
        elif (there.caption, there.sticker, there.split) != (prompt.caption, prompt.sticker, prompt.split):
            row = reading.ids[prompt.external_id]
            problems.append(
                f"row {row}, column external_id: {prompt.external_id!r} is in the set with another caption, sticker "
                "or split: give the row an id of its own"
            )
    if problems:
        raise ImportRefusedError(problems)
    return new


def read(file: Path) -> Reading:
    reading = Reading()
    csv.field_size_limit(MOST_BYTES_A_FIELD)
    try:
        # The spreadsheet's own mark at the start of a UTF-8 file is no part of the first column's name.
        with file.open(newline="", encoding="utf-8-sig") as lines:
            rows = csv.DictReader(lines, strict=True)
            for number, row in numbered(rows, file):
                read_row(reading, folder=file.parent, number=number, row=row)
    except UnicodeDecodeError as error:
        raise ImportRefusedError([f"{file.name} is not UTF-8 (byte {error.start}): save it as CSV UTF-8"]) from None
    except OSError as error:
        raise ImportRefusedError([f"{file} cannot be read: {error.strerror}"]) from None
    return reading


def numbered(rows: "csv.DictReader[str]", file: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """The rows as a spreadsheet numbers them (the header is row 1), after a look at the header."""
    number = 1
    try:
        header = [name.strip() for name in rows.fieldnames or []]
        rows.fieldnames = header
        missing = [name for name in NEEDED if name not in header]
        strange = [name for name in header if name not in KNOWN]
        if missing or strange or len(set(header)) < len(header):
            raise ImportRefusedError(
                [
                    f"{file.name}, row 1: the header is {', '.join(header) or 'empty'}; the columns are "
                    f"{' and '.join(NEEDED)}, and if you like external_id and split, once each"
                ]
            )
        for row in rows:
            number += 1
            yield number, row
    except csv.Error as error:
        raise ImportRefusedError([f"{file.name}, row {number + 1}: not CSV as it should be: {error}"]) from None


def read_row(reading: Reading, *, folder: Path, number: int, row: dict[str, str]) -> None:
    if None in row or None in row.values():
        reading.problems.append(f"row {number}: it has more or fewer fields than the header: is a quote missing?")
        return
    before = len(reading.problems)

    def checked(column: str, check: Callable[[str], str]) -> str:
        try:
            return check(row[column])
        except ValueError as error:
            reading.problems.append(f"row {number}, column {column}: {error}")
            return ""

    caption = checked("caption", clean_caption)
    sticker = checked("sticker", lambda place: store_sticker(sticker_bytes(folder, place)))
    split = checked("split", clean_split) if "split" in row else Split.HITL.value
    external_id = checked("external_id", clean_external_id) if "external_id" in row else ""
    if len(reading.problems) > before:
        return
    external_id = external_id or derived_external_id(caption=caption, sticker=sticker)
    first = reading.ids.setdefault(external_id, number)
    if first != number:
        what = f"{external_id!r} is that of row {first}" if "external_id" in row else f"it is the same as row {first}"
        reading.problems.append(f"row {number}, column external_id: {what}: each prompt comes once")
        return
    reading.prompts.append(Prompt(external_id=external_id, caption=caption, sticker=sticker, split=split))


def clean_split(text: str) -> str:
    split = text.strip().lower() or Split.HITL.value
    if split not in Split.values:
        raise ValueError(f"{text!r} is no split: {' or '.join(Split.values)} is expected")
    return split


def sticker_bytes(folder: Path, place: str) -> bytes:
    """The image file that a row names, which must lie in the CSV file's own folder or below."""
    if not place.strip():
        raise ValueError("It is empty: the image's file is expected, relative to the CSV file")
    try:
        root = folder.resolve()
        path = (root / place.strip()).resolve()
        if not path.is_relative_to(root):
            raise ValueError(f"{place!r} leads out of the CSV file's folder: put the image beside the CSV file")
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        raise ValueError(f"There is no file {place!r} beside the CSV file") from None
    except OSError as error:
        raise ValueError(f"{place!r} cannot be read: {error.strerror}") from None
