"""Exponential moving average of a network's weights."""

import copy
from typing import Generic, TypeVar

import torch
from torch import nn

N = TypeVar("N", bound=nn.Module)


class AveragedNetwork(Generic[N]):
    """EMA with decay min(`decay`, (1 + n) / (10 + n)) at update n, so that early averages forget the initialisation."""

    def __init__(self, network: N, decay: float) -> None:
        self.decay = decay
        self.updates = 0
        self.network = copy.deepcopy(network).eval().requires_grad_(False)

    @torch.no_grad()
    def update(self, network: N) -> None:
        decay = min(self.decay, (1 + self.updates) / (10 + self.updates))
        self.updates += 1
        torch._foreach_lerp_(list(self.network.parameters()), list(network.parameters()), 1 - decay)
