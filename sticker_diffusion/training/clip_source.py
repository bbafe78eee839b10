"""Which clips a run sees: a release with stage-1 clips as replay, or procedural clips alone."""

from collections.abc import Callable
from dataclasses import dataclass, fields
from itertools import chain
from pathlib import Path
from typing import Any, Literal, Protocol

import torch
from torch import Tensor

from sticker_diffusion.network import Architecture
from sticker_diffusion.stickers.clips import ClipBatch, ClipGenerator
from sticker_diffusion.stickers.emoji import StickerBank
from sticker_diffusion.stickers.motions import CAMERA_VERBS, VERBS
from sticker_diffusion.training.release_clips import ReleasedClips

Domain = Literal["keyframes", "camera"]
"""The keyframe animations by verb (stage 2), or the general model's camera moves (stage 1)."""
DATA: dict[Domain, str] = {
    "keyframes": "procedural keyframe animations of colour-emoji stickers",
    "camera": "colour-emoji stickers, panned, zoomed and drifting",
}


class BatchSource(Protocol):
    """Gives batches, and says where it stands."""

    def batch(self, n: int) -> ClipBatch: ...

    def state_dict(self) -> dict[str, Any]: ...

    def load_state_dict(self, state: dict[str, Any]) -> None: ...


@dataclass(frozen=True)
class ClipsSettings:
    """What a run sees.

    `release` is the folder of a release (release_clips.py); a share `replay` of each batch are then clips of the
    camera's moves, so that what the model knew is not forgotten, and there are no keyframe animations. With
    `weigh_by_share` a released clip counts as its share probability. Without a release, procedural clips of `domain`
    are drawn. `seed` is which clips and their order.
    """

    release: str | None = None
    replay: float = 0.25
    weigh_by_share: bool = False
    domain: Domain = "keyframes"
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.replay < 1:
            raise ValueError(f"replay is a share of each batch, 0 or more and below 1, got {self.replay}")

    def said(self) -> str:
        """What the data is, for the model card."""
        if self.release is None:
            return DATA[self.domain]
        replayed = f", and {self.replay:.0%} {DATA['camera']}, as replay" if self.replay else ""
        return f"the released clips of {Path(self.release).name}{replayed}"

    def source(self, architecture: Architecture, edges: Tensor, bank: Callable[[], StickerBank]) -> BatchSource:
        """The source of clips of this architecture's size, with these bucket edges. Raises SettingsError."""
        a = architecture

        def procedural(domain: Domain) -> ClipGenerator:
            # Which way a motion goes is not the model's to guess: the animator flips the sticker, and the clip back.
            return ClipGenerator(
                bank(),
                frames=a.frames,
                size=a.size,
                seed=self.seed,
                edges=edges,
                mirror_probability=0.0,
                verbs=VERBS if domain == "keyframes" else CAMERA_VERBS,
            )

        if self.release is None:
            return procedural(self.domain)
        released = ReleasedClips(
            Path(self.release),
            frames=a.frames,
            size=a.size,
            edges=edges,
            weigh_by_share=self.weigh_by_share,
            seed=self.seed,
        )
        return WithReplay(released, procedural("camera"), self.replay) if self.replay else released


class WithReplay:
    """Released clips with a share of replayed ones, to within one clip in all that was ever drawn."""

    def __init__(self, released: BatchSource, replayed: BatchSource, share: float) -> None:
        self.released, self.replayed, self.share = released, replayed, share
        self.drawn = 0

    def batch(self, n: int) -> ClipBatch:
        replayed = int((self.drawn + n) * self.share) - int(self.drawn * self.share)
        self.drawn += n
        parts = [
            source.batch(count) for source, count in ((self.released, n - replayed), (self.replayed, replayed)) if count
        ]
        return _joined(parts)

    def state_dict(self) -> dict[str, Any]:
        return {
            "released": self.released.state_dict(),
            "replayed": self.replayed.state_dict(),
            "drawn": self.drawn,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.released.load_state_dict(state["released"])
        self.replayed.load_state_dict(state["replayed"])
        self.drawn = state["drawn"]


def _joined(parts: list[ClipBatch]) -> ClipBatch:
    joined: dict[str, Any] = {}
    for field in fields(ClipBatch):
        values = [getattr(part, field.name) for part in parts]
        joined[field.name] = torch.cat(values) if isinstance(values[0], Tensor) else list(chain(*values))
    return ClipBatch(**joined)
