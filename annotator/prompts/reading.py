"""A source's rows, checked one by one: prompts not yet stored, and what is wrong with the others."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from annotator.prompts.models import Prompt, PromptSet, Split
from annotator.prompts.prompts import clean_caption, clean_external_id, derived_external_id, store_sticker
from annotator.prompts.sources.opening import Source, opened
from annotator.prompts.sources.rows import ImportRefusedError, Row


@dataclass(frozen=True)
class Choices:
    """`heldout_share` is used where a row names no split: equal stickers fall on the same side."""

    accept_photos: bool = False
    heldout_share: float = 0.0


@dataclass(frozen=True)
class Problem:
    """What is wrong with a row, or with a column of it."""

    place: str
    column: str
    sentence: str

    def __str__(self) -> str:
        return (
            f"{self.place}, column {self.column}: {self.sentence}" if self.column else f"{self.place}: {self.sentence}"
        )


@dataclass
class Reading:
    """The rows of a source; `ids` maps each external_id to the place that had it first. `there` counts the prompts that
    the set has already: they are not in `prompts`."""

    prompts: list[Prompt] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    ids: dict[str, str] = field(default_factory=dict)
    there: int = 0
    captions_from_names: bool = False

    @property
    def bad_rows(self) -> int:
        return len({problem.place for problem in self.problems})


def read_source(
    *, file: Path, set_name: str, choices: Choices, progress: Callable[[int, int], None] = lambda read, total: None
) -> Reading:
    """Reads and checks every row against the others and against the set of this name, if there is one.

    Images are stored as blobs on the way; what no prompt comes to use, a sweep takes. `progress` hears rows read and
    rows in all. Raises ImportRefusedError where the source as a whole cannot be read.
    """
    with opened(file) as source:
        reading = Reading(captions_from_names=source.captions_from_names)
        for count, row in enumerate(source.rows, 1):
            read_row(reading, source=source, row=row, choices=choices)
            progress(count, len(source.rows))
    if not reading.problems and not reading.prompts:
        what = "no image" if source.captions_from_names else "a header and no rows"
        raise ImportRefusedError([f"{file.name} has {what}: there is nothing to import"])
    compare(reading, PromptSet.objects.filter(name=set_name).first())
    return reading


def compare(reading: Reading, prompt_set: PromptSet | None) -> None:
    """Leaves out the prompts that the set has, and those whose external_id means something else there."""
    if prompt_set is None:
        return
    existing = {prompt.external_id: prompt for prompt in prompt_set.prompts.iterator()}
    new = []
    for prompt in reading.prompts:
        there = existing.get(prompt.external_id)
        if there is None:
            new.append(prompt)
        elif (there.caption, there.sticker, there.split) == (prompt.caption, prompt.sticker, prompt.split):
            reading.there += 1
        else:
            sentence = (
                f"{prompt.external_id!r} is in the set with another caption, sticker or split: give the row an id of "
                "its own"
            )
            reading.problems.append(Problem(reading.ids[prompt.external_id], "external_id", sentence))
    reading.prompts = new


def read_row(reading: Reading, *, source: Source, row: Row, choices: Choices) -> None:
    if row.problem:
        reading.problems.append(Problem(row.place, "", row.problem))
        return
    before = len(reading.problems)

    def checked(column: str, check: Callable[[str], str]) -> str:
        try:
            return check(row.values[column])
        except ValueError as error:
            reading.problems.append(Problem(row.place, column, str(error)))
            return ""

    def stored(place: str) -> str:
        if not place.strip():
            raise ValueError("It is empty: the image's file is expected, relative to the table")
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
        reading.problems.append(Problem(row.place, "external_id", f"{what}: each prompt comes once"))
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
