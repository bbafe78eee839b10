"""The probe: a small classifier that names the verb of a clip from its frames alone, trained on procedural clips.

Its convolutions go round the loop and its last stage pools over time, so it does not matter where a clip starts. Beside
each frame it sees the change since the frame before, a coarse optical flow and the moments of alpha (place, size,
slant), which tell most of a motion.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from sticker_diffusion.metrics.relevance import STATIC
from sticker_diffusion.settings import SettingsError, read_settings
from sticker_diffusion.stickers.motions import VERBS

FRAMES = 8
SIZE = 64
BODY_ONLY = "body only"
"""A particle verb's body motion without its particles: it lacks what the verb is about."""
CLASSES = (*VERBS, STATIC, BODY_ONLY)
WEIGHTS = Path(__file__).with_name("probe.safetensors")
DESCRIPTION = Path(__file__).with_name("probe.json")
_SIDE = 32  # what the network looks at: half of SIZE, where noise is averaged out and a step costs a quarter
_WIDTHS = (24, 48, 64)
_MOMENTS = 6
_STIFFNESS = 1e-3
_FARTHEST = 3.0


class ProbeError(ValueError):
    """The probe's files cannot be used; the message names the file and what would be right."""


@dataclass(frozen=True)
class ProbeDescription:
    """probe.json. `bucket_edges` are the 15 inner edges of the motion score of the clips that it was trained on;
    `held_out` says how often it was right, by kind of clip; `training` lists the runs that made it."""

    classes: tuple[str, ...]
    bucket_edges: tuple[float, ...]
    held_out: dict[str, Any]
    training: tuple[dict[str, Any], ...]


def moments(alpha: Tensor) -> Tensor:
    """Mass, middle (x, y), spread (x, y) and slant of alpha (…,S,S) in [0,1], in canvas units: (…,6)."""
    side = alpha.shape[-1]
    axis = (torch.arange(side, dtype=alpha.dtype) * 2 + 1) / side - 1
    mass = alpha.mean(dim=(-2, -1))
    total = mass.clamp(min=1e-3) * side * side
    x, y = (alpha.sum(-2) * axis).sum(-1) / total, (alpha.sum(-1) * axis).sum(-1) / total
    wide = ((alpha.sum(-2) * axis.square()).sum(-1) / total - x.square()).clamp(min=1e-6).sqrt()
    tall = ((alpha.sum(-1) * axis.square()).sum(-1) / total - y.square()).clamp(min=1e-6).sqrt()
    slant = torch.einsum("...hw,h,w->...", alpha, axis, axis) / total - x * y
    return torch.stack([mass.sqrt(), x, y, wide, tall, slant], dim=-1)


def coarse_flow(unit: Tensor) -> Tensor:
    """Flow from the frame before, on a grid of 8×8, of clips (B,F,4,S,S) in [0,1]: (B,F,4,8,8).

    Least squares over windows (Lucas and Kanade, 1981) of the mean colour and of alpha, at two scales, x and y each, in
    pixels of the scale, at most _FARTHEST.
    """
    shown = torch.cat([unit[:, :, :3].mean(2, keepdim=True), unit[:, :, 3:]], dim=2)
    flows = []
    for side in (32, 16):
        small = F.adaptive_avg_pool2d(shown.flatten(0, 1), side).unflatten(0, unit.shape[:2])
        before = small.roll(1, 1)
        middle = F.pad((small + before) / 2, (1, 1, 1, 1))
        by_x = (middle[..., 1:-1, 2:] - middle[..., 1:-1, :-2]) / 2
        by_y = (middle[..., 2:, 1:-1] - middle[..., :-2, 1:-1]) / 2
        change = small - before
        products = torch.stack([by_x * by_x, by_x * by_y, by_y * by_y, by_x * change, by_y * change]).sum(3)
        xx, xy, yy, xt, yt = F.adaptive_avg_pool2d(products.flatten(0, 1), 8).unflatten(0, products.shape[:2])
        xx, yy = xx + _STIFFNESS, yy + _STIFFNESS
        determinant = xx * yy - xy * xy
        flows += [(xy * yt - yy * xt) / determinant, (xy * xt - xx * yt) / determinant]
    return torch.stack(flows, dim=2).clamp(-_FARTHEST, _FARTHEST)


