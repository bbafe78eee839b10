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


def _shimmying(phase: Tensor, late: Tensor) -> Pose:
    # Hips one way, head the other.
    return Pose(
        x=0.13 * keys(phase, 0, 1, 0.15, -0.9, -0.2, 0.8, 0.3, -0.6),
        turn=-0.24 * keys(late, 0, 1, 0.15, -0.9, -0.2, 0.8, 0.3, -0.6),
        y=-0.05 * rise(phase),
    )


def _spinning(phase: Tensor, late: Tensor) -> Pose:
    return Pose(wide=-0.10 * rise(phase), tall=-0.10 * rise(phase) - 0.03 * wave(late))


def _winding_up(phase: Tensor, late: Tensor) -> Pose:
    # Back a little first, then round in a hurry and past the end.
    return Pose(
        turn=keys(phase, 0, -0.75, -1.15, -0.9, -0.15, 0.55, 0.75, 0.4),
        wide=-0.06 * rise(phase),
        tall=-0.06 * rise(phase),
        y=-0.16 * keys(late, 0, -0.3, -0.35, 0.3, 1, 1, 0.5, 0),
    )


def _floating(phase: Tensor, late: Tensor) -> Pose:
    return Pose(x=0.12 * wave(phase), y=-0.26 * rise(phase), turn=0.10 * wave(late))


def _drifting_off(phase: Tensor, late: Tensor) -> Pose:
    # A lying eight, rocking like a boat.
    return Pose(x=0.26 * wave(phase), y=-0.12 * wave(phase, 2), turn=0.13 * wave(late), tall=0.04 * rise(phase))


def _shaking(phase: Tensor, late: Tensor) -> Pose:
    return Pose(
        x=0.17 * keys(phase, 0, 0.95, -0.85, 0.48, -1, 0.8, -0.6, 0.64),
        turn=0.06 * keys(late, 0, 0.95, -0.85, 0.48, -1, 0.8, -0.6, 0.64),
    )


def _trembling(phase: Tensor, late: Tensor) -> Pose:
    # Up and down, with chattering teeth.
    return Pose(
        y=-0.15 * keys(phase, 0, 0.9, -0.8, 0.5, -1, 0.75, -0.55, 0.6),
        turn=0.09 * keys(late, 0, -0.8, 0.9, -0.5, 0.7, -1, 0.5, -0.6),
    )


def _swinging(phase: Tensor, late: Tensor) -> Pose:
    return Pose(turn=0.52 * wave(phase), lean=-0.16 * wave(late))


def _on_a_swing(phase: Tensor, late: Tensor) -> Pose:
    # Higher on one side than on the other, and a little nearer at the lowest point.
    return Pose(
        turn=0.62 * keys(phase, 0, 0.7, 1, 0.75, 0.1, -0.45, -0.62, -0.4),
        x=0.10 * keys(late, 0, 0.7, 1, 0.75, 0.1, -0.45, -0.62, -0.4),
        tall=0.10 * wave(phase, 2),
    )


def _rolling(phase: Tensor, late: Tensor) -> Pose:
    # There is hurried and back is slow, so that no pose is passed twice.
    there = keys(phase, 0, 0.55, 1, 0.72, 0.05, -0.62, -1, -0.45)
    return Pose(x=0.30 * there, turn=0.95 * there + 0.05 * wave(late, 2), y=0.05 * wave(phase))


def _tumbling(phase: Tensor, late: Tensor) -> Pose:
    # Far to one side, almost head over, and back.
    there = keys(phase, 0, 0.2, 0.62, 1, 0.92, 0.55, 0.1, -0.14)
    return Pose(x=0.42 * there, turn=1.9 * there + 0.06 * wave(late, 2), y=-0.10 * wave(phase, 2))


MOTIONS = (
    Motion(
        verb="wiggling",
        curves=(_wiggling, _shimmying),
        says=(
            "wiggle",
            "wiggle around",
            "jiggle",
            "squirm",
            "fidget",
            "wriggle",
            "shimmy",
            "wiggle its hips",
            "jiggle about",
            "dance a little",
            "writhe",
            "wag",
        ),
        with_things=("doing a little wiggle",),
    ),
    Motion(
        verb="spinning",
        curves=(_spinning, _winding_up),
        full_turns=1,
        says=(
            "spin",
            "spin around",
            "rotate",
            "twirl",
            "turn around",
            "whirl",
            "spin in circles",
            "do a pirouette",
            "turn in a circle",
            "rotate like a wheel",
            "revolve",
            "swirl",
            "gyrate",
        ),
        with_things=("doing a full turn",),
    ),
    Motion(
        verb="floating",
        curves=(_floating, _drifting_off),
        says=(
            "float",
            "hover",
            "drift",
            "levitate",
            "float in the air",
            "glide gently",
            "hang in the air",
            "fly slowly",
            "bob gently",
            "float away",
            "waft",
            "fly",
        ),
        with_things=("light as a feather",),
    ),
    Motion(
        verb="shaking",
        curves=(_shaking, _trembling),
        says=(
            "shake",
            "tremble",
            "shiver",
            "quake",
            "vibrate",
            "shudder",
            "shake with fear",
            "shiver from cold",
            "rattle",
            "jitter",
            "be scared",
            "quiver with fear",
            "panic",
        ),
        with_things=("shaking all over",),
    ),
    Motion(
        verb="swinging",
        curves=(_swinging, _on_a_swing),
        anchor=(0.0, -1.0),
        says=(
            "swing",
            "swing from the top",
            "dangle",
            "hang & swing",
            "swing like a pendulum",
            "swing back and forth",
            "dangle from a rope",
            "swing on a rope",
            "hang from above",
            "swing to & fro",
            "sway from a rope",
        ),
        with_things=("hanging like a pendulum",),
    ),
    Motion(
        verb="rolling",
        curves=(_rolling, _tumbling),
        says=(
            "roll",
            "roll left then right",
            "roll around",
            "tumble",
            "roll on the ground",
            "roll over",
            "tumble around",
            "roll back and forth",
            "roll like a ball",
            "roll along",
            "flip over",
            "tip over",
        ),
        with_things=("rolling like a ball",),
    ),
)
