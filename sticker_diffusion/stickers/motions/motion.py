"""What a motion is: a verb, a curve of poses over the loop's phase, ways to say it, and perhaps particles."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace

import torch
import torch.nn.functional as F
from torch import Tensor

from sticker_diffusion.stickers.pose import MIRRORED, Box, Pose, Warp, wave

LEAST_ROOM = 0.4
MANNERS = 2
"""Different motions that a verb has."""


@dataclass(frozen=True)
class Style:
    """How one clip says its verb; each (N,).

    `strength` scales the poses (1 is as drawn), `mirror` is ±1, `manner` (long) is which of the verb's motions it is,
    0…MANNERS − 1; `lag` (follow-through), `ease` (early or late timing) and `sway` (a secondary lean) are jitters in
    [-1,1]; `start` is the phase of the pose in which the sticker stands, 0 at rest.
    """

    strength: Tensor
    mirror: Tensor
    manner: Tensor
    lag: Tensor
    ease: Tensor
    sway: Tensor
    start: Tensor

    @classmethod
    def plain(cls, *, strength: Tensor, mirror: Tensor, manner: Tensor, start: Tensor) -> Style:
        """No jitter: the motion as its table entry draws it."""
        zero = torch.zeros_like(strength)
        return cls(strength, mirror, manner, zero, zero, zero, start)

    def __getitem__(self, chosen: Tensor) -> Style:
        return Style(*(getattr(self, part.name)[chosen] for part in fields(self)))


Curve = Callable[[Tensor, Tensor], Pose]
"""(phase (N,F) in loops, late (N,F): the phase for what follows through) -> poses."""

Emitter = Callable[[Tensor], Tensor]
"""phase (N,F) -> particles (N,F,P,5): x and y in box coordinates, size in canvas units, turn, opacity 0…1."""


@dataclass(frozen=True)
class Motion:
    """One verb, in MANNERS motions. `says` are phrases whose first word is a verb's base form ("jump up"),
    `with_things` are phrases that follow a subject as they are ("with hearts"). `full_turns` adds whole rotations,
    which strength does not scale."""

    verb: str
    curves: tuple[Curve, Curve]
    says: tuple[str, ...]
    with_things: tuple[str, ...] = ()
    anchor: tuple[float, float] = (0.0, 0.0)
    full_turns: int = 0
    particle: str | None = None
    emitters: tuple[Emitter, Emitter] | None = None

    def warp(self, phase: Tensor, style: Style, box: Box) -> Warp:
        """Backward warps at phases (F,); at phase 0 (and 1) the identity, whatever the style."""
        lag = 0.07 + 0.03 * style.lag[:, None]
        begun = eased_phase(torch.zeros_like(phase[:1]), style)
        eased = eased_phase(phase, style)
        channels = self._pose(eased, lag, style.manner) - self._pose(begun, lag, style.manner)
        channels = _inside(channels * style.strength[:, None, None], box=box, anchor=box.anchor(self.anchor))
        sway = 0.06 * (style.sway * style.strength)[:, None] * (wave(eased) - wave(begun))
        turn = channels[..., 2] + sway + 2 * torch.pi * self.full_turns * (eased - begun)
        channels = torch.cat([channels[..., :2], turn[..., None], channels[..., 3:]], dim=-1)
        flipped = torch.where(style.mirror[:, None] < 0, MIRRORED, torch.ones_like(MIRRORED))
        return Warp.of(channels * flipped[:, None], anchor=box.anchor(self.anchor), box=box)

    def _pose(self, phase: Tensor, lag: Tensor, manner: Tensor) -> Tensor:
        """Pose channels (N,F,9) at phases (N,F), each clip in its manner (N,)."""
        drawn = torch.stack([curve(phase, phase - lag).stacked(phase) for curve in self.curves])
        return drawn[manner, torch.arange(len(manner))]

    def height(self, manner: int) -> float:
        """The phase, in eighths of the loop, at which the pose is farthest from rest."""
        eighths = torch.arange(8)[None] / 8
        pose = self._pose(eighths, torch.full((1, 1), 0.07), torch.tensor([manner]))[0]
        return int((pose - pose[:1]).square().sum(-1).argmax()) / 8

    def emit(self, phase: Tensor, style: Style) -> Tensor:
        """Particles (N,F,P,5) in box coordinates at phases (F,); P is 0 for a motion without any.

        They are born after the sticker's own frame and gone before it, in whatever pose it stands.
        """
        if self.emitters is None:
            return torch.zeros(len(style.ease), len(phase), 0, 5)
        eased = eased_phase(phase, replace(style, start=torch.zeros_like(style.start)))
        drawn = [emitter(eased) for emitter in self.emitters]
        most = max(particles.shape[2] for particles in drawn)
        padded = torch.stack([F.pad(particles, (0, 0, 0, most - particles.shape[2])) for particles in drawn])
        particles = padded[style.manner, torch.arange(len(style.manner))]
        particles[..., 0] += 0.12 * style.sway[:, None, None]
        particles[..., 2] *= (0.6 + 0.4 * style.strength)[:, None, None]
        return particles


def eased_phase(phase: Tensor, style: Style) -> Tensor:
    """Phases (N,F) after the style's start, bent early or late by it; from 0, 0 stays 0 and 1 stays 1."""
    spread = phase[None] + style.start[:, None]
    return spread + 0.03 * style.ease[:, None] * wave(spread)


def _inside(channels: Tensor, *, box: Box, anchor: Tensor) -> Tensor:
    """Make growth and lift smaller, down to LEAST_ROOM, for a sticker whose head would leave the canvas."""
    x, y, turn, wide, tall, *bending = channels.unbind(-1)
    foot = anchor[:, 1:]
    above = (foot - (box.y - box.half_height)[:, None]).clamp(min=1e-3)
    aside = box.half_width[:, None]
    room_above = torch.log(((1 + foot) / above).clamp(min=1))
    room_aside = torch.log(((1 - box.x.abs()[:, None]) / aside).clamp(min=1))
    growth = torch.minimum(_share(room_above, tall), _share(room_aside, wide))
    wide, tall = wide * growth, tall * growth
    lift = _share((1 + foot - above * torch.exp(tall)).clamp(min=0), -y)
    return torch.stack([x, y * lift, turn, wide, tall, *bending], dim=-1)


def _share(room: Tensor, wanted: Tensor) -> Tensor:
    """The factor (N,1), at most 1, by which the wanted (N,F) fits in the room (N,1) or (N,F) in every frame."""
    factor = torch.where(wanted > 1e-4, room / wanted.clamp(min=1e-4), torch.ones_like(wanted))
    return factor.amin(1, keepdim=True).clamp(LEAST_ROOM, 1)
