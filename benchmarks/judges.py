"""Simulated annotators: by which rules they would share a clip. They stand in for people in measurements of the loop.

Two kinds, so that a student is never reported by those who taught it. Judge A labels: the probe names the verb. Judge B
reports: the nearest procedural clip names it, other figures count, and other thresholds. Both read a clip's ClipMetrics
and nothing else, in particular not which model made it.

The rules were written before any teacher was trained, from 57 clips each of the procedural data, demo-teacher, mixed
and general on training stickers (docs/experiments.md, 2026-11-25); they are not tuned afterwards.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass

from sticker_diffusion.metrics.clip_metrics import ClipMetrics

SLIPS = 0.03
"""Share of verdicts that are a slip of the finger: a coin toss."""
STRICTNESS = 0.4
"""Spread (σ) of strictness between people, in logits."""
MOOD = 0.5
"""Scale of the logistic noise of one verdict, in logits: the same person may decide otherwise tomorrow."""

Appeal = Callable[[ClipMetrics], float]
"""How much a clip appeals, in logits before strictness and mood; minus infinity is never."""


def appeal_to_a(clip: ClipMetrics) -> float:
    """The verb by the probe's probability; identity above 28 dB; a seam, flicker and size of motion within bounds."""
    if clip.frozen or clip.identity_db is None:
        return -math.inf
    right_verb = 4 * ((clip.verb_asked_probability or 0) - 0.5)
    same_sticker = 0.1 * _within(clip.identity_db - 28, 8)
    jumping_seam = 1.5 * max(0.0, _octaves(clip.seam_ratio, 1.0) - 0.7)
    flickering = max(0.0, clip.flicker - 0.8)
    odd_size = 0.8 * max(0.0, _octaves(clip.motion_size, 2.3) - 0.8)
    return right_verb + same_sticker - jumping_seam - flickering - odd_size - 1.5


def appeal_to_b(clip: ClipMetrics) -> float:
    """The verb by the nearest procedural clip; identity above 30 dB; sharp edges; a seam that does not jump; not still.

    Raises ValueError for metrics without the nearest motion, which are made only on demand.
    """
    if clip.nearest_motion is None:
        raise ValueError("judge B needs ClipMetrics.nearest_motion: measure with nearest=True")
    if clip.frozen or clip.identity_db is None or clip.verb_asked is None:
        return -math.inf
    right_verb = 1.8 if clip.nearest_motion == clip.verb_asked else -2.2
    same_sticker = 0.1 * _within(clip.identity_db - 30, 10)
    blurred = 4 * max(0.0, 0.8 - (clip.sharpness or 0))
    jumping_seam = max(0.0, clip.seam_ratio - 1.8)
    hardly_moves = 2 * max(0.0, 1.2 - clip.motion_size)
    return right_verb + same_sticker - blurred - jumping_seam - hardly_moves - 1.2


APPEALS: dict[str, Appeal] = {"a": appeal_to_a, "b": appeal_to_b}


@dataclass(frozen=True)
class SimulatedAnnotator:
    """One of judge `kind`'s people; the same `kind` and `number` always decide alike."""

    kind: str
    number: int

    def would_share(self, clip: ClipMetrics, *, key: str) -> bool:
        """The verdict on a clip; `key` names it, so that a second look at the same clip is the same look."""
        person = random.Random(f"{self.kind} {self.number}")
        look = random.Random(f"{self.kind} {self.number} {key}")
        if look.random() < SLIPS:
            return look.random() < 0.5
        share = look.uniform(1e-9, 1 - 1e-9)
        mood = MOOD * math.log(share / (1 - share))
        return APPEALS[self.kind](clip) + person.gauss(0, STRICTNESS) + mood > 0


def _octaves(value: float, usual: float) -> float:
    """How many doublings or halvings a figure is from the usual one; twenty at most below it."""
    return abs(math.log2(max(value / usual, 2**-20)))


def _within(value: float, bound: float) -> float:
    return max(-bound, min(bound, value))
