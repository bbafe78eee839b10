"""Motions that bend the sticker: its foot and its top do not move together."""

from __future__ import annotations

from torch import Tensor

from sticker_diffusion.stickers.motions.motion import Motion
from sticker_diffusion.stickers.pose import Pose, rise, wave


def _waving(phase: Tensor, late: Tensor) -> Pose:
    return Pose(bend=0.40 * wave(phase), lean=0.14 * wave(late), tall=-0.04 * rise(2 * phase))


def _rippling(phase: Tensor, late: Tensor) -> Pose:
    # A ripple that runs up the sticker, drawn as its change since phase 0.
    return Pose(
        wave_sine=-0.11 * rise(phase) * 2,
        wave_cosine=-0.11 * wave(phase),
        tall=0.08 * wave(late, 2),
        wide=-0.08 * wave(late, 2),
    )


MOTIONS = (
    Motion(
        verb="waving",
        curve=_waving,
        anchor=(0.0, 1.0),
        says=(
            "wave",
            "sway",
            "sway side to side",
            "wave hello",
            "lean to each side",
            "sway in the wind",
            "rock gently",
        ),
        with_things=("swaying like a tree",),
    ),
    Motion(
        verb="rippling",
        curve=_rippling,
        anchor=(0.0, 1.0),
        says=("ripple", "wobble like jelly", "wobble", "undulate", "quiver like jelly", "ripple like water"),
        with_things=("made of jelly",),
    ),
)
