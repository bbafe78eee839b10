"""The frame that the sticker is said to be is the sticker, whatever the weights; without one nothing is held."""

from dataclasses import replace

import pytest
import torch

from sticker_diffusion.network import AnimationNetwork, Architecture
from sticker_diffusion.particles import ParticleSettings
from tests.sticker_diffusion.conftest import conditions_of, random_clip


@pytest.fixture
def wild(tiny_architecture: Architecture) -> AnimationNetwork:
    """A network whose every output is far from standing still."""
    torch.manual_seed(3)
    network = AnimationNetwork(replace(tiny_architecture, particles=ParticleSettings(hidden=32, manners=True))).eval()
    with torch.no_grad():
        for parameter in network.head.motion[-1].parameters():
            parameter.normal_(0, 0.3)
        network.unet.conv_out.weight.normal_(0, 0.5)
    return network


@torch.no_grad()
@pytest.mark.parametrize("conditioned_frame", [0, 5])
def test_the_conditioned_frame_is_the_sticker_and_the_others_move(
    wild: AnimationNetwork, conditioned_frame: int
) -> None:
    x_t, stickers = random_clip(wild.architecture, 2)
    stickers[:, :3] = torch.minimum(stickers[:, :3], stickers[:, 3:])
    given = conditions_of(wild, stickers, ["hearts", "jump"], conditioned_frame=conditioned_frame)
    x0 = wild(x_t, torch.tensor([700, 700]), given).x0
    apart = (x0 - stickers[:, None]).abs().amax(dim=(2, 3, 4))
    assert float(apart[:, conditioned_frame].max()) < 1e-5
    others = [frame for frame in range(8) if frame != conditioned_frame]
    assert float(apart[:, others].min()) > 0.1


@torch.no_grad()
def test_a_dropped_sticker_holds_no_frame(wild: AnimationNetwork) -> None:
    x_t, stickers = random_clip(wild.architecture, 1)
    dropped = conditions_of(wild, stickers, ["jump"], has_image=torch.zeros(1))
    layers = wild(x_t, torch.tensor([700]), dropped).layers
    assert float((layers.affine[0] - torch.eye(2, 3)).abs().max()) > 0.1
    assert float(layers.mask[0].min()) < 1
