"""Motions with weight: squash, stretch, hops and pulses. The foot stays where it is unless the sticker leaves it."""

from __future__ import annotations

from torch import Tensor

from sticker_diffusion.stickers.motions.motion import Motion
from sticker_diffusion.stickers.pose import Pose, keys, wave


def _bouncing(phase: Tensor, late: Tensor) -> Pose:
    # A high hop and a low one; the landings squash.
    height = keys(phase, 0, 0.85, 1, 0.35, 0, 0.6, 0.5, 0)
    squash = keys(phase, 0.1, -0.35, 0.1, -0.4, 1, -0.4, 0.1, 0.75)
    return Pose(y=-0.30 * height, tall=-0.24 * squash, wide=0.17 * squash, lean=0.05 * wave(late))


def _jumping(phase: Tensor, late: Tensor) -> Pose:
    height = keys(phase, 0, 0, 0.3, 0.85, 1, 0.75, 0.2, 0)
    squash = keys(phase, 0, 1, -0.6, -0.3, 0.05, -0.15, -0.45, 0.8)
    return Pose(y=-0.34 * height, tall=-0.34 * squash, wide=0.22 * squash, turn=0.05 * wave(late))


def _pulsing(phase: Tensor, late: Tensor) -> Pose:
    return Pose(wide=0.24 * wave(late), tall=0.24 * wave(phase))


def _popping(phase: Tensor, late: Tensor) -> Pose:
    size = keys(phase, 0, -0.4, -1.15, -0.65, 0.42, 0.22, -0.16, 0.1)
    return Pose(wide=0.75 * size, tall=0.75 * size + 0.12 * keys(late, 0, 0, -0.5, 0.5, 1, -1, 0.5, -0.3))


def _beating(phase: Tensor, late: Tensor) -> Pose:
    beat = keys(phase, 0, 1, 0.2, 0.78, -0.2, -0.44, -0.32, -0.12)
    return Pose(wide=0.26 * beat + 0.05 * wave(late), tall=0.24 * beat - 0.05 * wave(late))


def _nodding(phase: Tensor, late: Tensor) -> Pose:
    dip = keys(phase, 0, 0.75, 0.95, 0.25, 0.1, 0.85, 0.6, -0.1)
    bow = keys(late, 0, 0.75, 0.95, 0.25, 0.1, 0.85, 0.6, -0.1)
    return Pose(turn=0.16 * bow, lean=0.24 * dip, tall=-0.22 * dip)


def _stretching(phase: Tensor, late: Tensor) -> Pose:
    reach = keys(phase, 0, -0.55, 0.1, 0.8, 1, 0.9, 0.4, -0.2)
    follow = keys(late, 0, -0.55, 0.1, 0.8, 1, 0.9, 0.4, -0.2)
    return Pose(tall=0.34 * reach, wide=-0.26 * follow)


FOOT = (0.0, 1.0)
MOTIONS = (
    Motion(
        verb="bouncing",
        curve=_bouncing,
        anchor=FOOT,
        says=("bounce", "hop", "bob on the spot", "bounce on the spot", "bounce like a ball", "hop twice"),
        with_things=("full of bounce",),
    ),
    Motion(
        verb="jumping",
        curve=_jumping,
        anchor=FOOT,
        says=("jump", "leap", "jump high", "jump for joy", "leap into the air", "jump up", "spring up"),
        with_things=("taking a big leap",),
    ),
    Motion(
        verb="pulsing",
        curve=_pulsing,
        says=("pulse", "pulsate", "grow & shrink", "swell & shrink", "throb slowly", "inflate & deflate"),
        with_things=("getting bigger and smaller",),
    ),
    Motion(
        verb="popping",
        curve=_popping,
        says=("pop", "pop up", "pop out", "pop into view", "burst out", "appear with a pop"),
        with_things=("with a pop",),
    ),
    Motion(
        verb="beating",
        curve=_beating,
        says=("beat", "beat like a heart", "thump", "pound", "beat twice", "thump like a heart"),
        with_things=("with a heartbeat",),
    ),
    Motion(
        verb="nodding",
        curve=_nodding,
        anchor=FOOT,
        says=("nod", "nod yes", "bow", "agree", "nod along", "say yes", "nod approvingly"),
        with_things=("giving a nod",),
    ),
    Motion(
        verb="stretching",
        curve=_stretching,
        anchor=FOOT,
        says=("stretch", "stretch up", "grow tall", "stretch after waking", "reach up", "yawn & stretch"),
        with_things=("getting longer",),
    ),
)
