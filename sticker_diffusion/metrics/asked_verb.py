"""Which verb does a caption ask for? A rule over the phrases of the motions, silent when unsure."""

from __future__ import annotations

from functools import lru_cache

from sticker_diffusion.stickers.captions import base_form, participle, third_person
from sticker_diffusion.stickers.motions import MOTIONS
from sticker_diffusion.text import words_of

Words = tuple[str, ...]


@lru_cache(maxsize=1)
def _phrases() -> dict[Words, str]:
    """Every way to say a verb, as words; a phrase that two verbs share is left out."""
    verbs: dict[Words, set[str]] = {}
    for motion in MOTIONS.values():
        inflected = [form(phrase) for phrase in motion.says for form in (base_form, participle, third_person)]
        for phrase in (motion.verb, *inflected, *motion.with_things):
            verbs.setdefault(tuple(words_of(phrase)), set()).add(motion.verb)
    return {words: next(iter(meant)) for words, meant in verbs.items() if len(meant) == 1}


def asked_verb(caption: str) -> str | None:
    """The one verb whose phrases stand in the caption; None where there is none, or more than one.

    Of phrases within one another only the longest counts: "burst into tears" is not also "burst".
    """
    phrases = _phrases()
    longest = max(map(len, phrases))
    words = tuple(words_of(caption))
    meant: set[str] = set()
    start = 0
    while start < len(words):
        found = next((n for n in range(longest, 0, -1) if words[start : start + n] in phrases), 0)
        if found:
            meant.add(phrases[words[start : start + found]])
        start += max(found, 1)
    return meant.pop() if len(meant) == 1 else None
