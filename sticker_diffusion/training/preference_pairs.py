"""Pairs of a release's clips: of one task, one that the release's rule calls shareable and one that it does not."""

from dataclasses import dataclass
from itertools import groupby, product
from pathlib import Path
from typing import Any

from torch import Tensor

from sticker_diffusion.settings import SettingsError
from sticker_diffusion.stickers.clips import ClipBatch
from sticker_diffusion.training.clip_folder import METADATA, place_in_rounds
from sticker_diffusion.training.release_clips import ReleasedClip, ReleasedClips


@dataclass(frozen=True)
class PairsSettings:
    """`release` is the folder of a release packed with all its clips; `seed` is the order of its pairs."""

    release: str
    seed: int = 0

    def said(self) -> str:
        """What the data is, for the model card."""
        return f"pairs of clips of {Path(self.release).name}, one shared and one not"

    def source(self, *, frames: int, size: int, edges: Tensor) -> "PreferencePairs":
        """Raises SettingsError."""
        clips = ReleasedClips(Path(self.release), frames=frames, size=size, edges=edges)
        return PreferencePairs(clips, where=str(Path(self.release) / METADATA), seed=self.seed)


class PreferencePairs:
    """Gives pairs of the same prompt in an order shuffled anew for each round, the same for a seed.

    Each shared clip of a task is paired with each that was not. Raises SettingsError where there is no pair.
    """

    def __init__(self, released: ReleasedClips, *, where: str, seed: int) -> None:
        self.released, self.seed = released, seed
        self.pairs = list(_pairs(released.clips, where))
        if not self.pairs:
            raise SettingsError(
                f"{where}: no task has both a shared clip and one that was not; pack the release with all its clips"
            )
        self.position = 0

    def batch(self, n: int) -> tuple[ClipBatch, ClipBatch]:
        """The shared clips of the next n pairs, and the others."""
        places = [place_in_rounds(self.position + i, len(self.pairs), self.seed) for i in range(n)]
        self.position += n
        shared, passed = zip(*(self.pairs[place] for place in places), strict=True)
        return self.released.at(shared), self.released.at(passed)

    def state_dict(self) -> dict[str, Any]:
        return {"position": self.position}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.position = state["position"]


def _pairs(clips: list[ReleasedClip], where: str) -> list[tuple[int, int]]:
    """Places of the shared clip and of the other."""
    if any(clip.task is None or clip.label is None for clip in clips):
        raise SettingsError(f"{where}: pairs need a task_id and a label in every line")

    def task_of(place: int) -> int:
        return clips[place].task or 0

    pairs: list[tuple[int, int]] = []
    for _, places in groupby(sorted(range(len(clips)), key=task_of), task_of):
        of_task = list(places)
        shared = [place for place in of_task if clips[place].label]
        pairs += product(shared, [place for place in of_task if not clips[place].label])
    return pairs
