"""Not what a sticker does, but what a camera does to it: the general model's weak domain, in place of natural video."""

from __future__ import annotations

from torch import Tensor

from sticker_diffusion.stickers.motions.motion import Motion
from sticker_diffusion.stickers.pose import Pose, keys, rise, wave


def _panning(phase: Tensor, late: Tensor) -> Pose:
    return Pose(x=0.38 * wave(phase), y=0.03 * wave(late))


def _tilting(phase: Tensor, late: Tensor) -> Pose:
    return Pose(y=0.34 * wave(phase), x=0.04 * wave(late))


def _zooming_in(phase: Tensor, late: Tensor) -> Pose:
    size = keys(phase, 0, 0.4, 0.75, 0.95, 1, 0.8, 0.45, 0.1)
    return Pose(wide=0.34 * size, tall=0.34 * size, x=0.03 * wave(late))


def _zooming_out(phase: Tensor, late: Tensor) -> Pose:
    size = keys(phase, 0, 0.4, 0.75, 0.95, 1, 0.8, 0.45, 0.1)
    return Pose(wide=-0.55 * size, tall=-0.55 * size, y=0.03 * wave(late))


def _handheld(phase: Tensor, late: Tensor) -> Pose:
    return Pose(x=0.14 * wave(phase), y=-0.16 * rise(phase), turn=0.05 * wave(late))


def _orbiting(phase: Tensor, late: Tensor) -> Pose:
    return Pose(x=0.18 * wave(phase), y=0.18 * (1 - 2 * rise(phase)), turn=0.09 * wave(late), wide=0.06 * wave(late))


MOTIONS = (
    Motion(
        verb="pan",
        curves=(_panning, _tilting),
        says=("pan across", "pass by", "move across the screen"),
        with_things=("panned", "seen from a train", "in a wide shot"),
    ),
    Motion(
        verb="zoom",
        curves=(_zooming_in, _zooming_out),
        says=("zoom in & out", "come closer", "get near"),
        with_things=("zoomed", "in a close-up", "through a lens"),
    ),
    Motion(
        verb="drift",
        curves=(_handheld, _orbiting),
        says=("linger", "stay around", "stand there"),
        with_things=("filmed by hand", "on a calm day", "in the distance"),
    ),
)
