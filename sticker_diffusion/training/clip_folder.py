"""Training clips from files: animated stickers of artists, or clips that people chose.

A folder has clips (animated WebP, PNG, GIF or AVIF, with transparency) and metadata.jsonl, an object a line:
{"file_name": "dog.webp", "text": "a dog jumping"}, the layout that Hugging Face's VideoFolder reads.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

import torch
from torch import Tensor

from sticker_diffusion.metrics.clip_file import ClipFileError, read_clip
from sticker_diffusion.settings import SettingsError
from sticker_diffusion.stickers.image import resize
from sticker_diffusion.stickers.score import bucket_of, motion_score, normalised_rate

METADATA = "metadata.jsonl"
ShownFrame = Literal["first", "middle"]
"""Which of a clip's frames the sticker is. An artist's sticker often shows the height of its motion, in the middle."""


class TrainingClips(Protocol):
    """B clips: frames (B, F, 4, S, S) premultiplied in [−1, 1], frame 0 the sticker; bucket (B,) 1…16; frame_rate (B,)
    in frames a second."""

    @property
    def frames(self) -> Tensor: ...
    @property
    def captions(self) -> list[str]: ...
    @property
    def bucket(self) -> Tensor: ...
    @property
    def frame_rate(self) -> Tensor: ...


class ClipSource(Protocol):
    """What a recipe takes its batches from; the state says where it stands."""

    def batch(self, n: int) -> TrainingClips: ...

    def state_dict(self) -> dict[str, Any]: ...

    def load_state_dict(self, state: dict[str, Any]) -> None: ...


@dataclass(frozen=True)
class FolderBatch:
    """TrainingClips of a folder."""

    frames: Tensor
    captions: list[str]
    bucket: Tensor
    frame_rate: Tensor


class ClipFolder:
    """A ClipSource that goes through a folder's clips in an order shuffled anew for each round, the same for a seed.

    F frames are taken at even times over the whole loop, and told to be played at the rate at which all clips move
    equally fast. Raises SettingsError for a folder or a line of its metadata that cannot be used.
    """

    def __init__(
        self, folder: Path, *, frames: int, size: int, edges: Tensor, shown: ShownFrame = "first", seed: int = 0
    ) -> None:
        self.frames, self.size, self.edges, self.shown, self.seed = frames, size, edges, shown, seed
        self.entries = _entries(folder)
        self.position = 0

    def state_dict(self) -> dict[str, Any]:
        return {"position": self.position}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.position = state["position"]

    def batch(self, n: int) -> FolderBatch:
        places = [place_in_rounds(self.position + i, len(self.entries), self.seed) for i in range(n)]
        chosen = [self.entries[place] for place in places]
        self.position += n
        frames = torch.stack([self._clip(file) for file, _ in chosen])
        score = motion_score(frames)
        return FolderBatch(
            frames=frames,
            captions=[caption for _, caption in chosen],
            bucket=bucket_of(score, self.edges),
            frame_rate=normalised_rate(score, self.edges),
        )

    def _clip(self, file: Path) -> Tensor:
        """(F, 4, S, S)."""
        clip = read_training_clip(file, frames=self.frames, size=self.size)
        return clip.roll(-(self.frames // 2), 0) if self.shown == "middle" else clip


def place_in_rounds(place: int, count: int, seed: int) -> int:
    """Which of `count` clips comes at `place`, when each round is shuffled anew, the same for a seed."""
    round_, within = divmod(place, count)
    generator = torch.Generator().manual_seed(seed * 1_000_003 + round_)
    return int(torch.randperm(count, generator=generator)[within])


def read_training_clip(file: Path, *, frames: int, size: int) -> Tensor:
    """(F, 4, S, S) premultiplied in [−1, 1], at even times over the whole loop. Raises SettingsError."""
    try:
        read = read_clip(file, sheet_frames=frames)
    except ClipFileError as error:
        raise SettingsError(str(error)) from error
    if len(read) < frames:
        raise SettingsError(f"{file}: {len(read)} frames; a training clip needs {frames} or more")
    taken = read[[i * len(read) // frames for i in range(frames)]]
    unit = torch.from_numpy(taken).permute(0, 3, 1, 2).float() / 255
    premultiplied = torch.cat([unit[:, :3] * unit[:, 3:], unit[:, 3:]], dim=1) * 2 - 1
    return torch.stack([resize(frame, size) for frame in premultiplied])


def _entries(folder: Path) -> list[tuple[Path, str]]:
    file = folder / METADATA
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise SettingsError(
            f'{file}: cannot be read ({error.strerror}); a line a clip is expected, {{"file_name": …, "text": …}}'
        ) from error
    entries = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            said = json.loads(line)
            entry = folder / said["file_name"], said["text"]
        except (ValueError, KeyError, TypeError) as error:
            raise SettingsError(
                f'{file}, line {number}: expected {{"file_name": …, "text": …}}, got {line!r}'
            ) from error
        if not isinstance(entry[1], str) or not entry[0].is_file():
            raise SettingsError(f"{file}, line {number}: needs a text and an existing file, got {line!r}")
        entries.append(entry)
    if not entries:
        raise SettingsError(f"{file}: names no clip")
    return entries
