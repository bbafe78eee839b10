"""A checkpoint is a folder: model.safetensors (fp16), checkpoint.json and README.md. Loading is strict."""

import dataclasses
import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from sticker_diffusion.conditioning import BUCKETS
from sticker_diffusion.network import AnimationNetwork, Architecture
from sticker_diffusion.sampler_settings import SamplerSettings
from sticker_diffusion.schedule import ScheduleSettings
from sticker_diffusion.settings import SettingsError, read_settings
from sticker_diffusion.weights import CheckpointError, load_strictly, read_tensors

__all__ = [
    "CARD",
    "DESCRIPTION",
    "FORMAT_VERSION",
    "WEIGHTS",
    "Checkpoint",
    "CheckpointError",
    "Description",
    "Provenance",
    "load_checkpoint",
    "read_description",
    "save_checkpoint",
]

FORMAT_VERSION = 1
WEIGHTS = "model.safetensors"
DESCRIPTION = "checkpoint.json"
CARD = "README.md"


@dataclass(frozen=True)
class Provenance:
    """Where a checkpoint comes from: parent checkpoint, data, recipe, source commit, and what was measured on it."""

    parent: str | None = None
    data: dict[str, Any] = field(default_factory=dict)
    recipe: dict[str, Any] = field(default_factory=dict)
    commit: str | None = None
    metrics: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Description:
    """checkpoint.json. `bucket_edges` are the 15 inner edges of the motion score between buckets 1…16."""

    format_version: int
    name: str
    architecture: Architecture
    schedule: ScheduleSettings
    bucket_edges: tuple[float, ...]
    sampler: SamplerSettings
    provenance: Provenance


@dataclass(frozen=True)
class Checkpoint:
    """A loaded checkpoint: fp32 network on the CPU in evaluation mode, and its description."""

    folder: Path
    description: Description
    network: AnimationNetwork

    @property
    def architecture(self) -> Architecture:
        return self.description.architecture

    @property
    def sampler(self) -> SamplerSettings:
        return self.description.sampler

    @property
    def schedule(self) -> ScheduleSettings:
        return self.description.schedule


def save_checkpoint(folder: Path, *, network: AnimationNetwork, description: Description, card: str) -> None:
    """Write the folder; each file is replaced whole, weights first."""
    folder.mkdir(parents=True, exist_ok=True)
    state = network.state_dict()
    tensors = {name: tensor.detach().to("cpu", torch.float16).contiguous() for name, tensor in state.items()}
    partial = folder / f"{WEIGHTS}.partial"
    save_file(tensors, partial, metadata={"format": "pt"})
    os.replace(partial, folder / WEIGHTS)
    for name, text in (
        (DESCRIPTION, json.dumps(dataclasses.asdict(description), indent=2) + "\n"),
        (CARD, card),
    ):
        partial = folder / f"{name}.partial"
        partial.write_text(text)
        os.replace(partial, folder / name)


def read_description(folder: Path) -> Description:
    """checkpoint.json of a folder, strictly."""
    file = folder / DESCRIPTION
    if not folder.is_dir():
        raise CheckpointError(f"{folder}: expected a checkpoint folder with {WEIGHTS} and {DESCRIPTION}")
    try:
        data = json.loads(file.read_text())
    except FileNotFoundError:
        raise CheckpointError(f"{file}: missing; a checkpoint folder has {WEIGHTS} and {DESCRIPTION}") from None
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{file}: expected JSON: {error}") from error
    version = data.get("format_version") if isinstance(data, dict) else None
    if version != FORMAT_VERSION:
        raise CheckpointError(f"{file}: expected format_version {FORMAT_VERSION}, got {version!r}")
    try:
        description = read_settings(Description, data, where=str(file))
    except SettingsError as error:
        raise CheckpointError(str(error)) from error
    if len(description.bucket_edges) != BUCKETS - 1:
        raise CheckpointError(f"{file}: expected {BUCKETS - 1} bucket_edges, got {len(description.bucket_edges)}")
    return description


def load_checkpoint(folder: Path) -> Checkpoint:
    """The checkpoint in `folder`. Raises CheckpointError for a missing, truncated or foreign file, or any key amiss."""
    description = read_description(folder)
    tensors = read_tensors(folder / WEIGHTS, belongs_to=f"a checkpoint folder has {WEIGHTS} and {DESCRIPTION}")
    network = AnimationNetwork(description.architecture)
    load_strictly(network, tensors, file=folder / WEIGHTS, described_by=DESCRIPTION)
    return Checkpoint(folder, description, network.eval())
