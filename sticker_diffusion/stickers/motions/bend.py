"""Motions that bend the sticker: its foot and its top do not move together."""

from __future__ import annotations

from torch import Tensor

from sticker_diffusion.stickers.motions.motion import Motion
from sticker_diffusion.stickers.pose import Pose, keys, rise, wave


def _waving(phase: Tensor, late: Tensor) -> Pose:
    return Pose(bend=0.40 * wave(phase), lean=0.14 * wave(late), tall=-0.04 * rise(2 * phase))


def _waving_hello(phase: Tensor, late: Tensor) -> Pose:
    # Twice to one side, the foot lifted a little.
    swing = keys(phase, 0, 0.9, 0.35, 1, 0.25, -0.55, -0.75, -0.35)
    return Pose(
        bend=0.38 * swing, turn=0.12 * keys(late, 0, 0.9, 0.35, 1, 0.25, -0.55, -0.75, -0.35), y=-0.08 * rise(phase)
    )


def _rippling(phase: Tensor, late: Tensor) -> Pose:
    # A ripple that runs up the sticker, drawn as its change since phase 0.
    return Pose(
        wave_sine=-0.16 * rise(phase),
        wave_cosine=-0.08 * wave(phase),
        tall=0.08 * wave(late, 2),
        wide=-0.08 * wave(late, 2),
    )


def _wobbling(phase: Tensor, late: Tensor) -> Pose:
    # A jelly that was poked: the ripple stands and dies away.
    shake = keys(phase, 0, 1, -0.7, 0.75, -0.9, 0.5, -0.45, 0.2)
    return Pose(
        wave_sine=0.11 * shake,
        wave_cosine=0.05 * wave(late),
        tall=-0.09 * keys(late, 0, 1, 0.5, 0.8, 0.3, 0.6, 0.2, 0.1),
    )


MOTIONS = (
    Motion(
        verb="waving",
        curves=(_waving, _waving_hello),
        anchor=(0.0, 1.0),
        says=(
            "wave",
            "sway",
            "sway side to side",
            "wave hello",
            "lean to each side",
            "sway in the wind",
            "rock gently",
            "wave goodbye",
            "say hello",
            "sway to the music",
            "wave its arms",
            "welcome you",
            "flutter",
        ),
        with_things=("swaying like a tree",),
    ),
    Motion(
        verb="rippling",
        curves=(_rippling, _wobbling),
        anchor=(0.0, 1.0),
        says=(
            "ripple",
            "wobble like jelly",
            "wobble",
            "undulate",
            "quiver like jelly",
            "ripple like water",
            "wobble around",
            "jiggle like pudding",
            "ripple in the wind",
            "shimmer like water",
            "slosh",
            "jiggle like jelly",
        ),
        with_things=("made of jelly",),
    ),
)
