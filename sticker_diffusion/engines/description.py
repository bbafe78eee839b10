"""engine.json: which public pipeline a checkpoint folder stands for, and how it is called. Reading is strict."""

import dataclasses
import json
import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from sticker_diffusion.checkpoint import CheckpointError
from sticker_diffusion.engines.adapter import Adapter
from sticker_diffusion.engines.registry import ADAPTERS
from sticker_diffusion.sampler_settings import SamplerSettings
from sticker_diffusion.settings import SettingsError, read_settings
from sticker_diffusion.stickers.score import BUCKETS

FORMAT_VERSION = 1
DESCRIPTION = "engine.json"

# Quantiles of the motion score of procedural clips, as of the demo teacher, so that a bucket means the same everywhere.
BUCKET_EDGES = (1.08, 1.32, 1.51, 1.66, 1.82, 1.98, 2.14, 2.32, 2.47, 2.68, 2.86, 3.07, 3.3, 3.69, 4.26)

_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
_COMMIT = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True)
class EngineDescription:
    """source: `.` or `./…`, the pipeline's folder inside the checkpoint folder, or a hub id with the 40 hex digits of
    a commit as revision, so that the folder's sha256 stands for the weights too. `defaults` are sampler settings;
    `parameters` counts all parts of the pipeline; variant is that of the files' names, such as fp16.
    """

    format_version: int
    name: str
    engine: Literal["diffusers"]
    adapter: str
    source: str
    parameters: int
    defaults: SamplerSettings
    revision: str | None = None
    variant: str | None = None
    options: dict[str, Any] = field(default_factory=dict)
    bucket_edges: tuple[float, ...] = BUCKET_EDGES

    def __post_init__(self) -> None:
        if self.format_version != FORMAT_VERSION:
            raise ValueError(f"format_version must be {FORMAT_VERSION}, got {self.format_version}")
        if self.adapter not in ADAPTERS:
            raise ValueError(f"unknown adapter {self.adapter!r}; the known ones are {', '.join(ADAPTERS)}")
        if self.local:
            if ".." in Path(self.source).parts or self.revision is not None:
                raise ValueError(f"source {self.source!r} is a folder inside this one, without '..' and revision")
        elif not _HUB_ID.fullmatch(self.source):
            raise ValueError(f"source must be a hub id (owner/name) or a folder inside this one (./…): {self.source!r}")
        elif not _COMMIT.fullmatch(self.revision or ""):
            raise ValueError(f"revision of {self.source} must be a commit (40 hex digits), got {self.revision!r}")
        if len(self.bucket_edges) != BUCKETS - 1 or list(self.bucket_edges) != sorted(self.bucket_edges):
            raise ValueError(f"bucket_edges must be {BUCKETS - 1} rising numbers, got {list(self.bucket_edges)}")

    @property
    def local(self) -> bool:
        return self.source == "." or self.source.startswith("./")

    def place(self, folder: Path) -> str:
        """What from_pretrained is given."""
        return str(folder / self.source) if self.local else self.source


def read_description(folder: Path) -> tuple[EngineDescription, Adapter]:
    """engine.json of a folder. Raises CheckpointError, which names the file, the key and what would be right."""
    file = folder / DESCRIPTION
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise CheckpointError(f"{file}: missing; a folder for the diffusers engine has one") from None
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{file}: expected JSON: {error}") from error
    try:
        description = read_settings(EngineDescription, data, where=str(file))
        adapter = read_settings(ADAPTERS[description.adapter], description.options, where=f"{file}: options")
    except SettingsError as error:
        raise CheckpointError(str(error)) from error
    return description, adapter


def write_description(folder: Path, description: EngineDescription) -> None:
    """Write engine.json, whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    partial = folder / f".{DESCRIPTION}.partial"
    partial.write_text(json.dumps(dataclasses.asdict(description), indent=2) + "\n", encoding="utf-8")
    os.replace(partial, folder / DESCRIPTION)
