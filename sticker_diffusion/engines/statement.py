"""What is said with every clip about how it came to be."""

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Statement:
    """Of one clip. JSON by `to_json`.

    `ignored` are the caption or settings that the pipeline does not hear; `prompt` is what it was told, if anything.
    `sampled` are indices into the `source_frames` generated ones. `background_seen` is
    the share of frames that showed the key colour at their border at all. Distances and drift are in RGB of [0, 1].
    """

    engine: str
    adapter: str
    pipeline: str
    source: str
    revision: str | None
    diffusers: str
    ignored: tuple[str, ...]
    prompt: str | None
    canvas: tuple[int, int]
    key_colour: str
    key_distance: float
    background_seen: float
    background_drift: float
    source_frames: int
    source_frame_rate: int
    sampled: tuple[int, ...]
    loop: str
    seam_ratio: float
    motion_wanted: float | None
    motion_size: float
    dtype: str

    def to_json(self) -> dict[str, Any]:
        return asdict(self)
