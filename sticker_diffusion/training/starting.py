"""The network that a run starts from: another's weights, and what has to be new in it."""

import dataclasses

import torch

from sticker_diffusion.network import CHANNELS, AnimationNetwork

CLEAR = -4.0
"""The bias of the painted layer's alpha: an opacity of 2 %."""
TOWARDS_THE_STICKER = 5.0
"""What is added to the bias of the mask."""
SCALES = 2
"""Inputs of the motion conditioning that hold the guidance scales, its last."""


def without_particles(network: AnimationNetwork) -> AnimationNetwork:
    """The same weights without a particle head: what shows beside the sticker is painted. Itself where it has none.

    With the head nothing was painted over a given sticker, whatever mask and paint were, so they come untaught: the
    first clips would have a veil over every sticker. So it begins nearly unpainted, by the biases alone: with the
    weights at zero too, it would forget how to paint a clip without a sticker.
    """
    if network.particles is None:
        return network
    painting = AnimationNetwork(dataclasses.replace(network.architecture, particles=None))
    weights = {name: tensor for name, tensor in network.state_dict().items() if not name.startswith("particles.")}
    painting.load_state_dict(weights)
    cells = network.architecture.patch**2  # of each channel, in the order in which pixel_shuffle unfolds them
    bias = painting.unet.conv_out.bias
    with torch.no_grad():
        bias[(CHANNELS - 1) * cells : CHANNELS * cells] = CLEAR
        bias[CHANNELS * cells : (CHANNELS + 1) * cells] += TOWARDS_THE_STICKER
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
