from collections.abc import Collection


class Refused(Exception):  # noqa: N818
    """One sentence for the person at the terminal: what was wrong, where, what would be right."""

    def __init__(self, sentence: str, status: int = 0, fields: Collection[str] = ()) -> None:
        super().__init__(sentence)
        self.status, self.fields = status, fields
