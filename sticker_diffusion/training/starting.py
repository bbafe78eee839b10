"""The network that a run starts from: another's weights, and what has to be new in it."""

import dataclasses

import torch

from sticker_diffusion.network import AnimationNetwork

SCALES = 2
"""Inputs of the motion conditioning that hold the guidance scales, its last."""


def without_particles(network: AnimationNetwork) -> AnimationNetwork:
    """The same weights without a particle head: what shows beside the sticker is painted. Itself where it has none."""
    if network.particles is None:
        return network
    painting = AnimationNetwork(dataclasses.replace(network.architecture, particles=None))
    weights = {name: tensor for name, tensor in network.state_dict().items() if not name.startswith("particles.")}
    painting.load_state_dict(weights)
    return painting


@torch.no_grad()
def deaf_to_scales(network: AnimationNetwork) -> None:
    """Zero what the guidance scales are multiplied with, in place: whatever they are, the output is that of (1, 1).

    No training before this one moved these weights, as their input was zero. They are in `cond_proj`, in the
    embedding beside it and in the head.
    """
    width = network.motion.width
    unet = network.unet
    unet.time_embedding.cond_proj.weight[:, width - SCALES : width] = 0
    unet.class_embedding.linear_1.weight[:, width - SCALES : width] = 0
    first = network.head.motion[0]
    assert isinstance(first, torch.nn.Linear)
    before = first.in_features - (width + network.architecture.text.width)
    first.weight[:, before + width - SCALES : before + width] = 0
