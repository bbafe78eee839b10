"""Every motion loops, starts from the sticker, and has eight frames of which no two are alike."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from sticker_diffusion.stickers.clips import render_clip
from sticker_diffusion.stickers.motions import CAMERA_VERBS, MANNERS, MOTIONS, VERBS, Style, UnknownVerbError, motion_of
from sticker_diffusion.stickers.pose import Box, keys
from sticker_diffusion.stickers.score import shift_response
from tests.sticker_diffusion.stickers import sticker

STICKERS = ("🦀", "🦝", "🧇", "🛴")
EVERY = [(verb, manner) for verb in (*VERBS, *CAMERA_VERBS) for manner in range(MANNERS)]


def one(low: float, high: float) -> st.SearchStrategy[torch.Tensor]:
    return st.floats(low, high).map(lambda value: torch.tensor([value]))


styles = st.builds(
    Style,
    strength=one(0.4, 1.5),
    mirror=st.sampled_from([torch.tensor([1.0]), torch.tensor([-1.0])]),
    manner=st.integers(0, MANNERS - 1).map(lambda manner: torch.tensor([manner])),
    lag=one(-1, 1),
    ease=one(-1, 1),
    sway=one(-1, 1),
    start=one(0, 0.9),
)


def distances(clip: torch.Tensor) -> torch.Tensor:
    """(F,F) mean absolute differences of frames, in shifts by 1/64 of the canvas."""
    return (clip[:, None] - clip[None]).abs().mean(dim=(2, 3, 4)) / shift_response(clip[:1])


def box() -> Box:
    return Box(*(torch.tensor([value]) for value in (0.05, -0.02, 0.6, 0.5)))


def test_there_are_sixteen_verbs_or_more() -> None:
    assert len(VERBS) >= 16


@pytest.mark.parametrize("verb", [*VERBS, *CAMERA_VERBS])
@settings(deadline=None, max_examples=20)
@given(style=styles)
def test_after_a_whole_loop_every_motion_is_back_at_the_sticker(verb: str, style: Style) -> None:
    warp = motion_of(verb).warp(torch.tensor([0.0, 1.0]), style, box())
    grid = warp.source(8)
    at_rest = (torch.arange(8) * 2 + 1) / 8 - 1
    assert torch.allclose(grid[..., 0], at_rest.expand(1, 2, 8, 8), atol=2e-5)
    assert torch.allclose(grid[..., 1], at_rest[:, None].expand(1, 2, 8, 8), atol=2e-5)


@pytest.mark.parametrize("verb", [verb for verb, motion in MOTIONS.items() if motion.emitters])
@pytest.mark.parametrize("manner", range(MANNERS))
def test_particles_come_from_nothing_and_go_to_nothing(verb: str, manner: int) -> None:
    emitters = MOTIONS[verb].emitters
    assert emitters is not None
    emitter = emitters[manner]
    near_the_seam = emitter(torch.tensor([[0.0, 1e-3, 1 - 1e-3, 1.0]]))
    area = near_the_seam[..., 2].square() * near_the_seam[..., 4]
    assert float(area[:, [0, 3]].max()) < 1e-6
    assert float(area.max()) < 2e-3
    middle = emitter(torch.tensor([[0.5]]))
    assert float((middle[..., 2].square() * middle[..., 4]).max()) > 0.012


@pytest.mark.parametrize(("verb", "manner"), EVERY)
def test_eight_frames_are_distinct_and_the_seam_is_a_step_like_others(verb: str, manner: int) -> None:
    for character in STICKERS:
        clip = render_clip(sticker(character), verb=verb, manner=manner)
        apart = distances(clip)
        pairs = apart[torch.triu(torch.ones(8, 8, dtype=torch.bool), 1)]
        assert len(pairs) == 28
        assert float(pairs.min()) > 0.15, character
        around = apart[torch.arange(8), (torch.arange(8) + 1) % 8]
        assert 0.3 < float(around[-1] / around.median()) < 2.5, character


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("mirror", [False, True])
def test_the_first_frame_is_the_sticker_bit_for_bit(verb: str, mirror: bool) -> None:
    image = sticker("🦝", 40)
    assert torch.equal(render_clip(image, verb=verb, mirror=mirror, strength=1.3)[0], image)
    assert torch.equal(render_clip(image, verb=verb, mirror=mirror, phase=3)[3], image)


@pytest.mark.parametrize("verb", VERBS)
def test_a_mirrored_sticker_moved_in_mirror_is_the_mirrored_clip(verb: str) -> None:
    image = sticker("🦀", 48)
    mirrored = render_clip(image.flip(-1), verb=verb, mirror=True)
    assert float((render_clip(image, verb=verb).flip(-1) - mirrored).abs().mean()) < 0.02


@pytest.mark.parametrize("verb", VERBS)
def test_the_manners_of_a_verb_are_different_motions(verb: str) -> None:
    for character in STICKERS:
        first, second = (render_clip(sticker(character), verb=verb, manner=manner) for manner in range(MANNERS))
        weak, strong = (render_clip(sticker(character), verb=verb, strength=strength) for strength in (0.8, 1.2))
        assert (first - second).abs().mean() > (weak - strong).abs().mean(), character


@pytest.mark.parametrize(("verb", "manner"), [(verb, manner) for verb in VERBS for manner in range(MANNERS)])
def test_from_the_height_of_the_action_the_sticker_comes_back_to_it(verb: str, manner: int) -> None:
    height = MOTIONS[verb].height(manner)
    assert 0 < height < 1
    zero = torch.zeros(1)
    style = Style(zero + 1, zero + 1, torch.tensor([manner]), zero, zero, zero, zero + height)
    grid = MOTIONS[verb].warp(torch.arange(9) / 8, style, box()).source(16)
    assert torch.allclose(grid[:, 0], grid[:, 8], atol=2e-5)
    assert float((grid[:, 0] - grid[:, 4]).abs().amax()) > 0.03


@pytest.mark.parametrize("verb", VERBS)
def test_a_stronger_motion_moves_more(verb: str) -> None:
    image = sticker("🧇")
    weak, strong = (
        float(distances(render_clip(image, verb=verb, strength=strength))[0].mean()) for strength in (0.5, 1.3)
    )
    # A turn is a whole turn at any strength.
    assert strong > weak * (0.98 if MOTIONS[verb].full_turns else 1.15)


@pytest.mark.parametrize("verb", ["jumping", "bouncing", "stretching"])
def test_a_tall_sticker_keeps_its_head_in_the_canvas(verb: str) -> None:
    tall = torch.full((4, 64, 64), -1.0)
    tall[1:, 14:54, 24:40] = 1.0
    tall[0, 14:18, 24:40] = 1.0  # only the head is white: elsewhere there is no red
    clip = render_clip(tall, verb=verb, strength=1.4)
    assert float(clip[:, 0].flatten(1).amax(1).min()) > 0


@settings(deadline=None, max_examples=50)
@given(values=st.lists(st.floats(-2, 2, width=32), min_size=3, max_size=9))
def test_the_spline_passes_its_keyframes_and_closes(values: list[float]) -> None:
    knots = torch.arange(len(values), dtype=torch.float64) / len(values)
    assert torch.allclose(keys(knots, *values), torch.tensor(values, dtype=torch.float64), atol=1e-6)
    before, after = keys(torch.tensor([1 - 1e-9, 1e-9], dtype=torch.float64), *values)
    assert abs(float(before - after)) < 1e-6


def test_an_unknown_verb_is_told_the_known_ones() -> None:
    with pytest.raises(UnknownVerbError, match=r"'flying'.*bouncing"):
        motion_of("flying")
