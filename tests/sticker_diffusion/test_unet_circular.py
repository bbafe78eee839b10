"""Time is a circle: rolling the frames of a clip rolls what the network says, exactly."""

from typing import Any

import pytest
import torch

from sticker_diffusion.conditioning import frame_phases
from sticker_diffusion.pretrained_unet import new_video_unet
from sticker_diffusion.temporal import TemporalAttention, TemporalConv
from tests.sticker_diffusion.public_unets import TINY

FRAMES = 5
CLIPS = 2
# In float64 what is left is the order of sums: a few units in the last place (2e-16), over a hundred layers.
EXACT = 1e-12


def trained(module: torch.nn.Module) -> torch.nn.Module:
    """In float64, with values in the layers that start at zero."""
    generator = torch.Generator().manual_seed(1)
    module = module.double().eval()
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.add_(0.1 * torch.randn(parameter.shape, generator=generator, dtype=torch.float64))
    return module


def rolled(x: torch.Tensor, shift: int) -> torch.Tensor:
    return x.unflatten(0, (CLIPS, FRAMES)).roll(shift, dims=1).flatten(0, 1)


def noise(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@torch.no_grad()
@pytest.mark.parametrize(
    "layer", [TemporalConv(8, frames=FRAMES, groups=2), TemporalAttention(8, frames=FRAMES, heads=2)]
)
@pytest.mark.parametrize("shift", range(1, FRAMES))
def test_a_temporal_layer_commutes_with_every_roll(layer: torch.nn.Module, shift: int) -> None:
    layer = trained(layer)
    x = noise(CLIPS * FRAMES, 8, 3, 3)
    still = layer(x)
    assert (layer(rolled(x, shift)) - rolled(still, shift)).abs().max() < EXACT
    assert (still - rolled(still, shift)).abs().max() > 1e-2
    assert (still - x).abs().max() > 1e-2


@torch.no_grad()
@pytest.mark.parametrize("config", TINY.values(), ids=TINY)
def test_the_unet_commutes_with_a_roll_of_frames_and_phases(config: dict[str, Any]) -> None:
    phases = frame_phases(FRAMES, 2).double()
    unet = trained(new_video_unet(config, frames=FRAMES, sticker_channels=4, condition_width=phases.shape[1]))
    x = noise(CLIPS * FRAMES, 8, 8, 8)
    given = {
        "timestep": torch.tensor([999, 250]).repeat_interleave(FRAMES),
        "encoder_hidden_states": noise(CLIPS, 6, config["cross_attention_dim"], seed=2),
        "return_dict": False,
    }
    (still,) = unet(x, **given, timestep_cond=phases.repeat(CLIPS, 1))
    # Phases are computed in float32: those of another conditioned frame are the rolled ones to 1e-6.
    assert (frame_phases(FRAMES, 2, conditioned_frame=2) - phases.roll(2, dims=0)).abs().max() < 1e-6
    (turned,) = unet(rolled(x, 2), **given, timestep_cond=phases.roll(2, dims=0).repeat(CLIPS, 1))
    assert (turned - rolled(still, 2)).abs().max() < EXACT
    (phases_left,) = unet(rolled(x, 2), **given, timestep_cond=phases.repeat(CLIPS, 1))
    assert (phases_left - rolled(still, 2)).abs().max() > 1e-3
