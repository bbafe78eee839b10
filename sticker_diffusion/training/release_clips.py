"""The clips of a release, as training data: what people chose, with how many of them did.

A release on disk is a folder with clips (lossless, with alpha), stickers and metadata.jsonl, an object a line:
{"file_name": "clips/KEY.webp", "sticker": "stickers/NAME.png", "text": "a dog jumping", "shareable": 2, "shown": 3,
"settings": {"frame_rate": 8}, "seed": 17}. The last two may be missing, "task_id" and "label" are for
pairs (preference_pairs.py), and further keys are left alone.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from sticker_diffusion.conditioning import is_mirrored, manner_of
from sticker_diffusion.settings import SettingsError
from sticker_diffusion.stickers.clips import ClipBatch
from sticker_diffusion.stickers.image import StickerImageError, premultiplied_square, read_sticker
from sticker_diffusion.stickers.score import FRAME_RATE, bucket_of, motion_score
from sticker_diffusion.training.clip_folder import METADATA, place_in_rounds, read_training_clip

KEPT_IN_MEMORY = 2048
"""Clips; at 64 × 64 and eight frames half a gigabyte."""


@dataclass(frozen=True)
class ReleasedClip:
    """A line of the metadata; `seed` is None where the clip is not known to be made by a model of ours.

    `task` is the number of the task in which it was judged, and `label` whether it was shareable there, where told.
    """

    file: Path
    sticker: Path
    caption: str
    shareable: int
    shown: int
    frame_rate: float
    seed: int | None
    task: int | None
    label: bool | None

    @property
    def share_probability(self) -> float:
        """Of one more person sharing it: the mean of its posterior from a uniform prior, so that one voice of one is
        not certainty."""
        return (self.shareable + 1) / (self.shown + 2)


class ReleasedClips:
    """Gives batches that go through a release in an order shuffled anew for each round, the same for a seed.

    A clip that our models made of a mirrored sticker is mirrored back, and its manner told: the network is to know
    motions one way round, as the animator flips for it. So there is no flipping at random: it would teach a wave to
    both sides at once, and the mean of both is a blur. With `weigh_by_share` a clip's errors weigh as its share
    probability, relative to the release's mean.

    `edges` (15,) are the bucket edges. Raises SettingsError for a folder, a line or a file that cannot be used.
    """

    def __init__(
        self, folder: Path, *, frames: int, size: int, edges: Tensor, weigh_by_share: bool = False, seed: int = 0
    ) -> None:
        self.frames, self.size, self.edges, self.seed = frames, size, edges, seed
        self.clips = read_release(folder)
        mean = sum(clip.share_probability for clip in self.clips) / len(self.clips)
        self.weights = [clip.share_probability / mean if weigh_by_share else 1.0 for clip in self.clips]
        self.position = 0
        self._decoded: dict[int, tuple[Tensor, Tensor]] = {}

    def state_dict(self) -> dict[str, Any]:
        return {"position": self.position}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.position = state["position"]

    def batch(self, n: int) -> ClipBatch:
        places = [place_in_rounds(self.position + i, len(self.clips), self.seed) for i in range(n)]
        self.position += n
        return self.at(places)

    def at(self, places: Sequence[int]) -> ClipBatch:
        """The clips at these places of the metadata."""
        n = len(places)
        chosen = [self.clips[place] for place in places]
        pixels = [self._pixels(place) for place in places]
        sticker = torch.stack([first for first, _ in pixels])
        frames = torch.stack([clip for _, clip in pixels])
        score = motion_score(frames)
        return ClipBatch(
            sticker=sticker,
            frames=frames,
            affine=torch.eye(2, 3).expand(n, self.frames, 2, 3),
            flow=torch.zeros(n, self.frames, 2, self.size, self.size),
            flow_weight=torch.zeros(n, self.frames, 1, self.size, self.size),
            captions=[clip.caption for clip in chosen],
            verbs=[""] * n,
            score=score,
            bucket=bucket_of(score, self.edges),
            frame_rate=torch.tensor([clip.frame_rate for clip in chosen]),
            manner=torch.tensor([0 if clip.seed is None else manner_of(clip.seed) for clip in chosen]),
            motion_known=torch.zeros(n),
            weight=torch.tensor([self.weights[place] for place in places]),
        )

    def _pixels(self, place: int) -> tuple[Tensor, Tensor]:
        """Sticker (4, S, S) and frames (F, 4, S, S), the way round that the network sees them."""
        if place in self._decoded:
            return self._decoded[place]
        clip = self.clips[place]
        try:
            sticker = premultiplied_square(read_sticker(clip.sticker), self.size)
        except StickerImageError as error:
            raise SettingsError(f"{clip.sticker}: {error}") from error
        frames = read_training_clip(clip.file, frames=self.frames, size=self.size)
        if clip.seed is not None and is_mirrored(clip.seed):
            sticker, frames = sticker.flip(-1), frames.flip(-1)
        if len(self._decoded) < KEPT_IN_MEMORY:
            self._decoded[place] = sticker, frames
        return sticker, frames


def read_release(folder: Path) -> list[ReleasedClip]:
    """The clips that a release's metadata names, in its order. Raises SettingsError."""
    file = folder / METADATA
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise SettingsError(
            f"{file}: cannot be read ({error.strerror}); a release is a folder with {METADATA}"
        ) from error
    clips = [_released(folder, line, f"{file}, line {number}") for number, line in enumerate(lines, 1) if line.strip()]
    if not clips:
        raise SettingsError(f"{file}: names no clip")
    return clips


def _released(folder: Path, line: str, where: str) -> ReleasedClip:
    try:
        said = json.loads(line)
        clip = ReleasedClip(
            file=folder / said["file_name"],
            sticker=folder / said["sticker"],
            caption=said["text"],
            shareable=int(said["shareable"]),
            shown=int(said["shown"]),
            frame_rate=float((said.get("settings") or {}).get("frame_rate", FRAME_RATE)),
            seed=said.get("seed"),
            task=said.get("task_id"),
            label=said.get("label"),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise SettingsError(
            f'{where}: expected {{"file_name": …, "sticker": …, "text": …, "shareable": k, "shown": n}}, got {line!r}'
        ) from error
    if not isinstance(clip.caption, str) or not 0 <= clip.shareable <= clip.shown or clip.frame_rate <= 0:
        raise SettingsError(f"{where}: needs a text, and 0 ≤ shareable ≤ shown, got {line!r}")
    if not isinstance(clip.seed, int | None):
        raise SettingsError(f"{where}: seed is a whole number or null, got {clip.seed!r}")
    if not isinstance(clip.task, int | None) or not isinstance(clip.label, bool | None):
        raise SettingsError(f"{where}: task_id is a whole number, and label true or false, got {line!r}")
    for named in (clip.file, clip.sticker):
        if not named.is_file():
            raise SettingsError(f"{where}: names {named}, which is no file")
    return clip
