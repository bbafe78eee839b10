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


def _bursting_hearts() -> Emitter:
    # Out of the middle to all sides.
    towards, reach, size, born, gone = _columns(
        [
            (-2.70, 0.95, 0.20, 0.00, 0.70),
            (-2.05, 1.15, 0.26, 0.12, 0.84),
            (-1.35, 1.05, 0.22, 0.24, 0.96),
            (-0.75, 1.15, 0.25, 0.05, 0.78),
            (-0.15, 0.95, 0.19, 0.30, 1.00),
        ]
    )

    def emit(phase: Tensor) -> Tensor:
        age = _life(phase, born, gone)
        far = reach * (0.35 + 0.75 * age)
        return _particles(
            far * torch.cos(towards),
            far * torch.sin(towards),
            size * _swelling(age, 0.7),
            0.5 * (age - 0.5),
            _swelling(age, 0.3),
        )

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


def _circling_sparkles() -> Emitter:
    # One after the other round the sticker.
    towards, size, born, gone = _columns(
        [
            (-2.4, 0.27, 0.00, 0.40),
            (-1.3, 0.24, 0.13, 0.52),
            (-0.4, 0.29, 0.27, 0.66),
            (0.6, 0.24, 0.40, 0.78),
            (1.7, 0.22, 0.52, 0.90),
            (2.7, 0.27, 0.62, 1.00),
        ]
    )

    def emit(phase: Tensor) -> Tensor:
        age = _life(phase, born, gone)
        angle = towards + 0.9 * age
        return _particles(
            1.05 * torch.cos(angle), 1.02 * torch.sin(angle), size * _swelling(age, 0.8), 1.5 * age, _swelling(age, 0.3)
        )

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


def _spraying_tears() -> Emitter:
    # In arcs to both sides, as in comics.
    side, x0, size, born, gone = _columns(
        [
            (-1, 0.38, 0.22, 0.00, 0.58),
            (1, 0.38, 0.22, 0.08, 0.66),
            (-1, 0.38, 0.25, 0.26, 0.84),
            (1, 0.38, 0.25, 0.40, 1.00),
            (-1, 0.38, 0.19, 0.46, 1.00),
            (1, 0.38, 0.19, 0.22, 0.80),
        ]
    )

    def emit(phase: Tensor) -> Tensor:
        age = _life(phase, born, gone)
        return _particles(
            side * (x0 + 0.80 * age),
            -0.15 - 0.85 * age + 1.75 * age**2,
            size * _swelling(age, 0.4),
            -side * (1.1 - 0.9 * age),
            _swelling(age, 0.3),
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


def _swaying_zs() -> Emitter:
    # Straight up over the head, from side to side.
    x0, y0, size, born, gone = _columns(
        [(-0.05, -0.75, 0.18, 0.00, 0.62), (0.05, -0.75, 0.21, 0.20, 0.82), (0.00, -0.75, 0.24, 0.42, 1.00)]
    )

    def emit(phase: Tensor) -> Tensor:
        age = _life(phase, born, gone)
        return _particles(
            x0 + 0.30 * torch.sin(6 * age + 2 * born),
            y0 - 0.75 * age,
            size * (0.45 + 0.55 * age) * _swelling(age, 0.4),
            0.35 * torch.cos(6 * age),
            _swelling(age, 0.3),
        )

    return emit


def _in_love(phase: Tensor, late: Tensor) -> Pose:
    return Pose(turn=0.11 * wave(phase), wide=0.05 * rise(late), tall=0.05 * rise(phase))


def _heart_skipping(phase: Tensor, late: Tensor) -> Pose:
    beat = keys(phase, 0, 0.9, 0.1, 0.65, -0.1, -0.35, -0.25, -0.1)
    return Pose(wide=0.10 * beat, tall=0.10 * beat + 0.03 * wave(late), y=-0.06 * rise(late))


def _shining(phase: Tensor, late: Tensor) -> Pose:
    return Pose(wide=0.07 * wave(phase), tall=0.07 * wave(late))


def _gleaming(phase: Tensor, late: Tensor) -> Pose:
    return Pose(turn=0.12 * wave(phase), y=-0.10 * rise(phase), wide=0.04 * wave(late))


def _sobbing(phase: Tensor, late: Tensor) -> Pose:
    sob = keys(phase, 0, 0.8, 0.3, 1, 0.35, 0.9, 0.4, 0.6)
    return Pose(tall=-0.09 * sob, wide=0.05 * sob, lean=0.05 * wave(late))


def _wailing(phase: Tensor, late: Tensor) -> Pose:
    # Head thrown back, shaking.
    wail = keys(phase, 0, 0.5, 1, 0.8, 1.05, 0.75, 0.9, 0.3)
    return Pose(tall=0.09 * wail, wide=-0.05 * wail, turn=0.07 * wave(late, 2), x=0.03 * wave(phase, 3))


def _asleep(phase: Tensor, late: Tensor) -> Pose:
    return Pose(tall=-0.12 * rise(phase), wide=0.08 * rise(late), turn=0.05 * wave(phase))


def _dozing(phase: Tensor, late: Tensor) -> Pose:
    # Tipping over slowly, and starting up.
    tip = keys(phase, 0, 0.25, 0.5, 0.75, 0.95, 1, 0.45, -0.1)
    return Pose(turn=0.24 * tip, tall=-0.07 * tip + 0.03 * wave(late), wide=0.05 * rise(late))


MOTIONS = (
    Motion(
        verb="hearts",
        curves=(_in_love, _heart_skipping),
        particle="heart",
        emitters=(_rising_hearts(), _bursting_hearts()),
        anchor=(0.0, 1.0),
        says=(
            "fall in love",
            "blow kisses",
            "feel loved",
            "send love",
            "love you",
            "kiss",
            "adore you",
            "be in love",
            "send hearts",
            "blow a kiss",
            "cuddle",
            "flirt",
            "have a crush",
        ),
        with_things=("with hearts", "in love", "with hearts floating up", "surrounded by hearts", "and little hearts"),
    ),
    Motion(
        verb="sparkles",
        curves=(_shining, _gleaming),
        particle="sparkle",
        emitters=(_twinkling_sparkles(), _circling_sparkles()),
        says=(
            "sparkle",
            "glitter",
            "twinkle",
            "shine",
            "glisten",
            "gleam",
            "shine brightly",
            "glow",
            "glimmer",
            "sparkle like a star",
            "flash",
            "radiate light",
        ),
        with_things=("with sparkles", "covered in glitter", "with twinkling stars", "all shiny", "and sparkles"),
    ),
    Motion(
        verb="tears",
        curves=(_sobbing, _wailing),
        particle="drop",
        emitters=(_falling_tears(), _spraying_tears()),
        anchor=(0.0, 1.0),
        says=(
            "cry",
            "weep",
            "sob",
            "cry a river",
            "shed tears",
            "burst into tears",
            "cry out loud",
            "wail",
            "bawl",
            "be sad",
            "grieve",
            "mourn",
            "whine",
        ),
        with_things=("with tears", "in tears", "with tears falling", "and teardrops"),
    ),
    Motion(
        verb="sleeping",
        curves=(_asleep, _dozing),
        particle="zed",
        emitters=(_sleepy_zs(), _swaying_zs()),
        anchor=(0.0, 1.0),
        says=(
            "sleep",
            "snore",
            "take a nap",
            "doze off",
            "fall asleep",
            "snooze",
            "nap",
            "be sleepy",
            "dream",
            "sleep tight",
            "slumber",
            "rest",
        ),
        with_things=("asleep", "with Zs", "fast asleep", "zzz"),
    ),
)
