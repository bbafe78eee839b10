"""What a motion is: a verb, a curve of poses over the loop's phase, ways to say it, and perhaps particles."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from sticker_diffusion.stickers.pose import MIRRORED, Box, Pose, Warp, wave

LEAST_ROOM = 0.4


@dataclass(frozen=True)
class Style:
    """How one clip says its verb; each (N,). `strength` scales the poses (1 is as drawn), `mirror` is ±1;
    `lag` (follow-through), `ease` (early or late timing) and `sway` (a secondary lean) are jitters in [-1,1]."""

    strength: Tensor
    mirror: Tensor
    lag: Tensor
    ease: Tensor
    sway: Tensor

    @classmethod
    def plain(cls, *, strength: Tensor, mirror: Tensor) -> Style:
        """No jitter: the motion as its table entry draws it."""
        zero = torch.zeros_like(strength)
        return cls(strength, mirror, zero, zero, zero)

    def __getitem__(self, chosen: Tensor) -> Style:
        return Style(*(part[chosen] for part in (self.strength, self.mirror, self.lag, self.ease, self.sway)))


Curve = Callable[[Tensor, Tensor], Pose]
"""(phase (N,F) in loops, late (N,F): the phase for what follows through) -> poses."""

Emitter = Callable[[Tensor], Tensor]
"""phase (N,F) -> particles (N,F,P,5): x and y in box coordinates, size in canvas units, turn, opacity 0…1."""


@dataclass(frozen=True)
class Motion:
    """One verb. `says` are phrases whose first word is a verb's base form ("jump up"), `with_things` are phrases that
    follow a subject as they are ("with hearts"). `full_turns` adds whole rotations, which strength does not scale."""

    verb: str
    curve: Curve
    says: tuple[str, ...]
    with_things: tuple[str, ...] = ()
    anchor: tuple[float, float] = (0.0, 0.0)
    full_turns: int = 0
    particle: str | None = None
    emitter: Emitter | None = None

    def warp(self, phase: Tensor, style: Style, box: Box) -> Warp:
        """Backward warps at phases (F,); at phase 0 (and 1) the identity, whatever the style."""
        eased = eased_phase(phase, style)
        late = eased - (0.07 + 0.03 * style.lag[:, None])
        channels = self.curve(eased, late).stacked(eased)
        start = torch.zeros_like(eased[:, :1])
        rest = self.curve(start, start - (0.07 + 0.03 * style.lag[:, None])).stacked(start)
        channels = _inside((channels - rest) * style.strength[:, None, None], box=box, anchor=box.anchor(self.anchor))
        turn = channels[..., 2] + 0.06 * (style.sway * style.strength)[:, None] * wave(eased)
        turn = turn + 2 * torch.pi * self.full_turns * eased
        channels = torch.cat([channels[..., :2], turn[..., None], channels[..., 3:]], dim=-1)
        flipped = torch.where(style.mirror[:, None] < 0, MIRRORED, torch.ones_like(MIRRORED))
        return Warp.of(channels * flipped[:, None], anchor=box.anchor(self.anchor), box=box)

    def emit(self, phase: Tensor, style: Style) -> Tensor:
        """Particles (N,F,P,5) in box coordinates at phases (F,); P is 0 for a motion without any."""
        if self.emitter is None:
            return torch.zeros(len(style.ease), len(phase), 0, 5)
        particles = self.emitter(eased_phase(phase, style))
        particles[..., 0] += 0.12 * style.sway[:, None, None]
        particles[..., 2] *= (0.6 + 0.4 * style.strength)[:, None, None]
        return particles


def eased_phase(phase: Tensor, style: Style) -> Tensor:
    """Phases (N,F) bent early or late by the style; 0 stays 0 and 1 stays 1."""
    spread = phase[None].expand(len(style.ease), -1)
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
