"""Motions with weight: squash, stretch, hops and pulses. The foot stays where it is unless the sticker leaves it."""

from __future__ import annotations

from torch import Tensor

from sticker_diffusion.stickers.motions.motion import Motion
from sticker_diffusion.stickers.pose import Pose, keys, rise, wave


def _bouncing(phase: Tensor, late: Tensor) -> Pose:
    # A high hop and a low one; the landings squash.
    height = keys(phase, 0, 0.85, 1, 0.35, 0, 0.6, 0.5, 0)
    squash = keys(phase, 0.1, -0.35, 0.1, -0.4, 1, -0.4, 0.1, 0.75)
    return Pose(y=-0.30 * height, tall=-0.24 * squash, wide=0.17 * squash, lean=0.05 * wave(late))


def _hopping_aside(phase: Tensor, late: Tensor) -> Pose:
    # A hop to one side and a hop back.
    squash = keys(phase, 0.3, -0.45, -0.1, 0.55, 0.8, -0.45, -0.1, 0.8)
    return Pose(
        x=0.26 * keys(phase, 0, 0.35, 0.8, 1, 0.95, 0.6, 0.15, -0.05),
        y=-0.30 * keys(phase, 0, 0.75, 0.8, 0.1, 0, 0.85, 0.7, 0),
        tall=-0.24 * squash,
        wide=0.17 * squash,
        turn=0.14 * keys(late, 0, 0.8, 1, 0.3, -0.2, -1, -0.8, -0.1),
    )


def _jumping(phase: Tensor, late: Tensor) -> Pose:
    height = keys(phase, 0, 0, 0.3, 0.85, 1, 0.75, 0.2, 0)
    squash = keys(phase, 0, 1, -0.6, -0.3, 0.05, -0.15, -0.45, 0.8)
    return Pose(y=-0.34 * height, tall=-0.34 * squash, wide=0.22 * squash, turn=0.05 * wave(late))


def _leaping(phase: Tensor, late: Tensor) -> Pose:
    # A run-up, an arc with a tilt, a landing.
    height = keys(phase, 0, 0, 0.25, 0.8, 1, 0.8, 0.25, 0)
    squash = keys(phase, 0, 0.9, 0.1, -0.6, -0.1, 0.1, -0.5, 0.7)
    return Pose(
        x=0.28 * keys(phase, 0, -0.5, -0.9, -0.55, 0.1, 0.7, 0.95, 0.5),
        y=-0.34 * height,
        turn=0.30 * keys(late, 0, -0.2, -0.9, -0.7, 0, 0.8, 0.9, 0.2),
        tall=-0.30 * squash,
        wide=0.19 * squash,
    )


def _pulsing(phase: Tensor, late: Tensor) -> Pose:
    return Pose(wide=0.24 * wave(late), tall=0.24 * wave(phase))


def _breathing(phase: Tensor, late: Tensor) -> Pose:
    # Wide, then tall, as a balloon that is pressed.
    return Pose(wide=0.26 * wave(phase) + 0.05 * rise(late), tall=-0.22 * wave(late) + 0.05 * rise(phase))


def _popping(phase: Tensor, late: Tensor) -> Pose:
    size = keys(phase, 0, -0.4, -1.15, -0.65, 0.42, 0.22, -0.16, 0.1)
    return Pose(wide=0.75 * size, tall=0.75 * size + 0.12 * keys(late, 0, 0, -0.5, 0.5, 1, -1, 0.5, -0.3))


def _popping_up(phase: Tensor, late: Tensor) -> Pose:
    # Down out of sight of itself, and up like a cork.
    size = keys(phase, 0, -0.45, -1.1, -0.75, 0.25, 0.5, 0.2, -0.1)
    return Pose(
        y=0.30 * keys(phase, 0, 0.45, 1, 0.7, -0.75, -0.6, -0.2, 0.1),
        wide=0.55 * size - 0.10 * keys(late, 0, 0, -0.5, 0.4, 1, -0.6, 0.3, -0.2),
        tall=0.72 * size + 0.14 * keys(late, 0, 0, -0.5, 0.4, 1, -0.6, 0.3, -0.2),
    )


def _beating(phase: Tensor, late: Tensor) -> Pose:
    beat = keys(phase, 0, 1, 0.2, 0.78, -0.2, -0.44, -0.32, -0.12)
    return Pose(wide=0.26 * beat + 0.05 * wave(late), tall=0.24 * beat - 0.05 * wave(late))


def _thumping(phase: Tensor, late: Tensor) -> Pose:
    # Two unequal beats, each with a tilt of its own.
    beat = keys(phase, 0, 1, 0.15, -0.2, 0.35, 0.75, -0.15, -0.3)
    return Pose(
        wide=0.22 * beat,
        tall=0.26 * beat - 0.04 * wave(late),
        turn=0.15 * keys(late, 0, 1, 0.4, 0.1, -0.6, -1, -0.4, -0.1),
        y=-0.06 * beat,
    )


