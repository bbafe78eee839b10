"""Faster ways to run the same network: fused kernels, CUDA graphs, or both."""

import copy
from typing import TypeVar, cast

import torch
from torch import nn

N = TypeVar("N", bound=nn.Module)


def compiled(network: N, *, fuse: bool, cuda_graphs: bool) -> N:
    """`network` with its `unet` as torch.compile runs it; itself where neither is asked for. Weights are shared.

    Only the UNet is compiled: it is most of the time, and what is around it looks at values (which clips have
    particles), which no graph holds. The first call of a new shape compiles. `fuse` generates kernels; `cuda_graphs`
    records what the UNet launches and replays it, so that the device does not wait for Python: its output is then
    overwritten by the next call, so begin each with torch.compiler.cudagraph_mark_step_begin().

    Raises ValueError for CUDA graphs where the network is on another kind of device.
    """
    device = next(network.parameters()).device
    if cuda_graphs and device.type != "cuda":
        raise ValueError(f"cuda_graphs needs a network on a CUDA device, and this one is on {device}: leave it off")
    if not (fuse or cuda_graphs):
        return network
    unet = cast(nn.Module, network.unet)
    prepared = copy.copy(network)
    # Its own table of the same modules: setting `unet` would set the original's.
    prepared._modules = dict(network._modules)
    if fuse:
        prepared.unet = cast(nn.Module, torch.compile(unet, mode="reduce-overhead" if cuda_graphs else "default"))
    else:
        prepared.unet = cast(nn.Module, torch.compile(unet, backend="cudagraphs"))
    return prepared
