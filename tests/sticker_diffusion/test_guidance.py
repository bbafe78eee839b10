"""Two guidance scales: no more passes than needed, and each scale moves its own term only."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from sticker_diffusion.conditioning import Conditions
from sticker_diffusion.guidance import GuidanceScales, clamp_premultiplied, guided_x0, rescale
from sticker_diffusion.text import TextStates


def text(value: float, length: int) -> TextStates:
    return TextStates(
        torch.full((2, length, 4), value), torch.ones(2, length, dtype=torch.bool), torch.full((2, 4), value)
    )


CONDITIONS = Conditions(
    sticker=torch.zeros(2, 4, 8, 8),
    has_image=torch.ones(2),
    text=text(1.0, 3),
    bucket=torch.zeros(2, dtype=torch.long),
    frame_rate=torch.full((2,), 8.0),
    manner=torch.ones(2, dtype=torch.long),
)
X = torch.randn(2, 3, 4, 8, 8, generator=torch.Generator().manual_seed(0))
NONE, IMAGE, BOTH = 1.0, 10.0, 100.0


class CountingDenoiser:
    """Answers 1 for (∅, ∅), 10 for (c_I, ∅), 100 for (c_I, c_T), and counts passes."""

    def __init__(self) -> None:
        self.passes = 0

    def __call__(self, x_t: torch.Tensor, t: torch.Tensor, c: Conditions) -> torch.Tensor:
        self.passes += len(x_t) // 2
        has_text = c.text.pooled[:, 0] != 0
        level = torch.where(has_text, BOTH, torch.where(c.has_image > 0, IMAGE, NONE))
        return level.view(-1, 1, 1, 1, 1).expand_as(x_t)


def guide(text_scale: float, image_scale: float) -> tuple[float, int]:
    denoise = CountingDenoiser()
    x0, _ = guided_x0(
        denoise,
        X,
        torch.tensor([500, 500]),
        conditions=CONDITIONS,
        null_text=text(0.0, 1),
        scales=GuidanceScales(text=text_scale, image=image_scale),
    )
    assert x0.min() == x0.max()
    return float(x0.mean()), denoise.passes


def test_scales_of_one_are_the_conditional_output_in_one_pass() -> None:
    assert guide(1, 1) == (BOTH, 1)


@pytest.mark.parametrize(
    ("scales", "passes"), [((1, 1), 1), ((3, 1), 2), ((0, 1), 1), ((0, 0), 1), ((2, 2), 2), ((3, 1.3), 3)]
)
def test_passes_with_coefficient_zero_are_skipped_and_the_rest_sum_as_in_ip2p(
    scales: tuple[float, float], passes: int
) -> None:
    s_t, s_i = scales
    expected = NONE + s_i * (IMAGE - NONE) + s_t * (BOTH - IMAGE)
    value, counted = guide(s_t, s_i)
    assert value == pytest.approx(expected)
    assert counted == passes


@settings(max_examples=40, deadline=None)
@given(s_t=st.floats(0, 10), s_i=st.floats(0, 10), more=st.floats(0.5, 5))
def test_each_scale_moves_only_its_own_term(s_t: float, s_i: float, more: float) -> None:
    value, passes = guide(s_t, s_i)
    assert guide(s_t + more, s_i)[0] - value == pytest.approx(more * (BOTH - IMAGE), abs=0.01)
    assert guide(s_t, s_i + more)[0] - value == pytest.approx(more * (IMAGE - NONE), abs=0.01)
    assert 1 <= passes <= 3


def test_a_full_rescale_gives_back_the_conditional_deviation_and_none_changes_nothing() -> None:
    conditional, guided = X, 3 * X
    torch.testing.assert_close(rescale(guided, conditional, 1.0), conditional, atol=1e-5, rtol=1e-4)
    assert rescale(guided, conditional, 0.0) is guided


def test_the_clamp_keeps_colour_under_alpha_and_leaves_valid_pixels_alone() -> None:
    clamped = clamp_premultiplied(4 * X)
    assert clamped.min() >= -1
    assert clamped.max() <= 1
    assert (clamped[:, :, :3] <= clamped[:, :, 3:]).all()
    torch.testing.assert_close(clamp_premultiplied(clamped), clamped)
