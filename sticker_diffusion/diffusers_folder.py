"""A component's folder as diffusers saves it: config.json and safetensors, whole, in half precision or in shards."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from sticker_diffusion.weights import CheckpointError, read_tensors

CONFIG = "config.json"
STEM = "diffusion_pytorch_model"
INDICES = (
    f"{STEM}.safetensors.index.json",
    f"{STEM}.safetensors.index.fp16.json",
    f"{STEM}.fp16.safetensors.index.json",
)
"""Of sharded weights, in diffusers' spellings of the variant."""
EXPECTED = f"expected {CONFIG} and {STEM}.safetensors, as diffusers' save_pretrained writes them"


def read_json(file: Path) -> dict[str, Any]:
    """A JSON object. Raises CheckpointError."""
    try:
        data = json.loads(file.read_text())
    except FileNotFoundError:
        raise CheckpointError(f"{file}: missing; {EXPECTED}") from None
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{file}: expected JSON: {error}") from error
    if not isinstance(data, dict):
        raise CheckpointError(f"{file}: expected a JSON object, got {type(data).__name__}")
    return data


def plain_config(config: Mapping[str, Any]) -> dict[str, Any]:
    """`config` without diffusers' own notes (keys with a leading underscore), by which it drops changed defaults."""
    return {key: value for key, value in config.items() if not key.startswith("_")}


def read_config(folder: Path) -> dict[str, Any]:
    """The plain config of a component's folder. Raises CheckpointError."""
    if not folder.is_dir():
        raise CheckpointError(f"{folder}: no such folder; {EXPECTED}")
    return plain_config(read_json(folder / CONFIG))


def read_component(folder: Path) -> tuple[Path, dict[str, Tensor]]:
    """(the file that was read, its tensors): full precision before half, one file before shards."""
    for name in (f"{STEM}.safetensors", f"{STEM}.fp16.safetensors"):
        if (folder / name).is_file():
            return folder / name, read_tensors(folder / name, belongs_to=EXPECTED)
    for name in INDICES:
        if (folder / name).is_file():
            return folder / name, _read_shards(folder / name)
    if any(folder.glob("*.bin")):
        raise CheckpointError(f"{folder}: has pickled weights only (*.bin), which are not read; convert to safetensors")
    raise CheckpointError(f"{folder}: no weights; {EXPECTED}")


def _read_shards(index: Path) -> dict[str, Tensor]:
    places = read_json(index).get("weight_map")
    if not isinstance(places, dict):
        raise CheckpointError(f"{index}: expected a weight_map of tensor names to files")
    tensors: dict[str, Tensor] = {}
    for name in sorted(set(places.values())):
        tensors |= read_tensors(index.parent / name, belongs_to=f"{index.name} names it")
    return tensors
