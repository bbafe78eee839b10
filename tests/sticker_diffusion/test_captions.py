"""Captions say their verb in many ways, and are never empty."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sticker_diffusion.stickers.captions import caption_of, participle, subject_of, third_person
from sticker_diffusion.stickers.motions import DEFAULT_VERB, MOTIONS, VERBS


@pytest.mark.parametrize(
    ("phrase", "doing", "does"),
    [
        ("hop twice", "hopping twice", "hops twice"),
        ("wiggle", "wiggling", "wiggles"),
        ("cry a river", "crying a river", "cries a river"),
        ("sway", "swaying", "sways"),
        ("stretch up", "stretching up", "stretches up"),
        ("agree", "agreeing", "agrees"),
        ("yawn & stretch", "yawning and stretching", "yawns and stretches"),
        ("spin", "spinning", "spins"),
        ("float", "floating", "floats"),
        ("quiver like jelly", "quivering like jelly", "quivers like jelly"),
    ],
)
def test_verbs_are_inflected(phrase: str, doing: str, does: str) -> None:
    assert (participle(phrase), third_person(phrase)) == (doing, does)


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_is_said_in_ten_ways_or_more(verb: str) -> None:
    rng = random.Random(1)
    assert len({caption_of(verb, "dog face", rng) for _ in range(400)}) >= 30
    motion = MOTIONS[verb]
    assert 3 * len(motion.says) + len(motion.with_things) >= 10


@given(verb=st.sampled_from(VERBS), name=st.text(max_size=40), seed=st.integers(0, 2**32))
def test_a_caption_is_never_empty_and_has_no_gaps(verb: str, name: str, seed: int) -> None:
    caption = caption_of(verb, name, random.Random(seed))
    assert caption.strip() == caption
    assert caption
    assert "  " not in caption
    assert "{" not in caption
    assert "&" not in caption


def test_a_name_keeps_no_word_of_another_motion() -> None:
    rng = random.Random(0)
    subjects = {subject_of("loudly crying face", rng) for _ in range(50)}
    assert all("crying" not in subject for subject in subjects)


def test_only_the_default_verb_has_captions_without_a_verb() -> None:
    rng = random.Random(3)
    bare = {"dog", "a dog", "the dog"}
    for verb in VERBS:
        captions = {caption_of(verb, "dog", rng) for _ in range(500)}
        assert bool(captions & bare) == (verb == DEFAULT_VERB), verb


def test_with_the_same_seed_the_same_captions() -> None:
    first, second = ([caption_of("jumping", "cat", random.Random(7)) for _ in range(3)] for _ in range(2))
    assert first == second
