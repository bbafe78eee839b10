"""A task as people judged it: what releases hold, a line each, and what exports are laid out from."""

from collections.abc import Collection
from typing import Any, NamedTuple


class Vote(NamedTuple):
    """What one annotation says of `clip`, a place in the task's clips. Slots count from 1, as shown."""

    clip: int
    slot: int
    shareable: bool
    reasons: list[str]


class JudgedAnnotation(NamedTuple):
    """One person's current revision. `submission` is its UUID, `annotator` a pseudonym; times are ISO 8601 in UTC."""

    submission: str
    revision: int
    annotator: str
    counted: bool
    elapsed_ms: int
    device: str
    comment: str
    leased_at: str
    submitted_at: str
    votes: list[Vote]


class JudgedClip(NamedTuple):
    """`sheet`, `animation` and `master` are blob names, and so their sha256. `probability` is that of being shareable,
    0…1, where votes were weighed."""

    key: str
    checkpoint: str
    checkpoint_sha256: str
    role: str
    seed: int
    settings: dict[str, Any]
    frame_rate: float
    sheet: str
    animation: str
    master: str
    probability: float | None = None


class JudgedTask(NamedTuple):
    """`clips` and `annotations` are in the order of their making."""

    task: int
    batch: int
    batch_name: str
    prompt_set: str
    prompt: str
    split: str
    caption: str
    sticker: str
    clips: list[JudgedClip]
    annotations: list[JudgedAnnotation]

    @property
    def counted(self) -> int:
        return sum(annotation.counted for annotation in self.annotations)

    @property
    def shares(self) -> list[int]:
        """By clip, how many of the annotations that count would share it."""
        shares = [0] * len(self.clips)
        for annotation in self.annotations:
            if annotation.counted:
                for vote in annotation.votes:
                    shares[vote.clip] += vote.shareable
        return shares

    def without(self, clips: Collection[int]) -> "JudgedTask | None":
        """The task without the clips at these places; None where none is left."""
        kept = [place for place in range(len(self.clips)) if place not in clips]
        if not kept:
            return None
        places = {place: number for number, place in enumerate(kept)}
        annotations = [
            annotation._replace(
                votes=[vote._replace(clip=places[vote.clip]) for vote in annotation.votes if vote.clip in places]
            )
            for annotation in self.annotations
        ]
        return self._replace(clips=[self.clips[place] for place in kept], annotations=annotations)

    def stored(self) -> dict[str, Any]:
        """As a line of a manifest has it."""
        row = self._asdict()
        row["clips"] = [clip._asdict() for clip in self.clips]
        row["annotations"] = [
            annotation._asdict() | {"votes": [list(vote) for vote in annotation.votes]}
            for annotation in self.annotations
        ]
        return row

    @classmethod
    def of(cls, row: dict[str, Any]) -> "JudgedTask":
        """From a manifest's line. Raises KeyError or TypeError for another."""
        clips = [JudgedClip(**clip) for clip in row["clips"]]
        annotations = [
            JudgedAnnotation(**{**annotation, "votes": [Vote(*vote) for vote in annotation["votes"]]})
            for annotation in row["annotations"]
        ]
        return cls(**{**row, "clips": clips, "annotations": annotations})
