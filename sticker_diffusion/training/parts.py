"""A step's batch is drawn whole, and seen in parts: one after the other in a process, and by several processes.

Every process draws the same batch from the same generator, so how many there are changes nothing but the time.
"""

import dataclasses
from typing import Any, TypeVar, cast

import torch
from torch import Tensor

from sticker_diffusion.settings import SettingsError

D = TypeVar("D")


def own_parts(batch: int, *, rank: int, processes: int, accumulate: int) -> list[slice]:
    """The clips of a batch that process `rank` sees, in `accumulate` parts. Raises SettingsError."""
    count = processes * accumulate
    if batch % count:
        raise SettingsError(
            f"batch: {batch} clips are no multiple of {count}: {processes} processes with {accumulate} parts each"
        )
    size = batch // count
    return [slice(i * size, (i + 1) * size) for i in range(rank * accumulate, (rank + 1) * accumulate)]


def part_of(drawn: D, clips: slice, device: torch.device) -> D:
    """The same dataclass of some clips only, on `device`: of tensors (B, …), lists of B, and such dataclasses."""
    return cast(D, _part(drawn, clips, device))


def _part(drawn: Any, clips: slice, device: torch.device) -> Any:
    if isinstance(drawn, Tensor):
        return drawn[clips].to(device)
    if isinstance(drawn, list):
        return drawn[clips]
    fields = {field.name: getattr(drawn, field.name) for field in dataclasses.fields(drawn)}
    return dataclasses.replace(drawn, **{name: _part(value, clips, device) for name, value in fields.items()})
