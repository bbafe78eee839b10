"""Motions of the whole sticker: turning and moving, hardly any change of shape."""

from __future__ import annotations

from torch import Tensor

from sticker_diffusion.stickers.motions.motion import Motion
from sticker_diffusion.stickers.pose import Pose, keys, rise, wave


def _wiggling(phase: Tensor, late: Tensor) -> Pose:
    return Pose(
        turn=0.34 * keys(phase, 0, 0.85, 0.2, -1, -0.35, 0.75, 0.45, -0.55),
        lean=0.20 * keys(late, 0, 0.85, 0.2, -1, -0.35, 0.75, 0.45, -0.55),
    )


def _spinning(phase: Tensor, late: Tensor) -> Pose:
    return Pose(wide=-0.10 * rise(phase), tall=-0.10 * rise(phase) - 0.03 * wave(late))


def _floating(phase: Tensor, late: Tensor) -> Pose:
    return Pose(x=0.12 * wave(phase), y=-0.26 * rise(phase), turn=0.10 * wave(late))


def _shaking(phase: Tensor, late: Tensor) -> Pose:
    return Pose(
        x=0.17 * keys(phase, 0, 0.95, -0.85, 0.48, -1, 0.8, -0.6, 0.64),
        turn=0.06 * keys(late, 0, 0.95, -0.85, 0.48, -1, 0.8, -0.6, 0.64),
    )


def _swinging(phase: Tensor, late: Tensor) -> Pose:
    return Pose(turn=0.52 * wave(phase), lean=-0.16 * wave(late))


def _rolling(phase: Tensor, late: Tensor) -> Pose:
    # There is hurried and back is slow, so that no pose is passed twice.
    there = keys(phase, 0, 0.55, 1, 0.72, 0.05, -0.62, -1, -0.45)
    return Pose(x=0.30 * there, turn=0.95 * there + 0.05 * wave(late, 2), y=0.05 * wave(phase))


MOTIONS = (
    Motion(
        verb="wiggling",
        curve=_wiggling,
        says=("wiggle", "wiggle around", "jiggle", "squirm", "fidget", "wriggle"),
        with_things=("doing a little wiggle",),
    ),
    Motion(
        verb="spinning",
        curve=_spinning,
        full_turns=1,
        says=("spin", "spin around", "rotate", "twirl", "turn around", "whirl", "spin in circles"),
        with_things=("doing a full turn",),
    ),
    Motion(
        verb="floating",
        curve=_floating,
        says=("float", "hover", "drift", "levitate", "float in the air", "glide gently"),
        with_things=("light as a feather",),
    ),
    Motion(
        verb="shaking",
        curve=_shaking,
        says=("shake", "tremble", "shiver", "quake", "vibrate", "shudder", "shake with fear"),
        with_things=("shaking all over",),
    ),
    Motion(
        verb="swinging",
        curve=_swinging,
        anchor=(0.0, -1.0),
        says=("swing", "swing from the top", "dangle", "hang & swing", "swing like a pendulum"),
        with_things=("hanging like a pendulum",),
    ),
    Motion(
        verb="rolling",
        curve=_rolling,
        says=("roll", "roll left then right", "roll around", "tumble", "roll on the ground"),
        with_things=("rolling like a ball",),
    ),
)
