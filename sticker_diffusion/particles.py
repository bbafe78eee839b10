"""Particles: hearts, tears and the like, as a few sprites of an atlas that the caption calls for.

Where a particle is, depends on the caption, the phase of the loop and the box of the sticker, and hardly on chance; so
its place is regressed from these, and its picture is a sprite, sharp at any size.
"""

from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sticker_diffusion.stickers.motions import MANNERS
from sticker_diffusion.stickers.particle import ATLAS_SHARE, draw_particles, on_canvas, particle_sprite
from sticker_diffusion.stickers.pose import Box

NONE = 0
# Below this a particle is not there: its square would only hide another.
FAINTEST = 0.05


@dataclass(frozen=True)
class ParticleSettings:
    """`kinds` are shapes of the atlas, in the order of the head's classes after "none"; `slots` particles at most.

    `manners` says whether where they are depends on the manner of the motion.
    """

    kinds: tuple[str, ...] = ("heart", "sparkle", "drop", "zed")
    slots: int = 6
    hidden: int = 128
    manners: bool = False


@dataclass(frozen=True)
class Particles:
    """kind (B,) long: 0 none, else 1 + index into `names`; placed (B, F, P, 5) on the canvas: x, y, half side, turn,
    opacity."""

    kind: Tensor
    placed: Tensor
    names: tuple[str, ...]

    def absent(self, frame: int) -> "Particles":
        """The same without any in one frame."""
        there = torch.ones(self.placed.shape[1], device=self.placed.device)
        there[frame] = 0.0
        x, y, size, turn, opacity = self.placed.unbind(-1)
        return replace(self, placed=torch.stack([x, y, size, turn, opacity * there[:, None]], dim=-1))

    def mirrored(self, chosen: Tensor) -> "Particles":
        """The chosen clips' particles on the other side; each keeps its own picture, as a mirrored Z is no Z."""
        sign = torch.where(chosen, -1.0, 1.0)[:, None, None]
        x, y, size, turn, opacity = self.placed.unbind(-1)
        return replace(self, placed=torch.stack([x * sign, y, size, turn * sign, opacity], dim=-1))

    def over(self, frames: Tensor) -> Tensor:
        """Draw over frames (B, F, 4, S, S), premultiplied in [0, 1]."""
        size = frames.shape[-1]
        drawn = frames
        for index, name in enumerate(self.names, start=1):
            chosen = (self.kind == index).nonzero()[:, 0]
            if len(chosen):
                sprite = particle_sprite(name, max(8, round(ATLAS_SHARE * size)))
                layer = draw_particles(
                    sprite.expand(len(chosen), -1, -1, -1), self.placed[chosen].float().cpu(), size=size
                ).to(frames.device)
                covered = layer + frames[chosen] * (1 - layer[:, :, 3:])
                drawn = drawn.index_copy(0, chosen, covered)
        return drawn


class ParticleHead(nn.Module):
    """Pooled text and phase to kind and places in the box coordinates of on_canvas. Trained by the caption drill."""

    def __init__(self, settings: ParticleSettings, *, text_width: int, phase_width: int) -> None:
        super().__init__()
        self.settings = settings
        self.kind = nn.Sequential(
            nn.Linear(text_width, settings.hidden), nn.SiLU(), nn.Linear(settings.hidden, 1 + len(settings.kinds))
        )
        self.place = nn.Sequential(
            nn.Linear(text_width + phase_width + (MANNERS if settings.manners else 0), settings.hidden),
            nn.SiLU(),
            nn.Linear(settings.hidden, settings.hidden),
            nn.SiLU(),
            nn.Linear(settings.hidden, 5 * settings.slots),
        )

    def forward(self, pooled: Tensor, phases: Tensor, manner: Tensor) -> tuple[Tensor, Tensor]:
        """pooled (B, D), phases (F, W), manner (B,), of which 0 counts as 1 → kind logits (B, 1 + kinds), places
        (B, F, P, 5) with opacity in (0, 1)."""
        pooled = pooled.float()
        clip = [pooled, F.one_hot(manner.clamp(min=1) - 1, MANNERS)] if self.settings.manners else [pooled]
        told = torch.cat(
            [
                *(part[:, None].expand(-1, len(phases), -1) for part in clip),
                phases.float()[None].expand(len(pooled), -1, -1),
            ],
            dim=-1,
        )
        x, y, size, turn, opacity = self.place(told).unflatten(-1, (self.settings.slots, 5)).unbind(-1)
        places = torch.stack([x, y, F.softplus(size - 2), turn, torch.sigmoid(opacity)], dim=-1)
        return self.kind(pooled), places

    @torch.no_grad()
    def particles(self, pooled: Tensor, phases: Tensor, manner: Tensor, box: Box) -> Particles:
        """The particles of B clips on the canvas."""
        logits, places = self(pooled, phases, manner)
        x, y, size, turn, opacity = places.unbind(-1)
        seen = (opacity > FAINTEST).to(opacity.dtype)
        places = torch.stack([x, y, size * seen, turn, opacity * seen], dim=-1)
        placed = on_canvas(places, box=box, mirror=torch.ones(len(pooled), device=pooled.device))
        return Particles(logits.argmax(1), placed, self.settings.kinds)
