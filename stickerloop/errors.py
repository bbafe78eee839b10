class Refused(Exception):  # noqa: N818
    """One sentence for the person at the terminal: what was wrong, where, what would be right."""

    def __init__(self, sentence: str, status: int = 0) -> None:
        super().__init__(sentence)
        self.status = status