class _OverTime(nn.Module):
    """A convolution over each frame and its two neighbours in the loop, at every pixel, added to its input."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.mix = nn.Conv2d(3 * width, width, 1)
        self.norm = nn.GroupNorm(8, width)

    def forward(self, x: Tensor, frames: int) -> Tensor:
        clip = x.unflatten(0, (-1, frames))  # (b f) c h w -> b f c h w
        near = torch.cat([clip.roll(1, 1), clip, clip.roll(-1, 1)], dim=2).flatten(0, 1)
        return x + F.relu(self.norm(self.mix(near)))


class Probe(nn.Module):
    """Logits (B,classes) of clips (B,F,4,S,S), premultiplied in [-1,1]; made for FRAMES frames."""

    def __init__(self, classes: int = len(CLASSES)) -> None:
        super().__init__()
        inputs = (8, *_WIDTHS[:-1])
        self.down = nn.ModuleList(nn.Conv2d(i, o, 3, stride=2, padding=1) for i, o in zip(inputs, _WIDTHS, strict=True))
        self.norms = nn.ModuleList(nn.GroupNorm(8, width) for width in _WIDTHS)
        self.with_flow = nn.Conv2d(4, _WIDTHS[1], 1)
        self.over_time = nn.ModuleList(_OverTime(width) for width in _WIDTHS[1:])
        width = _WIDTHS[-1]
        self.gathered = nn.Linear(2 * width + 2 * _MOMENTS, width)
        self.last = nn.ModuleList(nn.Conv1d(width, width, 3, padding=1, padding_mode="circular") for _ in range(2))
        self.classify = nn.Linear(3 * width, classes)

    def forward(self, clips: Tensor) -> Tensor:
        count, frames = clips.shape[:2]
        unit = F.adaptive_avg_pool2d((clips.flatten(0, 1) + 1) / 2, _SIDE).unflatten(0, (count, frames))
        x = torch.cat([unit, 4 * (unit - unit.roll(1, 1))], dim=2).flatten(0, 1)  # b f c h w -> (b f) c h w
        x = F.relu(self.norms[0](self.down[0](x)))
        x = F.relu(self.norms[1](self.down[1](x))) + self.with_flow(coarse_flow(unit).flatten(0, 1))
        x = self.over_time[0](x, frames)
        x = self.over_time[1](F.relu(self.norms[2](self.down[2](x))), frames)
        shape = moments(unit[:, :, 3])
        shape = shape - shape.mean(1, keepdim=True)
        step = shape - shape.roll(1, 1)
        seen = torch.cat([x.mean(dim=(2, 3)), x.amax(dim=(2, 3))], dim=1).unflatten(0, (count, frames))
        h = F.relu(self.gathered(torch.cat([seen, 10 * shape, 10 * step], dim=-1))).transpose(1, 2)  # b f c -> b c f
        for layer in self.last:
            h = h + F.relu(layer(h))
        logits: Tensor = self.classify(torch.cat([h.mean(2), h.amax(2), h.std(2)], dim=1))
        return logits


@dataclass(frozen=True)
class TrainedProbe:
    """The probe that is shipped, or another; `description.classes` are the columns of `probabilities`."""

    network: Probe
    description: ProbeDescription

    @torch.no_grad()
    def probabilities(self, clips: Tensor) -> Tensor:
        """(B,classes) for clips (B,FRAMES,4,SIZE,SIZE), premultiplied in [-1,1]. Raises ValueError for other shapes."""
        if clips.shape[1:] != (FRAMES, 4, SIZE, SIZE):
            raise ValueError(f"the probe looks at (B,{FRAMES},4,{SIZE},{SIZE}), not at {tuple(clips.shape)}")
        probabilities: Tensor = self.network(clips.float()).softmax(1)
        return probabilities


def save_probe(probe: TrainedProbe, *, weights: Path = WEIGHTS, description: Path = DESCRIPTION) -> None:
    """Write fp16 weights and the description beside them."""
    save_file({name: tensor.half().contiguous() for name, tensor in probe.network.state_dict().items()}, weights)
    described = {name: getattr(probe.description, name) for name in ProbeDescription.__dataclass_fields__}
    description.write_text(json.dumps(described, indent=2, ensure_ascii=False) + "\n")


def read_probe(*, weights: Path = WEIGHTS, description: Path = DESCRIPTION) -> TrainedProbe:
    """Raises ProbeError where a file is missing, damaged or of another architecture."""
    try:
        described = read_settings(ProbeDescription, json.loads(description.read_text()), where=str(description))
        network = Probe(len(described.classes))
        network.load_state_dict({name: tensor.float() for name, tensor in load_file(weights).items()})
    except (OSError, ValueError, SettingsError, SafetensorError, RuntimeError) as error:
        raise ProbeError(
            f"{weights}, {description}: no whole probe ({error}); "
            "copy both again, or train one by python -m sticker_diffusion.metrics.train_probe"
        ) from error
    return TrainedProbe(network.eval(), described)


@lru_cache(maxsize=1)
def shipped_probe() -> TrainedProbe:
    """The probe beside this module, read once."""
    return read_probe()
