"""Particles: the caption calls for them, the box of the sticker places them, the atlas draws them at any size."""

from dataclasses import replace

import pytest
import torch

from sticker_diffusion.network import AnimationNetwork, Architecture
from sticker_diffusion.particles import Particles, ParticleSettings
from sticker_diffusion.stickers.pose import Box
from tests.sticker_diffusion.conftest import conditions_of, random_clip, randomised

NAMES = ("heart", "sparkle", "drop", "zed")


def one_heart(x: float, *, kind: int = 1, opacity: float = 1.0) -> Particles:
    return Particles(torch.tensor([kind]), torch.tensor([[[[x, 0.0, 0.2, 0.0, opacity]]]]), NAMES)


@pytest.fixture
def network(tiny_architecture: Architecture) -> AnimationNetwork:
    torch.manual_seed(1)
    return randomised(AnimationNetwork(replace(tiny_architecture, particles=ParticleSettings(slots=2, hidden=16))))


@pytest.mark.parametrize("size", [32, 128])
def test_a_heart_is_red_where_it_is_placed_and_nothing_changes_elsewhere(size: int) -> None:
    blank = torch.zeros(1, 1, 4, size, size)
    drawn = one_heart(0.5).over(blank)
    red, green, _, alpha = drawn[0, 0, :, size // 2, 3 * size // 4]
    assert alpha > 0.95
    assert red > 2 * green
    assert drawn[..., : size // 2].abs().max() == 0
    assert torch.equal(blank, torch.zeros_like(blank))


def test_no_kind_draws_nothing_and_a_faint_one_is_see_through() -> None:
    blank = torch.ones(1, 1, 4, 32, 32)
    assert torch.equal(one_heart(0.0, kind=0).over(blank), blank)
    half = one_heart(0.0, opacity=0.5).over(torch.zeros(1, 1, 4, 32, 32))
    assert 0.4 < half[0, 0, 3].max() <= 0.5


def test_mirrored_particles_change_side_and_keep_their_picture() -> None:
    blank = torch.zeros(1, 1, 4, 64, 64)
    zed = one_heart(0.5, kind=4)
    left = zed.mirrored(torch.tensor([True])).over(blank)
    torch.testing.assert_close(left, one_heart(-0.5, kind=4).over(blank))
    assert (left - zed.over(blank).flip(-1)).abs().max() > 0.3
    torch.testing.assert_close(zed.mirrored(torch.tensor([False])).over(blank), zed.over(blank))


@torch.no_grad()
def test_places_follow_the_box_of_the_sticker(network: AnimationNetwork) -> None:
    assert network.particles is not None
    pooled, phases = torch.randn(1, 16, generator=torch.Generator().manual_seed(0)), torch.zeros(8, 8)

    def placed(x: float, half: float) -> torch.Tensor:
        sides = torch.tensor([half])
        box = Box(torch.tensor([x]), torch.zeros(1), sides, sides)
        return network.particles.particles(pooled, phases, torch.ones(1, dtype=torch.long), box).placed

    base, aside, double = placed(0.0, 0.3), placed(0.25, 0.3), placed(0.0, 0.6)
    torch.testing.assert_close(aside[..., 0], base[..., 0] + 0.25)
    torch.testing.assert_close(double[..., :3], 2 * base[..., :3])


@torch.no_grad()
def test_with_a_particle_head_a_given_sticker_is_never_painted_over(network: AnimationNetwork) -> None:
    x_t, stickers = random_clip(network.architecture, 2)
    t = torch.tensor([500, 500])
    with_sticker = network(x_t, t, conditions_of(network, stickers, ["a", "b"]))
    assert torch.equal(with_sticker.layers.mask, torch.ones_like(with_sticker.layers.mask))
    without = network(x_t, t, conditions_of(network, stickers, ["a", "b"], has_image=torch.zeros(2)))
    assert without.layers.mask.min() < 0.99
    assert with_sticker.particles is not None
    drawn = with_sticker.particles.over(with_sticker.body((stickers + 1) / 2, network.architecture.size))
    torch.testing.assert_close(drawn * 2 - 1, with_sticker.x0)
