"""A checkpoint is a folder: model.safetensors (fp16), checkpoint.json and README.md. Loading is strict."""

import dataclasses
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeVar

import torch
from safetensors.torch import save_file
from torch import Tensor

from sticker_diffusion.conditioning import BUCKETS
from sticker_diffusion.distilled import Distilled
from sticker_diffusion.network import AnimationNetwork, Architecture
from sticker_diffusion.sampler_settings import SamplerSettings
from sticker_diffusion.schedule import ScheduleSettings
from sticker_diffusion.settings import SettingsError, read_settings
from sticker_diffusion.stickers.clips import PoseShown
from sticker_diffusion.weights import CheckpointError, load_strictly, read_tensors

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

__all__ = [
    "CARD",
    "DESCRIPTION",
    "FORMAT_VERSION",
    "WEIGHTS",
    "Checkpoint",
    "CheckpointError",
    "Description",
    "Provenance",
    "kind_of",
    "load_checkpoint",
    "read_description",
    "read_description_of",
    "save_checkpoint",
    "write_checkpoint",
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
    """checkpoint.json. `bucket_edges` are the 15 inner edges of the motion score between buckets 1…16; `distilled` is
    None for a network that is sampled with guidance."""

    format_version: int
    name: str
    architecture: Architecture
    schedule: ScheduleSettings
    bucket_edges: tuple[float, ...]
    sampler: SamplerSettings
    provenance: Provenance
    kind: Literal["demo"] = "demo"
    distilled: Distilled | None = None


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

    @property
    def pose(self) -> PoseShown:
        """What it takes a sticker to show, from the settings that it was trained with."""
        pose: PoseShown = self.description.provenance.recipe.get("settings", {}).get("pose", "rest")
        return pose


class Described(Protocol):
    """What a description of any kind has: a dataclass that becomes checkpoint.json."""

    @property
    def bucket_edges(self) -> tuple[float, ...]: ...


D = TypeVar("D", bound=Described)


def save_checkpoint(folder: Path, *, network: AnimationNetwork, description: Description, card: str) -> None:
    """Write the folder; each file is replaced whole, weights first."""
    write_checkpoint(folder, weights={WEIGHTS: network.state_dict()}, description=description, card=card)


def write_checkpoint(
    folder: Path, *, weights: Mapping[str, Mapping[str, Tensor]], description: "DataclassInstance", card: str
) -> None:
    """Write tensors by file name, in fp16, then checkpoint.json and README.md; each file is replaced whole."""
    folder.mkdir(parents=True, exist_ok=True)
    for file, state in weights.items():
        tensors = {name: tensor.detach().to("cpu", torch.float16).contiguous() for name, tensor in state.items()}
        partial = folder / f"{file}.partial"
        save_file(tensors, partial, metadata={"format": "pt"})
        os.replace(partial, folder / file)
    for name, text in (
        (DESCRIPTION, json.dumps(dataclasses.asdict(description), indent=2) + "\n"),
        (CARD, card),
    ):
        partial = folder / f"{name}.partial"
        partial.write_text(text)
        os.replace(partial, folder / name)


def kind_of(folder: Path) -> str:
    """Which architecture a checkpoint folder holds: "demo", also where it does not say, or "latent"."""
    return str(_read_json(folder).get("kind", "demo"))


def read_description(folder: Path) -> Description:
    """checkpoint.json of a folder of the demo's kind, strictly."""
    return read_description_of(Description, folder)


def read_description_of(cls: type[D], folder: Path) -> D:
    """checkpoint.json of a folder of the kind that `cls` describes, strictly. Raises CheckpointError."""
    file = folder / DESCRIPTION
    data = _read_json(folder)
    version = data.get("format_version")
    if version != FORMAT_VERSION:
        raise CheckpointError(f"{file}: expected format_version {FORMAT_VERSION}, got {version!r}")
    try:
        description = read_settings(cls, data, where=str(file))
    except SettingsError as error:
        raise CheckpointError(str(error)) from error
    if len(description.bucket_edges) != BUCKETS - 1:
        raise CheckpointError(f"{file}: expected {BUCKETS - 1} bucket_edges, got {len(description.bucket_edges)}")
    return description


def _read_json(folder: Path) -> dict[str, Any]:
    if not folder.is_dir():
        raise CheckpointError(f"{folder}: expected a checkpoint folder with {WEIGHTS} and {DESCRIPTION}")
    file = folder / DESCRIPTION
    try:
        data = json.loads(file.read_text())
    except FileNotFoundError:
        raise CheckpointError(f"{file}: missing; a checkpoint folder has {WEIGHTS} and {DESCRIPTION}") from None
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{file}: expected JSON: {error}") from error
    if not isinstance(data, dict):
        raise CheckpointError(f"{file}: expected a JSON object, got {type(data).__name__}")
    return data


def load_checkpoint(folder: Path) -> Checkpoint:
    """The checkpoint in `folder`. Raises CheckpointError for a missing, truncated or foreign file, or any key amiss."""
    description = read_description(folder)
    tensors = read_tensors(folder / WEIGHTS, belongs_to=f"a checkpoint folder has {WEIGHTS} and {DESCRIPTION}")
    network = AnimationNetwork(description.architecture)
    load_strictly(network, tensors, file=folder / WEIGHTS, described_by=DESCRIPTION)
    return Checkpoint(folder, description, network.eval())
