"""In which order a run sees its clips: mixed, or mixed first and then one family of motions after the other.

The paper's teachers differ by the order of their data; whatever the order, each clip is seen once.
"""

import random
from dataclasses import dataclass

from sticker_diffusion.stickers.motions import FAMILIES, VERBS


@dataclass(frozen=True)
class Curriculum:
    """Clips `first` … `last` − 1 of the generator. A share `blocked` of each family of `blocks` is kept for a block of
    its own, in that order, after all the rest; without blocks everything is mixed."""

    first: int
    last: int
    blocks: tuple[str, ...] = ()
    blocked: float = 1.0

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
        """Every index of first … last − 1 once."""
        indices = list(range(self.first, self.last))
        random.Random(seed).shuffle(indices)
        blocks: list[list[int]] = []
        for name in self.blocks:
            verbs = FAMILIES[name]
            family = [index for index in indices if VERBS[index % len(VERBS)] in verbs]
            blocks.append(family[len(family) - round(self.blocked * len(family)) :])
        kept = {index for block in blocks for index in block}
        return [index for index in indices if index not in kept] + [index for block in blocks for index in block]
