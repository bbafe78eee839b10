"""The sums of one prompt: from its verdicts to the columns of PromptTally, and back."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import NamedTuple


class Judged(NamedTuple):
    """One verdict, as far as sums need it."""

    clip: int
    checkpoint: int
    slot: int
    shareable: bool
    grouping: str = ""


@dataclass
class PromptSums:
    """Adds up annotations of one prompt."""

    annotations: int = 0
    clips: dict[tuple[int, int], list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0]))
    wins: Counter[tuple[int, int]] = field(default_factory=Counter)
    slots: dict[int, list[int]] = field(default_factory=dict)
    sources: dict[str, list[int]] = field(default_factory=dict)

    def add(self, verdicts: Sequence[Judged]) -> None:
        """One annotation. A clip that was chosen wins over each of another checkpoint that was passed over."""
        self.annotations += 1
        shown = len(verdicts)
        counts = self.slots.setdefault(shown, [0] * (shown + 1))
        counts[0] += 1
        for clip, checkpoint, slot, shareable, grouping in verdicts:
            for n_y in (self.clips[checkpoint, clip], self.sources.setdefault(short(grouping), [0, 0])):
                n_y[0] += 1
                n_y[1] += shareable
            counts[slot] += shareable
        chosen = [each.checkpoint for each in verdicts if each.shareable]
        passed_over = [each.checkpoint for each in verdicts if not each.shareable]
        self.wins.update(pair for pair in product(chosen, passed_over) if pair[0] != pair[1])

    def columns(self) -> dict[str, str | int | float]:
        rates: dict[int, list[int]] = {}
        n_all = y_all = 0
        disagreement = 0.0
        for (checkpoint, _), (n, y) in self.clips.items():
            sums = rates.setdefault(checkpoint, [0, 0, 0])
            sums[0] += n
            sums[1] += y
            sums[2] += 2 * y >= n
            if n > 1:
                n_all, y_all = n_all + n, y_all + y
                disagreement += 2 * y * (n - y) / (n - 1)
        return {
            "annotations": self.annotations,
            "rates": canonical([checkpoint, *sums] for checkpoint, sums in sorted(rates.items())),
            "wins": canonical([*pair, count] for pair, count in sorted(self.wins.items())),
            "slots": canonical([shown, counts[0], counts[1:]] for shown, counts in sorted(self.slots.items())),
            "agreement": canonical([n_all, y_all, round(disagreement, 6)]),
            "disagreement": disagreement / n_all if n_all else 0.0,
        }

    def by_source(self) -> str:
        """Of one batch: over several, a source would be many."""
        return canonical([source, *sums] for source, sums in sorted(self.sources.items()))


def short(grouping: str) -> str:
    """Enough of a hash to tell the sources of one batch apart."""
    return grouping[:12]


def canonical(rows: Iterable[object]) -> str:
    return json.dumps(list(rows), separators=(",", ":"))
