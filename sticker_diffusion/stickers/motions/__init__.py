"""The tables of motions: verb -> Motion. One file a family; a new verb is one entry in one of them."""

from __future__ import annotations

from sticker_diffusion.stickers.motions import bend, camera, particles, rigid, squash
from sticker_diffusion.stickers.motions.motion import MANNERS, Motion, Style

FAMILIES: dict[str, tuple[str, ...]] = {
    name: tuple(motion.verb for motion in family.MOTIONS)
    for name, family in {"rigid": rigid, "squash": squash, "bend": bend, "particles": particles}.items()
}
"""Verbs of the keyframe animations, by family."""
MOTIONS: dict[str, Motion] = {
    motion.verb: motion for family in (rigid, squash, bend, particles) for motion in family.MOTIONS
}
VERBS: tuple[str, ...] = tuple(MOTIONS)
CAMERA: dict[str, Motion] = {motion.verb: motion for motion in camera.MOTIONS}
CAMERA_VERBS: tuple[str, ...] = tuple(CAMERA)
DEFAULT_VERB = "floating"
"""What a caption without a verb means."""


class UnknownVerbError(ValueError):
    """No motion has this name."""

    def __init__(self, verb: str) -> None:
        super().__init__(f"No motion is called {verb!r}. Known: {', '.join((*VERBS, *CAMERA_VERBS))}.")


def motion_of(verb: str) -> Motion:
    """The motion of a verb or of a camera's move; UnknownVerbError, with the known ones listed, where there is none."""
    motion = MOTIONS.get(verb) or CAMERA.get(verb)
    if motion is None:
        raise UnknownVerbError(verb)
    return motion


__all__ = [
    "CAMERA_VERBS",
    "DEFAULT_VERB",
    "FAMILIES",
    "MANNERS",
    "MOTIONS",
    "VERBS",
    "Motion",
    "Style",
    "UnknownVerbError",
    "motion_of",
]
