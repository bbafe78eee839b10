"""The table of motions: verb -> Motion. One file a family; a new verb is one entry in one of them."""

from __future__ import annotations

from sticker_diffusion.stickers.motions import bend, particles, rigid, squash
from sticker_diffusion.stickers.motions.motion import Motion, Style

MOTIONS: dict[str, Motion] = {
    motion.verb: motion for family in (rigid, squash, bend, particles) for motion in family.MOTIONS
}
VERBS: tuple[str, ...] = tuple(MOTIONS)
DEFAULT_VERB = "floating"
"""What a caption without a verb means."""


class UnknownVerbError(ValueError):
    """No motion has this name."""

    def __init__(self, verb: str) -> None:
        super().__init__(f"No motion is called {verb!r}. Known: {', '.join(VERBS)}.")


def motion_of(verb: str) -> Motion:
    """The motion of a verb; UnknownVerbError, with the known ones listed, where there is none."""
    try:
        return MOTIONS[verb]
    except KeyError:
        raise UnknownVerbError(verb) from None


__all__ = ["DEFAULT_VERB", "MOTIONS", "VERBS", "Motion", "Style", "UnknownVerbError", "motion_of"]
