"""What a run starts from: a network whose particle head is gone paints no veil over the sticker."""

from dataclasses import replace

import torch

from sticker_diffusion.network import AnimationNetwork, Architecture
from sticker_diffusion.particles import ParticleSettings
from sticker_diffusion.training.starting import without_particles
from tests.sticker_diffusion.conftest import conditions_of, random_clip, randomised


def test_without_its_particle_head_a_network_begins_with_hardly_any_paint(tiny_architecture: Architecture) -> None:
    torch.manual_seed(0)
    network = randomised(AnimationNetwork(replace(tiny_architecture, particles=ParticleSettings(hidden=16))))
    painting = without_particles(network)
    assert painting.particles is None
    x, stickers = random_clip(tiny_architecture, 2)
    t = torch.tensor([999, 300])
    unmoved = AnimationNetwork(tiny_architecture)
    unmoved.load_state_dict({n: w for n, w in network.state_dict().items() if not n.startswith("particles.")})
    veils = []
    for each in (unmoved, painting):
        with torch.no_grad():
            layers = each(x, t, conditions_of(each, stickers, ["a dog jumping", "a cat waving"])).layers
        veils.append(float(((1 - layers.mask) * layers.painted[:, -1:]).mean()))
    assert veils[0] > 0.01
    assert veils[1] < 0.01 * veils[0]
    changed = {n for n, w in unmoved.state_dict().items() if not torch.equal(w, painting.state_dict()[n])}
    assert changed == {"unet.conv_out.bias"}
    assert without_particles(painting) is painting
