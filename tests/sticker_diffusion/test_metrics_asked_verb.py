"""Which verb a caption asks for, by rule."""

import random

import pytest

from sticker_diffusion.metrics.asked_verb import asked_verb
from sticker_diffusion.stickers.captions import caption_of
from sticker_diffusion.stickers.motions import DEFAULT_VERB, VERBS


@pytest.mark.parametrize(
    ("caption", "verb"),
    [
        ("a happy dog JUMPING!", "jumping"),
        ("The cat cries a river", "tears"),
        ("make it bounce", "bouncing"),
        ("a fox in love", "hearts"),
        ("a robot, growing and shrinking", "pulsing"),
    ],
)
def test_a_verb_is_found_in_any_form(caption: str, verb: str) -> None:
    assert asked_verb(caption) == verb


def test_of_phrases_within_one_another_the_longest_counts() -> None:
    assert asked_verb("a tomato bouncing like a ball") == "bouncing"
    assert asked_verb("a tomato rolling like a ball") == "rolling"
    assert asked_verb("a bun bursting into tears") == "tears"
    assert asked_verb("a bun bursting out") == "popping"


@pytest.mark.parametrize(
    "caption", ["", "!?", "a dog", "a dog jumping while spinning", "Hund springt", "🐶", "x " * 500]
)
def test_nothing_is_said_of_a_caption_without_a_verb_or_with_two(caption: str) -> None:
    assert asked_verb(caption) is None


def test_the_captions_of_the_data_are_understood_and_those_without_a_verb_are_not_guessed() -> None:
    rng = random.Random(1)
    for verb in VERBS:
        found = {asked_verb(caption_of(verb, "dog face", rng)) for _ in range(60)}
        assert found == ({verb, None} if verb == DEFAULT_VERB else {verb})
