"""Faster ways to run the same network: fused kernels, CUDA graphs, or both."""

from typing import TypeVar, cast

import torch
from torch import nn

N = TypeVar("N", bound=nn.Module)


def compiled(network: N, *, fuse: bool, cuda_graphs: bool) -> N:
    """`network` as torch.compile runs it; itself where neither is asked for. The first call of a new shape compiles.

    `fuse` generates kernels; `cuda_graphs` records what the network launches and replays it, so that the device does
    not wait for Python. What a recorded network returns is overwritten by its next call: begin each call with
    torch.compiler.cudagraph_mark_step_begin(), and be done with the last result by then.

    Raises ValueError for CUDA graphs where the network is on another kind of device.
    """
    device = next(network.parameters()).device
    if cuda_graphs and device.type != "cuda":
        raise ValueError(f"cuda_graphs needs a network on a CUDA device, and this one is on {device}: leave it off")
    if not (fuse or cuda_graphs):
        return network
    if not fuse:
        return cast(N, torch.compile(network, backend="cudagraphs"))
    return cast(N, torch.compile(network, mode="reduce-overhead" if cuda_graphs else "default"))
