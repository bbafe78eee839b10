"""How many clips fit at once, and how much memory there is. Neither torch nor Django is imported here."""

from collections import Counter
from dataclasses import dataclass, field

import psutil

# After so many micro-batches that fitted, twice as many clips are tried again: what took the memory may have gone.
TRIED_AGAIN_AFTER = 50


@dataclass
class Fitting:
    """The largest micro-batch by grouping (checkpoint and settings): `most`, unless that ran out of memory."""

    most: int
    _limits: dict[str, int] = field(default_factory=dict)
    _well: "Counter[str]" = field(default_factory=Counter)

    def at_once(self, grouping: str) -> int:
        return self._limits.get(grouping, self.most)

    def halve(self, grouping: str, *, tried: int) -> int:
        """`tried` clips were too many; how many are taken from now on."""
        self._well[grouping] = 0
        self._limits[grouping] = max(1, tried // 2)
        return self._limits[grouping]

    def went_well(self, grouping: str) -> None:
        if grouping not in self._limits:
            return
        self._well[grouping] += 1
        if self._well[grouping] >= TRIED_AGAIN_AFTER:
            self._well[grouping] = 0
            self._limits[grouping] *= 2
            if self._limits[grouping] >= self.most:
                del self._limits[grouping]


def main_memory_mb() -> tuple[int, int]:
    """What this process uses, and what the machine has."""
    return psutil.Process().memory_info().rss >> 20, psutil.virtual_memory().total >> 20
