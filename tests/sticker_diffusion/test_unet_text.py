"""Captions become states that do not depend on the company they are in."""

import torch

from sticker_diffusion.text import TextEncoder, TextSettings, word_pieces

SETTINGS = TextSettings(buckets=512, width=16, layers=1, heads=2)


@torch.no_grad()
def test_a_caption_is_the_same_alone_and_beside_a_longer_one() -> None:
    encoder = TextEncoder(SETTINGS).eval()
    alone = encoder(["a dog"])
    together = encoder(["a dog", "the little brown dog jumps over everything"])
    torch.testing.assert_close(alone.states[0], together.states[0, :3])
    torch.testing.assert_close(alone.pooled[0], together.pooled[0])
    assert together.mask[0].tolist() == [True] * 3 + [False] * 5


@torch.no_grad()
def test_case_and_punctuation_do_not_matter_and_signs_alone_are_not_the_null_caption() -> None:
    encoder = TextEncoder(SETTINGS).eval()
    torch.testing.assert_close(encoder(["A Dog, JUMPING!"]).pooled, encoder(["a dog jumping"]).pooled)
    torch.testing.assert_close(encoder(["?!"]).states, encoder(["🐸 ❤️"]).states)
    assert encoder(["?!"]).states.shape != encoder([""]).states.shape
    torch.testing.assert_close(encoder(["  "]).states, encoder([""]).states)
    assert encoder([""]).states.shape == (1, 1, 16)


@torch.no_grad()
def test_a_long_caption_is_cut_and_does_not_fail() -> None:
    encoder = TextEncoder(SETTINGS).eval()
    long = encoder(["jump " * 5000])
    assert long.states.shape[1] == SETTINGS.length
    assert torch.isfinite(long.states).all()


def test_a_typo_shares_most_of_its_pieces_with_the_word() -> None:
    right, typo, other = (set(word_pieces(word, 8192)) for word in ("jumping", "jumpping", "rotate"))
    assert len(right & typo) > 0.5 * len(right)
    assert len(right & other) < 0.2 * len(right)
