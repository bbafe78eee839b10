"""In which order a run sees its clips: mixed, or mixed first and then one family of motions after the other.

The paper's teachers differ by the order of their data; whatever the order, each clip is seen once.
"""

import random
from dataclasses import dataclass

from sticker_diffusion.stickers.motions import FAMILIES, VERBS


@dataclass(frozen=True)
class Curriculum:
    """Clips `first` … `last` − 1 of the generator. A share `blocked` of each family of `blocks` is kept for a block of
    its own, in that order, after all the rest; without blocks everything is mixed. `even` keeps as many clips of each
    family as the smallest has, the first ones, whatever the order."""

    first: int
    last: int
    blocks: tuple[str, ...] = ()
    blocked: float = 1.0
    even: bool = False

    def __post_init__(self) -> None:
        unknown = sorted(set(self.blocks) - set(FAMILIES))
        if unknown:
            raise ValueError(f"unknown family {', '.join(unknown)}; known are {', '.join(FAMILIES)}")
        if len(set(self.blocks)) != len(self.blocks):
            raise ValueError(f"each family has one block, got {', '.join(self.blocks)}")
        if not 0 <= self.first < self.last:
            raise ValueError(f"clips {self.first}…{self.last} are none: last must be greater than first")
        if not 0 <= self.blocked <= 1:
            raise ValueError(f"blocked is a share in [0, 1], got {self.blocked}")

    def order(self, seed: int) -> list[int]:
        """Every index of first … last − 1 once, or of those that `even` keeps."""
        families = {name: self._of(name) for name in FAMILIES}
        if self.even:
            least = min(map(len, families.values()))
            families = {name: family[:least] for name, family in families.items()}
        indices = sorted(index for family in families.values() for index in family)
        random.Random(seed).shuffle(indices)
        blocks: list[list[int]] = []
        for name in self.blocks:
            members = set(families[name])
            family = [index for index in indices if index in members]
            blocks.append(family[len(family) - round(self.blocked * len(family)) :])
        kept = {index for block in blocks for index in block}
        return [index for index in indices if index not in kept] + [index for block in blocks for index in block]

    def _of(self, family: str) -> list[int]:
        return [index for index in range(self.first, self.last) if VERBS[index % len(VERBS)] in FAMILIES[family]]
