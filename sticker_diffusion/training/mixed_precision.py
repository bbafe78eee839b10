"""Where a run computes, and in which numbers. Weights, losses and averages stay in float32 everywhere."""

import os
from dataclasses import dataclass
from typing import Self

import torch

from sticker_diffusion.precision import native_dtype
from sticker_diffusion.sampler_settings import DType


@dataclass(frozen=True)
class Precision:
    """`dtype` is what matrix products are computed in; float16 needs its gradients scaled, or they vanish."""

    device: torch.device
    dtype: DType

    @classmethod
    def of(cls, dtype: DType, device: str) -> Self:
        """As settings ask for it; float32 in place of what a CPU would only emulate."""
        chosen = device_of(device)
        return cls(chosen, native_dtype(dtype, str(chosen)))

    def autocast(self) -> torch.autocast:
        return torch.autocast(self.device.type, dtype=getattr(torch, self.dtype), enabled=self.dtype != "float32")

    def scaler(self) -> torch.amp.GradScaler:
        """Keeps small gradients above float16's smallest number, and leaves out a step whose gradients overflow."""
        return torch.amp.GradScaler(self.device.type, enabled=self.dtype == "float16")


def device_of(asked: str) -> torch.device:
    """`asked` is a device of torch, or "auto": CUDA where there is one, else the CPU. Each of several processes on a
    machine has a GPU of its own, by the LOCAL_RANK that launchers set."""
    if asked == "auto":
        asked = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0"))) if asked == "cuda" else torch.device(asked)
