"""Captions as people would type them: many ways to say a verb, with and without the sticker's name."""

from __future__ import annotations

import random
import re
from collections.abc import Callable

from sticker_diffusion.stickers.motions import DEFAULT_VERB, MOTIONS, motion_of

_SHORT_VERB = re.compile(r"[^aeiou]*[aeiou][bdgmnpt]")
_SHAPE_WORDS = {"face", "symbol", "sign", "with", "of", "and", "heavy", "black", "white"}
_MOODS = ("happy", "little", "cute", "funny", "cool", "sweet", "tiny", "big", "silly")
_NAMED = (
    "{name} {doing}",
    "a {name} {doing}",
    "the {name} is {doing}",
    "a {mood} {name} {doing}",
    "{name}, {doing}",
    "{doing} {name}",
    "{name} {does}",
    "the {name} {does}",
    "make the {name} {do}",
    "a {name} that {does}",
    "{mood} {name} {doing}",
    "i want the {name} to {do}",
    "look at the {name} {doing}",
    "my {name} {does} all day",
    "can the {name} {do}",
    "watch this {name} {do}",
)
_NAMELESS = ("{doing}", "{do}!", "{do}", "it {does}", "{doing}!", "make it {do}", "it is {doing}", "please {do}")
_NAMED_THING = ("{name} {thing}", "a {name} {thing}", "a {mood} {name} {thing}", "{name}, {thing}", "{thing}: {name}")
_STILL = (
    "{name}",
    "a {name}",
    "a {mood} {name}",
    "the {name}",
    "{mood} {name}",
    "my favourite {name}",
    "{name} sticker",
)
_NOTHING_SAID = (
    "?",
    "...",
    "!",
    "😀",
    "❤️",
    "🐸🐸",
    "ok",
    "hi",
    "lol",
    "123",
    "2026",
    "una cosa",
    "ein ding",
    "c'est ça",
    "qwfp",
    "zxcv",
)
_WITHOUT_VERB = 0.5
"""Share of the default verb's captions that have no verb; of these, a third says nothing at all."""


def participle(phrase: str) -> str:
    """The -ing form of a phrase's verbs: "hop twice" -> "hopping twice", "yawn & nod" -> "yawning and nodding"."""
    return _inflected(phrase, _ing)


def third_person(phrase: str) -> str:
    """The -s form of a phrase's verbs: "cry a river" -> "cries a river"."""
    return _inflected(phrase, _s)


def base_form(phrase: str) -> str:
    """The phrase itself, "&" written out."""
    return _inflected(phrase, str)


def _inflected(phrase: str, form: Callable[[str], str]) -> str:
    """Inflects the first word, and the first after each "&"."""
    parts = [part.partition(" ") for part in phrase.split(" & ")]
    return " and ".join(form(verb) + space + rest for verb, space, rest in parts)


def _ing(verb: str) -> str:
    if _SHORT_VERB.fullmatch(verb):
        return verb + verb[-1] + "ing"
    if verb.endswith("e") and not verb.endswith(("ee", "ye", "oe")):
        return verb[:-1] + "ing"
    return verb + "ing"


def _s(verb: str) -> str:
    if verb.endswith("y") and verb[-2] not in "aeiou":
        return verb[:-1] + "ies"
    return verb + ("es" if verb.endswith(("s", "sh", "ch", "x", "z")) else "s")


def _words_that_move() -> frozenset[str]:
    """Words of emoji names that would tell another motion than the caption's, such as "crying" or "rolling"."""
    forms: set[str] = set()
    for motion in MOTIONS.values():
        for phrase in motion.says:
            verb = phrase.split()[0]
            forms |= {verb, participle(verb), third_person(verb)}
        forms |= {motion.verb}
    return frozenset(forms)


_MOVING = _words_that_move()


def subject_of(name: str, rng: random.Random) -> str:
    """An emoji's name as a subject: without words that tell a motion, often without "face" and the like, and short."""
    words = [word for word in re.findall(r"[a-z0-9]+", name.replace("-", " ")) if word not in _MOVING]
    if rng.random() < 0.7:
        words = [word for word in words if word not in _SHAPE_WORDS] or words
    if len(words) > 3:
        words = words[:2] if rng.random() < 0.5 else words[-2:]
    elif len(words) > 1 and rng.random() < 0.15:
        words.pop(rng.randrange(len(words)))
    return " ".join(words) or "sticker"


def caption_of(verb: str, name: str, rng: random.Random) -> str:
    """A caption, never empty, that says `verb` about the sticker called `name`.

    A caption without any verb means DEFAULT_VERB, so half of that verb's captions have none.
    """
    motion = motion_of(verb)
    subject = subject_of(name, rng)
    mood = rng.choice(_MOODS)
    if verb == DEFAULT_VERB and rng.random() < _WITHOUT_VERB:
        said = _NOTHING_SAID if rng.random() < 1 / 3 else _STILL
        return rng.choice(said).format(name=subject, mood=mood)
    things = len(motion.with_things)
    if rng.random() < things / (things + len(motion.says)):
        thing = rng.choice(motion.with_things)
        return thing if rng.random() < 0.2 else rng.choice(_NAMED_THING).format(name=subject, mood=mood, thing=thing)
    phrase = rng.choice(motion.says)
    pattern = rng.choice(_NAMED) if rng.random() < 0.75 else rng.choice(_NAMELESS)
    return pattern.format(
        name=subject, mood=mood, do=base_form(phrase), doing=participle(phrase), does=third_person(phrase)
    )
