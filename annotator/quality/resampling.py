"""Resamples of prompts, at a cost that does not grow with how many there are."""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
import numpy.typing as npt

from annotator.quality.intervals import Floats

TIMES = 1000
# Beyond so many different shapes, prompts are put at random into that many groups, and groups are resampled.
MOST_SHAPES = 2000
# The same labels give the same interval at every look.
SEED = 0

Counts = npt.NDArray[np.int64]
Column = TypeVar("Column", bound=Hashable)


@dataclass(frozen=True)
class Resampled(Generic[Column]):
    """Sums over all prompts, and over each resample of as many prompts, with replacement.

    `prompts_in_all`: how many there are. `total`: (columns,). `drawn`: (TIMES, columns). `met`: (columns,), the
    prompts where a column is not zero.
    """

    prompts_in_all: int
    places: dict[Column, int]
    total: Floats
    drawn: Floats
    met: Floats

    def sum(self, column: Column) -> float:
        return float(self.total[self.places[column]]) if column in self.places else 0.0

    def resamples(self, column: Column) -> Floats:
        place = self.places.get(column)
        return np.zeros(len(self.drawn)) if place is None else self.drawn[:, place]

    def ratios(self, top: Column, bottom: Column) -> Floats:
        """(resamples,), nan where a resample has nothing of `bottom`."""
        below = self.resamples(bottom)
        missing = np.full_like(below, np.nan)
        ratios: Floats = np.divide(self.resamples(top), below, out=missing, where=below > 0)
        return ratios

    def prompts(self, column: Column) -> int:
        return int(self.met[self.places[column]]) if column in self.places else 0


def resample(shapes: Iterable[tuple[dict[Column, float], int]]) -> Resampled[Column]:
    """`shapes`: what a prompt adds to each column, and how many prompts add just that.

    Prompts of one shape cannot be told apart, so a resample is a draw of the multinomial distribution over shapes:
    Efron and Tibshirani, An Introduction to the Bootstrap, 1993, with prompts as the units.
    """
    rows = list(shapes)
    places: dict[Column, int] = {}
    for row, _ in rows:
        for column in row:
            places.setdefault(column, len(places))
    sums = np.zeros((len(rows), len(places)))
    for index, (row, _) in enumerate(rows):
        for column, value in row.items():
            sums[index, places[column]] = value
    counts = np.array([count for _, count in rows], dtype=np.int64)
    total, met = counts @ sums, counts @ (sums != 0)
    prompts = int(counts.sum())
    random = np.random.default_rng(SEED)
    if len(rows) > MOST_SHAPES:
        sums, counts = in_groups(sums, counts, random)
    units = int(counts.sum())
    times = random.multinomial(units, counts / units, size=TIMES) if units else np.zeros((TIMES, 0))
    return Resampled(prompts_in_all=prompts, places=places, total=total, drawn=times @ sums, met=met)


def in_groups(sums: Floats, counts: Counts, random: np.random.Generator) -> tuple[Floats, Counts]:
    """Prompts in random order, cut into MOST_SHAPES groups as equal as can be: sums of groups vary as prompts do."""
    order = random.permutation(np.repeat(np.arange(len(counts)), counts))
    starts = np.linspace(0, len(order), MOST_SHAPES, endpoint=False).astype(int)
    # Column by column: all at once would be a copy of every prompt's sums.
    grouped = np.stack([np.add.reduceat(column[order], starts) for column in sums.T], axis=1)
    return grouped, np.ones(MOST_SHAPES, dtype=np.int64)
