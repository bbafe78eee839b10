"""Is the caption's verb recognised? Nearest neighbour among clips of every verb, drawn for the same sticker."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from sticker_diffusion.stickers.clips import PoseShown, render_clips
from sticker_diffusion.stickers.motions import MANNERS, MOTIONS, VERBS

STRENGTHS = (0.6, 1.0, 1.4)
PHASES = (-1, 0, 1)
"""Rolls of the loop, in frames, at which a template is compared: a motion may run a little early or late."""
STATIC = "static"
"""The template of a clip that does not move."""


@dataclass(frozen=True)
class Template:
    """How a template was drawn: a verb in a manner, at a strength, mirrored or not; STATIC is the sticker at rest.

    A `bare` one is a particle verb's body motion alone. A clip nearest to it lacks what the verb is about, so it counts
    as nothing recognised.
    """

    verb: str
    strength: float = 0.0
    mirror: bool = False
    bare: bool = False
    manner: int = 0

    @property
    def seen_as(self) -> str:
        return f"{self.verb} without its particles" if self.bare else self.verb


def _every(verbs: tuple[str, ...], *, bare: bool) -> tuple[Template, ...]:
    return tuple(
        Template(verb, strength, mirror, bare, manner)
        for verb in verbs
        for manner in range(MANNERS)
        for strength in STRENGTHS
        for mirror in (False, True)
    )


_WHOLE = _every(VERBS, bare=False)
_BARE = _every(tuple(verb for verb in VERBS if MOTIONS[verb].emitters), bare=True)
EVERY_TEMPLATE = (*_WHOLE, *_BARE, Template(STATIC))


@dataclass(frozen=True)
class Match:
    """A template, the phase at which it fits a clip best, and the mean squared error there ([-1,1] pixels)."""

    template: Template
    phase: int
    error: float


class TemplateBank:
    """The clips of every verb for one sticker (4,S,S), premultiplied in [-1,1], which stands in `pose`."""

    def __init__(self, sticker: Tensor, *, pose: PoseShown = "rest", frames: int = 8) -> None:
        self.pose = pose
        drawn = [_draw(sticker, templates, pose=pose, frames=frames) for templates in (_WHOLE, _BARE)]
        self.frames = torch.cat([*drawn, sticker.expand(1, frames, -1, -1, -1)])
        self._flat = self.frames.flatten(1)
        self._squares = self._flat.square().sum(1, keepdim=True)

    def _errors(self, clip: Tensor) -> Tensor:
        """Mean squared errors (T,P) of every template at every phase to a clip (F,4,S,S)."""
        # |t − c|² = |t|² − 2 t·c + |c|², so that nothing of the templates' size is made anew.
        rolled = torch.stack([clip.roll(-phase, 0).flatten() for phase in PHASES], dim=1)
        squares = self._squares - 2 * self._flat @ rolled + rolled.square().sum(0)
        return squares.clamp(min=0) / self._flat.shape[1]

    def recognise(self, clip: Tensor) -> Match:
        """The nearest of all templates."""
        return self._best(self._errors(clip))

    def fit(self, clip: Tensor, *, verb: str) -> Match:
        """The nearest of one verb's templates: the target, whose manner, size and direction a caption leaves free."""
        others = torch.tensor([template.bare or template.verb != verb for template in EVERY_TEMPLATE])
        return self._best(self._errors(clip).masked_fill(others[:, None], torch.inf))

    def _best(self, errors: Tensor) -> Match:
        best = int(errors.argmin())
        template, phase = divmod(best, len(PHASES))
        return Match(EVERY_TEMPLATE[template], PHASES[phase], float(errors.flatten()[best]))

    def target(self, match: Match) -> Tensor:
        """The matched template's clip (F,4,S,S), at the matched phase."""
        return self.frames[EVERY_TEMPLATE.index(match.template)].roll(match.phase, 0)


def _draw(sticker: Tensor, templates: tuple[Template, ...], *, pose: PoseShown, frames: int) -> Tensor:
    return render_clips(
        sticker,
        verbs=[template.verb for template in templates],
        strengths=[template.strength for template in templates],
        mirrors=[template.mirror for template in templates],
        manners=[template.manner for template in templates],
        pose=pose,
        frames=frames,
        with_particles=not templates[0].bare,
    )
