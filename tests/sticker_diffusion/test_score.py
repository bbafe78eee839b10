"""The motion score measures the size of a motion, and buckets share it evenly and in order."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from sticker_diffusion.stickers.clips import render_clip
from sticker_diffusion.stickers.score import BUCKETS, bucket_edges, bucket_of, motion_score
from tests.sticker_diffusion.stickers import sticker


def shifting(image: torch.Tensor, pixels: int) -> torch.Tensor:
    """A clip that goes one way by `pixels` a frame for four frames, and back."""
    return torch.stack([image.roll(pixels * (4 - abs(4 - i)), -1) for i in range(8)])


def test_a_still_scores_zero_and_a_shift_by_one_64th_scores_about_one() -> None:
    image = sticker()
    assert float(motion_score(image.expand(1, 8, -1, -1, -1))) == 0
    assert 0.7 < float(motion_score(shifting(image, 1)[None])) < 1.3


def test_contrast_does_not_count() -> None:
    image = sticker("🦝")
    pale = (image + 1) * 0.4 - 1
    scores = motion_score(torch.stack([render_clip(picture, verb="jumping") for picture in (image, pale)]))
    assert torch.allclose(scores[0], scores[1], rtol=0.02)


def test_the_size_in_pixels_does_not_count() -> None:
    small, large = (float(motion_score(render_clip(sticker(size=size), verb="swinging")[None])) for size in (64, 192))
    assert abs(small - large) < 0.25 * small


def test_a_larger_motion_scores_more() -> None:
    image = sticker("🧇")
    scores = [float(motion_score(shifting(image, pixels)[None])) for pixels in (1, 2, 4)]
    assert scores == sorted(scores)


@settings(deadline=None, max_examples=50)
@given(st.lists(st.floats(0, 50, width=32), min_size=40, max_size=200))
def test_buckets_are_in_order_and_in_range(values: list[float]) -> None:
    scores = torch.tensor(values)
    edges = bucket_edges(scores)
    assert edges.shape == (BUCKETS - 1,)
    buckets = bucket_of(scores.sort().values, edges)
    assert bool((buckets.diff() >= 0).all())
    assert int(buckets.min()) >= 1
    assert int(buckets.max()) <= BUCKETS


def test_buckets_share_scores_evenly() -> None:
    scores = torch.rand(3200, generator=torch.Generator().manual_seed(1)) ** 3
    counts = torch.bincount(bucket_of(scores, bucket_edges(scores)), minlength=17)[1:]
    assert int(counts.min()) >= 190
    assert int(counts.max()) <= 210
