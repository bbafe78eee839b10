"""What every model that animates stickers does, whatever it is made of."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence

from PIL import Image
from torch import Tensor

from sticker_diffusion.sampler_settings import SamplerSettings
from sticker_diffusion.stickers.image import straight_bytes

OnStep = Callable[[int, int], bool]
"""Hears (steps done, steps in all) before each step and at the end; returning False stops the sampling."""


class StickerAnimator(ABC):
    """A loaded model that animates micro-batches of stickers.

    `default_settings` are its own; `bucket_edges` are the 15 inner edges of the motion score between its buckets.
    """

    default_settings: SamplerSettings
    bucket_edges: tuple[float, ...]

    @abstractmethod
    def animate_premultiplied(
        self,
        stickers: Sequence[Image.Image | Tensor],
        captions: Sequence[str],
        settings: SamplerSettings,
        seeds: list[int],
        on_step: OnStep | None = None,
    ) -> Tensor:
        """Clips (B, F, 4, size, size), premultiplied in [−1, 1].

        A sticker is an image of any size and mode, or a tensor (4, s, s) premultiplied in [−1, 1]. Raises Cancelled
        when on_step returns False, and ValueError for unequal counts or frames that the model cannot make.
        """

    def passes(self, settings: SamplerSettings) -> int | None:
        """How often the network computes one clip: guided steps and a conditional one. None where it is not known."""
        return (settings.steps - 1) * len(settings.guidance.coefficients()) + 1

    def animate(
        self,
        stickers: Sequence[Image.Image | Tensor],
        captions: Sequence[str],
        settings: SamplerSettings,
        seeds: list[int],
        on_step: OnStep | None = None,
    ) -> Tensor:
        """uint8 RGBA with straight alpha, (B, F, size, size, 4); otherwise as animate_premultiplied."""
        return straight_bytes(self.animate_premultiplied(stickers, captions, settings, seeds, on_step))
