"""Motions told by small things around the sticker: hearts, sparkles, tears, sleepy Zs.

Every particle is born after phase 0 and gone before phase 1, growing from nothing and fading into nothing, so the
loop has no seam and the first frame is the sticker alone.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from sticker_diffusion.stickers.motions.motion import Emitter, Motion
from sticker_diffusion.stickers.pose import Pose, keys, rise, wave


def _life(phase: Tensor, born: Tensor, gone: Tensor) -> Tensor:
    """Age 0…1 of particles (P,) at phases (N,F): (N,F,P), clamped outside their life."""
    return ((phase[..., None] - born) / (gone - born)).clamp(0, 1)


def _particles(x: Tensor, y: Tensor, size: Tensor, turn: Tensor, opacity: Tensor) -> Tensor:
    parts = (x, y, size, turn, opacity)
    shape = max((part.shape for part in parts), key=len)
    return torch.stack([part.expand(shape) for part in parts], dim=-1)


def _columns(rows: Sequence[Sequence[float]]) -> list[Tensor]:
    return list(torch.tensor(rows).T)


def _swelling(age: Tensor, power: float) -> Tensor:
    return torch.sin(torch.pi * age).clamp(min=0) ** power


def _rising_hearts() -> Emitter:
    x0, y0, size, born, gone = _columns(
        [
            (-0.75, 0.10, 0.23, 0.00, 0.80),
            (0.80, -0.05, 0.26, 0.10, 0.92),
            (-0.30, -0.65, 0.20, 0.05, 0.88),
            (0.38, -0.75, 0.22, 0.16, 1.00),
            (-0.95, -0.55, 0.17, 0.20, 1.00),
        ]
    )

    def emit(phase: Tensor) -> Tensor:
        age = _life(phase, born, gone)
        drift = 0.10 * torch.sin(5 * age + 7 * x0)
        return _particles(x0 + drift, y0 - 0.62 * age, size * _swelling(age, 0.5), 0.6 * drift, _swelling(age, 0.35))

    return emit


def _twinkling_sparkles() -> Emitter:
    x0, y0, size, born, gone = _columns(
        [
            (-0.95, -0.80, 0.26, 0.00, 0.45),
            (0.95, -0.70, 0.30, 0.15, 0.62),
            (0.85, 0.70, 0.24, 0.38, 0.82),
            (-0.90, 0.60, 0.27, 0.55, 1.00),
            (0.05, -1.10, 0.22, 0.48, 0.95),
            (-1.10, -0.05, 0.20, 0.25, 0.72),
        ]
    )

    def emit(phase: Tensor) -> Tensor:
        age = _life(phase, born, gone)
        return _particles(x0, y0, size * _swelling(age, 0.8), 0.8 * (age - 0.5), _swelling(age, 0.3))

    return emit


def _falling_tears() -> Emitter:
    x0, y0, size, born, gone = _columns(
        [
            (-0.42, -0.10, 0.26, 0.00, 0.62),
            (0.42, -0.10, 0.26, 0.10, 0.72),
            (-0.48, -0.10, 0.22, 0.40, 1.00),
            (0.48, -0.10, 0.22, 0.32, 0.94),
        ]
    )

    def emit(phase: Tensor) -> Tensor:
        age = _life(phase, born, gone)
        aside = x0 * (1 + 0.9 * age)
        fallen = 0.35 * age + 0.95 * age**2
        return _particles(
            aside, y0 + fallen, size * _swelling(age, 0.4), -0.25 * torch.sign(x0) * age, _swelling(age, 0.3)
        )

    return emit


def _sleepy_zs() -> Emitter:
    x0, y0, size, born, gone = _columns(
        [(0.35, -0.45, 0.19, 0.00, 0.60), (0.40, -0.45, 0.20, 0.22, 0.82), (0.45, -0.45, 0.22, 0.42, 1.00)]
    )

    def emit(phase: Tensor) -> Tensor:
        age = _life(phase, born, gone)
        return _particles(
            x0 + 0.80 * age,
            y0 - 0.95 * age,
            size * (0.35 + 0.65 * age) * _swelling(age, 0.4),
            0.3 * torch.sin(6 * age),
            _swelling(age, 0.3),
        )

    return emit


def _in_love(phase: Tensor, late: Tensor) -> Pose:
    return Pose(turn=0.11 * wave(phase), wide=0.05 * rise(late), tall=0.05 * rise(phase))


def _shining(phase: Tensor, late: Tensor) -> Pose:
    return Pose(wide=0.07 * wave(phase), tall=0.07 * wave(late))


def _sobbing(phase: Tensor, late: Tensor) -> Pose:
    sob = keys(phase, 0, 0.8, 0.3, 1, 0.35, 0.9, 0.4, 0.6)
    return Pose(tall=-0.09 * sob, wide=0.05 * sob, lean=0.05 * wave(late))


def _asleep(phase: Tensor, late: Tensor) -> Pose:
    return Pose(tall=-0.12 * rise(phase), wide=0.08 * rise(late), turn=0.05 * wave(phase))


MOTIONS = (
    Motion(
        verb="hearts",
        curve=_in_love,
        particle="heart",
        emitter=_rising_hearts(),
        anchor=(0.0, 1.0),
        says=("fall in love", "blow kisses", "feel loved", "send love", "love you"),
        with_things=("with hearts", "in love", "with hearts floating up", "surrounded by hearts", "and little hearts"),
    ),
    Motion(
        verb="sparkles",
        curve=_shining,
        particle="sparkle",
        emitter=_twinkling_sparkles(),
        says=("sparkle", "glitter", "twinkle", "shine", "glisten"),
        with_things=("with sparkles", "covered in glitter", "with twinkling stars", "all shiny", "and sparkles"),
    ),
    Motion(
        verb="tears",
        curve=_sobbing,
        particle="drop",
        emitter=_falling_tears(),
        anchor=(0.0, 1.0),
        says=("cry", "weep", "sob", "cry a river", "shed tears", "burst into tears"),
        with_things=("with tears", "in tears", "with tears falling", "and teardrops"),
    ),
    Motion(
        verb="sleeping",
        curve=_asleep,
        particle="zed",
        emitter=_sleepy_zs(),
        anchor=(0.0, 1.0),
        says=("sleep", "snore", "take a nap", "doze off", "fall asleep", "snooze"),
        with_things=("asleep", "with Zs", "fast asleep", "zzz"),
    ),
)
