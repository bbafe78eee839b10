"""The processes of one run, as `accelerate launch` and torchrun start them; one, where nobody launched several.

Gradients are averaged here and not by DistributedDataParallel: a recipe's loss is more than one module's forward pass.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch
import torch.distributed as dist
from torch import nn

CPU = torch.device("cpu")


@dataclass(frozen=True)
class Processes:
    """This process is number `rank` of `count`. Only the main one, number 0, writes; all of them call every verb."""

    rank: int = 0
    count: int = 1
    device: torch.device = CPU

    @property
    def is_main(self) -> bool:
        return self.rank == 0

    @contextmanager
    def main_first(self) -> Iterator[None]:
        """The others enter once the main process is through."""
        if not self.is_main:
            dist.barrier()
        yield
        if self.is_main and self.count > 1:
            dist.barrier()

    def means(self, values: Mapping[str, float]) -> dict[str, float]:
        """Of each value over all processes, the same in all of them."""
        if self.count == 1:
            return dict(values)
        # NCCL and some devices know no float64 or do not need it; 24 bits are enough for what is logged and timed.
        summed = torch.tensor(list(values.values()), dtype=torch.float32, device=self.device)
        dist.all_reduce(summed)
        return dict(zip(values, (summed / self.count).tolist(), strict=True))

    def average_gradients(self, parameters: Sequence[nn.Parameter]) -> None:
        """In place. A parameter to which no process has a gradient keeps none, as in a single process."""
        if self.count == 1:
            return
        gradients = [torch.zeros_like(p) if p.grad is None else p.grad for p in parameters]
        present = torch.tensor([float(p.grad is not None) for p in parameters], device=self.device)
        summed = torch.cat([*(gradient.flatten() for gradient in gradients), present])
        dist.all_reduce(summed)
        *averages, present = summed.split([*(p.numel() for p in parameters), len(present)])
        for parameter, average, somewhere in zip(parameters, averages, present.tolist(), strict=True):
            parameter.grad = (average / self.count).view_as(parameter) if somewhere else None


ALONE = Processes()


def launched_as_main() -> bool:
    """Whether this is the main one of the launched processes; to be asked once they are through, too."""
    return os.environ.get("RANK", "0") == "0"


@contextmanager
def joined(device: torch.device) -> Iterator[Processes]:
    """The processes that were launched with this one, each on its own `device`, until they are through."""
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        yield Processes(device=device)
        return
    if device.type == "cuda":
        torch.cuda.set_device(device)
    dist.init_process_group("nccl" if device.type == "cuda" else "gloo")
    try:
        yield Processes(dist.get_rank(), dist.get_world_size(), device)
    finally:
        dist.destroy_process_group()
