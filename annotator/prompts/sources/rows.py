from dataclasses import dataclass

NEEDED = ("caption", "sticker")
KNOWN = (*NEEDED, "external_id", "split")
# The names that a Hugging Face ImageFolder has for the same things.
SAME = {"text": "caption", "file_name": "sticker"}


class ImportRefusedError(Exception):
    """`problems`: one sentence a fault, each naming row and column, or the file."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True)
class Row:
    """`place` is how a person finds it ("row 3"); `problem` says why its values could not be read at all."""

    place: str
    values: dict[str, str]
    problem: str = ""
