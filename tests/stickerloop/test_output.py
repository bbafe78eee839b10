"""What people read where scripts get JSON."""

import pytest

from stickerloop.output import in_words


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (False, "no"),
        (0, "0"),
        (["hitl", "heldout"], "hitl, heldout"),
        ({"ready": 3, "failed": 0, "error": "", "rate": None}, "ready 3, failed 0"),
        ({"clips": {"ready": 3}, "tasks": {}}, "clips (ready 3)"),
        ([{"name": "plain", "clips": 2}, {"name": "general"}], "name plain, clips 2\nname general"),
    ],
)
def test_values_are_told_in_a_line_each(value: object, text: str) -> None:
    assert in_words(value) == text
