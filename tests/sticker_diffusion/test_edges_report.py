"""The report on edges sees an outline's width, and where it is thinner than the sticker's."""

import pytest
import torch
from torch import Tensor

from benchmarks.edges import edge_figures, thickness
from sticker_diffusion.heads import coordinates

WHITE = torch.ones(3)
SIZE = 128


def disc(outline: Tensor | float) -> Tensor:
    """(4, S, S) in [-1, 1]: a blue disc of 40 pixels with a white outline of so many pixels, which may vary."""
    radius = coordinates(SIZE).norm(dim=-1) * SIZE / 2
    alpha, body = (0.5 + 40 + outline - radius).clamp(0, 1), (0.5 + 40 - radius).clamp(0, 1)
    white = (alpha - body).clamp(min=0)
    return torch.stack([white, white, alpha, alpha]) * 2 - 1


def test_the_thickness_of_an_outline_is_its_width() -> None:
    assert thickness(disc(6), WHITE).median() == pytest.approx(6, abs=0.7)


def test_an_outline_that_thins_on_one_side_shows_in_its_thinnest_tenth() -> None:
    side = coordinates(SIZE)[..., 0]
    even = edge_figures(torch.stack([disc(6), disc(6), disc(6)]), WHITE)
    frayed = edge_figures(torch.stack([disc(6), disc(6 + 4 * side), disc(6 - 4 * side)]), WHITE)
    assert even["thinnest"] == pytest.approx(1, abs=0.1)
    assert frayed["thinnest"] < 0.75
    assert frayed["thickest"] > 1.15
