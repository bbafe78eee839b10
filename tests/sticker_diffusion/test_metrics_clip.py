"""All figures of one finished clip, whatever it is."""

import dataclasses
import json

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from sticker_diffusion.metrics.clip_metrics import ClipError, measure
from sticker_diffusion.metrics.relevance import STATIC
from sticker_diffusion.stickers.clips import render_clip
from sticker_diffusion.stickers.image import straight_bytes
from sticker_diffusion.stickers.sticker_folder import straight_image
from tests.sticker_diffusion.stickers import sticker


def jumping(frames: int = 8, size: int = 64) -> Tensor:
    return render_clip(sticker(size=size), verb="jumping", frames=frames)


def test_a_good_clip_has_good_figures() -> None:
    metrics = measure(jumping(), sticker(), "a crab that jumps")
    assert (metrics.frames, metrics.frozen) == (8, False)
    assert (metrics.verb_seen, metrics.verb_asked, metrics.recognised) == ("jumping", "jumping", True)
    assert metrics.verb_seen_probability == metrics.verb_asked_probability
    assert metrics.verb_seen_probability is not None
    assert 0.5 < metrics.verb_seen_probability <= 1
    assert 2 < metrics.motion_size < 12
    assert metrics.bucket > 8
    assert metrics.identity_db is not None
    assert metrics.identity_db > 40
    assert metrics.sharpness is not None
    assert 0.7 < metrics.sharpness < 1.05
    assert 0.3 < metrics.seam_ratio < 2.5
    assert metrics.flicker < 0.6
    assert metrics.nearest_motion is None


def test_bytes_of_the_full_size_say_the_same_as_floats_of_it() -> None:
    clip = jumping(size=96)
    image = straight_image((sticker(size=96) + 1) / 2)
    floats, whole = measure(clip, sticker(size=96), "jump"), measure(straight_bytes(clip), image, "jump")
    for name, value in dataclasses.asdict(floats).items():
        expected = pytest.approx(value, rel=0.03, abs=0.03) if isinstance(value, float) else value
        assert getattr(whole, name) == expected, name


def test_a_caption_that_asks_for_something_else_is_not_met() -> None:
    metrics = measure(jumping(), sticker(), "a sleeping crab, snoring")
    assert (metrics.verb_asked, metrics.recognised) == ("sleeping", False)
    assert metrics.verb_asked_probability is not None
    assert metrics.verb_asked_probability < 0.1


@pytest.mark.parametrize("caption", [None, "a crab"])
def test_without_a_verb_asked_for_nothing_is_said_of_relevance(caption: str | None) -> None:
    metrics = measure(jumping(), sticker(), caption)
    assert (metrics.verb_asked, metrics.verb_asked_probability, metrics.recognised) == (None, None, None)
    assert metrics.verb_seen == "jumping"


def test_the_nearest_motion_is_named_on_demand() -> None:
    assert measure(jumping(), sticker(), nearest=True).nearest_motion == "jumping"


def test_a_blurred_clip_is_less_sharp_and_less_the_sticker() -> None:
    clip = jumping(size=96)
    soft = F.avg_pool2d(clip, 5, stride=1, padding=2, count_include_pad=False)
    clean, blurred = (measure(frames, sticker(size=96)) for frames in (clip, soft))
    assert clean.sharpness is not None
    assert blurred.sharpness is not None
    assert blurred.sharpness < 0.75 * clean.sharpness
    assert clean.identity_db is not None
    assert blurred.identity_db is not None
    assert blurred.identity_db < clean.identity_db - 10


@pytest.mark.parametrize("frames", [12, 16, 24])
def test_clips_of_any_length_are_measured_in_their_loop(frames: int) -> None:
    metrics = measure(jumping(frames), sticker(), "jump")
    eight = measure(jumping(), sticker(), "jump")
    assert metrics.frames == frames
    assert metrics.motion_size == pytest.approx(eight.motion_size, rel=0.35)
    assert metrics.recognised


def test_a_clip_of_few_frames_shows_each_for_longer() -> None:
    metrics = measure(jumping(4), sticker())
    assert metrics.frames == 4
    assert 0 < metrics.motion_size < measure(jumping(), sticker()).motion_size


def test_a_still_and_a_single_frame_are_frozen() -> None:
    for still in (sticker().expand(8, -1, -1, -1), sticker()[None]):
        metrics = measure(still, sticker(), "jump")
        assert metrics.frozen
        assert (metrics.motion_size, metrics.bucket, metrics.seam_ratio, metrics.flicker) == (0, 1, 0, 0)
        assert (metrics.verb_seen, metrics.recognised) == (STATIC, False)
        assert metrics.identity_db == 60


def test_of_a_clip_that_cannot_be_seen_only_what_can_be_said_is_said() -> None:
    metrics = measure(np.zeros((8, 64, 64, 4), np.uint8), sticker(), "jump")
    assert metrics.frozen
    assert metrics.motion_size == 0
    assert metrics.verb_asked == "jumping"
    assert metrics.identity_db is metrics.sharpness is metrics.verb_seen is metrics.recognised is None


def test_a_clip_with_an_empty_first_frame_has_a_size_of_motion_that_means_something() -> None:
    clip = jumping().clone()
    clip[0] = -1
    metrics = measure(clip, sticker())
    assert metrics.motion_size < 40
    json.dumps(dataclasses.asdict(metrics), allow_nan=False)


def test_the_bucket_is_that_of_the_edges_given() -> None:
    assert measure(jumping(), sticker(), bucket_edges=torch.full((15,), 1e3)).bucket == 1
    assert measure(jumping(), sticker(), bucket_edges=torch.zeros(15)).bucket == 16


def broken(value: float) -> Tensor:
    clip = jumping().clone()
    clip[3, 0, 5, 5] = value
    return clip


@pytest.mark.parametrize(
    ("frames", "complaint"),
    [
        (broken(float("nan")), "frame 3 holds NaN or infinite values"),
        (broken(float("inf")), "frame 3 holds NaN or infinite values"),
        (torch.zeros(0, 4, 64, 64), "no frames"),
        (torch.zeros(8, 3, 64, 64), r"\(8, 3, 64, 64\); \(frames, 4, size, size\) is expected"),
        (torch.zeros(8, 4, 64, 32), r"\(frames, 4, size, size\) is expected"),
        (np.zeros((8, 64, 32, 4), np.uint8), r"\(frames, size, size, 4\) is expected"),
        (np.zeros((64, 64, 4), np.uint8), r"\(frames, size, size, 4\) is expected"),
        (torch.zeros(8, 64, 64, 4, dtype=torch.int64), "frames are torch.int64; uint8"),
    ],
)
def test_frames_that_are_no_clip_are_refused_by_name(frames: Tensor, complaint: str) -> None:
    with pytest.raises(ClipError, match=complaint):
        measure(frames, sticker())


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        (torch.full((4, 64, 64), -1.0), "the sticker is fully transparent"),
        (torch.full((4, 64, 64), float("nan")), "the sticker holds NaN"),
        (torch.zeros(3, 64, 64), r"the sticker is \(3, 64, 64\)"),
    ],
)
def test_a_sticker_that_is_none_is_refused(source: Tensor, complaint: str) -> None:
    with pytest.raises(ClipError, match=complaint):
        measure(jumping(), source)
