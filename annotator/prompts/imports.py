"""Prompts from a source: all of it or nothing, unless good rows only are asked for, and every bad row is told."""

from collections.abc import Callable
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
from annotator.prompts.sources.opening import Source, opened
from annotator.prompts.sources.rows import ImportRefusedError, Row


@dataclass(frozen=True)
class Choices:
    """`heldout_share` is used where a row names no split: equal stickers fall on the same side."""

    accept_photos: bool = False
    good_rows_only: bool = False
    heldout_share: float = 0.0


@dataclass(frozen=True)
class Imported:
    """What became of a file; `problems` are those of the rows left out."""

    prompt_set: PromptSet
    added: int
    there: int
    problems: list[str]
    captions_from_names: bool


@dataclass
class Reading:
    """The rows of a file as they are checked; `ids` maps each external_id to the place that had it first."""

    prompts: list[Prompt] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    ids: dict[str, str] = field(default_factory=dict)


def import_prompts(
    *,
    file: Path,
    set_name: str,
    by: User,
    licence: str = "",
    description: str = "",
    choices: Choices = Choices(),
    progress: Callable[[int], None] = lambda rows: None,
) -> Imported:
    """Reads and checks every row, then stores the prompts in one transaction. The set is made when it is new.

    Images are stored as blobs on the way; when the file is refused, only such blobs remain, and a sweep takes them.
    """
    reading = Reading()
    with opened(file) as source:
        for count, row in enumerate(source.rows, 1):
            read_row(reading, source=source, row=row, choices=choices)
            progress(count)
    if not reading.problems and not reading.prompts:
        what = "no image" if source.captions_from_names else "a header and no rows"
        reading.problems.append(f"{file.name} has {what}: there is nothing to import")
    if reading.problems and not (choices.good_rows_only and reading.prompts):
        raise ImportRefusedError(reading.problems)
    with transaction.atomic():
        prompt_set = PromptSet.objects.filter(name=set_name).first()
        if prompt_set is None:
            prompt_set = create_prompt_set(name=set_name, by=by, description=description, licence=licence)
        new = unlike_existing(prompt_set, reading)
        for prompt in new:
            prompt.prompt_set = prompt_set
        Prompt.objects.bulk_create(new, batch_size=500)
    return Imported(
        prompt_set=prompt_set,
        added=len(new),
        there=len(reading.prompts) - len(new),
        problems=reading.problems,
        captions_from_names=source.captions_from_names,
    )


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
                f"{row}, column external_id: {prompt.external_id!r} is in the set with another caption, sticker "
                "or split: give the row an id of its own"
            )
    if problems:
        raise ImportRefusedError(problems)
    return new


def read_row(reading: Reading, *, source: Source, row: Row, choices: Choices) -> None:
    if row.problem:
        reading.problems.append(f"{row.place}: {row.problem}")
        return
    before = len(reading.problems)

    def checked(column: str, check: Callable[[str], str]) -> str:
        try:
            return check(row.values[column])
        except ValueError as error:
            reading.problems.append(f"{row.place}, column {column}: {error}")
            return ""

    def stored(place: str) -> str:
        if not place.strip():
            raise ValueError("It is empty: the image's file is expected, relative to the CSV file")
        photos = choices.accept_photos
        return store_sticker(source.image(place.strip()), accept_opaque=photos, accept_jpeg=photos)

    caption = checked("caption", clean_caption)
    sticker = checked("sticker", stored)
    told_split = "split" in row.values
    split = checked("split", clean_split) if told_split else split_of(sticker, heldout_share=choices.heldout_share)
    external_id = checked("external_id", clean_external_id) if "external_id" in row.values else ""
    if len(reading.problems) > before:
        return
    external_id = external_id or derived_external_id(caption=caption, sticker=sticker)
    first = reading.ids.setdefault(external_id, row.place)
    if first != row.place:
        told = "external_id" in row.values
        what = f"{external_id!r} is that of {first}" if told else f"it is the same as {first}"
        reading.problems.append(f"{row.place}, column external_id: {what}: each prompt comes once")
        return
    reading.prompts.append(Prompt(external_id=external_id, caption=caption, sticker=sticker, split=split))


def split_of(sticker: str, *, heldout_share: float) -> str:
    """By the sticker's hash, which its blob name starts with; no other row has a say in it."""
    heldout = bool(sticker) and int(sticker[:8], 16) < heldout_share * 2**32
    return (Split.HELDOUT if heldout else Split.HITL).value


def clean_split(text: str) -> str:
    split = text.strip().lower() or Split.HITL.value
    if split not in Split.values:
        raise ValueError(f"{text!r} is no split: {' or '.join(Split.values)} is expected")
    return split