def _nodding(phase: Tensor, late: Tensor) -> Pose:
    dip = keys(phase, 0, 0.75, 0.95, 0.25, 0.1, 0.85, 0.6, -0.1)
    bow = keys(late, 0, 0.75, 0.95, 0.25, 0.1, 0.85, 0.6, -0.1)
    return Pose(turn=0.16 * bow, lean=0.24 * dip, tall=-0.22 * dip)


def _bowing(phase: Tensor, late: Tensor) -> Pose:
    # One deep bow, held, and up again past upright.
    bow = keys(phase, 0, 0.35, 0.85, 1, 0.95, 0.6, 0.05, -0.2)
    follow = keys(late, 0, 0.35, 0.85, 1, 0.95, 0.6, 0.05, -0.2)
    return Pose(turn=0.40 * bow, lean=0.16 * follow, tall=-0.16 * bow, x=0.05 * follow)


def _stretching(phase: Tensor, late: Tensor) -> Pose:
    reach = keys(phase, 0, -0.55, 0.1, 0.8, 1, 0.9, 0.4, -0.2)
    follow = keys(late, 0, -0.55, 0.1, 0.8, 1, 0.9, 0.4, -0.2)
    return Pose(tall=0.34 * reach, wide=-0.26 * follow)


def _reaching_wide(phase: Tensor, late: Tensor) -> Pose:
    # To the sides instead of up, with a yawn in between.
    reach = keys(phase, 0, -0.35, 0.2, 0.9, 1, 0.75, 0.1, -0.3)
    follow = keys(late, 0, -0.35, 0.2, 0.9, 1, 0.75, 0.1, -0.3)
    return Pose(
        wide=0.30 * reach, tall=-0.22 * follow, lean=0.22 * keys(phase, 0, 0.3, 0.9, 0.5, -0.3, -0.9, -0.6, -0.1)
    )


FOOT = (0.0, 1.0)
MOTIONS = (
    Motion(
        verb="bouncing",
        curves=(_bouncing, _hopping_aside),
        anchor=FOOT,
        says=(
            "bounce",
            "hop",
            "bob on the spot",
            "bounce on the spot",
            "bounce like a ball",
            "hop twice",
            "hop around",
            "bounce around",
            "skip along",
            "bounce happily",
            "spring along",
            "dribble",
        ),
        with_things=("full of bounce",),
    ),
    Motion(
        verb="jumping",
        curves=(_jumping, _leaping),
        anchor=FOOT,
        says=(
            "jump",
            "leap",
            "jump high",
            "jump for joy",
            "leap into the air",
            "jump up",
            "spring up",
            "jump around",
            "take a leap",
            "jump with joy",
            "vault",
            "lunge",
        ),
        with_things=("taking a big leap",),
    ),
    Motion(
        verb="pulsing",
        curves=(_pulsing, _breathing),
        says=(
            "pulse",
            "pulsate",
            "grow & shrink",
            "swell & shrink",
            "throb slowly",
            "inflate & deflate",
            "breathe",
            "breathe in & out",
            "puff up",
            "expand & contract",
            "puff in & out",
            "enlarge & shrink",
        ),
        with_things=("getting bigger and smaller",),
    ),
    Motion(
        verb="popping",
        curves=(_popping, _popping_up),
        says=(
            "pop",
            "pop up",
            "pop out",
            "pop into view",
            "burst out",
            "appear with a pop",
            "pop like a cork",
            "appear suddenly",
            "vanish & reappear",
            "pop in & out",
            "pop open",
            "show up",
        ),
        with_things=("with a pop",),
    ),
    Motion(
        verb="beating",
        curves=(_beating, _thumping),
        says=(
            "beat",
            "beat like a heart",
            "thump",
            "pound",
            "beat twice",
            "thump like a heart",
            "throb like a heart",
            "pound fast",
            "pound like a drum",
            "beat with love",
            "pump",
            "knock",
        ),
        with_things=("with a heartbeat",),
    ),
    Motion(
        verb="nodding",
        curves=(_nodding, _bowing),
        anchor=FOOT,
        says=(
            "nod",
            "nod yes",
            "bow",
            "agree",
            "nod along",
            "say yes",
            "nod approvingly",
            "bow politely",
            "take a bow",
            "bow down",
            "accept",
            "dip its head",
        ),
        with_things=("giving a nod",),
    ),
    Motion(
        verb="stretching",
        curves=(_stretching, _reaching_wide),
        anchor=FOOT,
        says=(
            "stretch",
            "stretch up",
            "grow tall",
            "stretch after waking",
            "reach up",
            "yawn & stretch",
            "stretch out",
            "stretch its arms",
            "reach for the sky",
            "get longer",
            "extend",
            "grow long",
        ),
        with_things=("getting longer",),
    ),
)
