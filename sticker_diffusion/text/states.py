"""What every text encoder gives."""

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class TextStates:
    """Text of B clips: states (B, L, D), mask (B, L) true where a token is, pooled (B, D) one vector a caption."""

    states: Tensor
    mask: Tensor
    pooled: Tensor

    def __getitem__(self, index: Tensor | slice) -> "TextStates":
        return TextStates(self.states[index], self.mask[index], self.pooled[index])
