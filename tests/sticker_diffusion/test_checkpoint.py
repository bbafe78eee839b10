"""A checkpoint folder loads strictly: each thing that can be wrong with it is one clear error that names the file."""

import json
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from sticker_diffusion.checkpoint import (
    FORMAT_VERSION,
    CheckpointError,
    Description,
    Provenance,
    load_checkpoint,
    save_checkpoint,
)
from sticker_diffusion.network import AnimationNetwork
from sticker_diffusion.sampler_settings import SamplerSettings
from sticker_diffusion.schedule import ScheduleSettings


@pytest.fixture
def folder(tiny_network: AnimationNetwork, tmp_path: Path) -> Path:
    description = Description(
        format_version=FORMAT_VERSION,
        name="tiny",
        architecture=tiny_network.architecture,
        schedule=ScheduleSettings(),
        bucket_edges=tuple(float(i) for i in range(15)),
        sampler=SamplerSettings(steps=4, size=32),
        provenance=Provenance(parent="none", metrics={"psnr_db": 20.5}),
    )
    save_checkpoint(tmp_path / "tiny", network=tiny_network, description=description, card="# tiny\n")
    return tmp_path / "tiny"


def test_what_was_saved_comes_back_in_half_precision(folder: Path, tiny_network: AnimationNetwork) -> None:
    loaded = load_checkpoint(folder)
    assert loaded.sampler == SamplerSettings(steps=4, size=32)
    assert loaded.architecture == tiny_network.architecture
    assert loaded.description.provenance.metrics == {"psnr_db": 20.5}
    for name, tensor in loaded.network.state_dict().items():
        torch.testing.assert_close(tensor, tiny_network.state_dict()[name].half().float(), atol=0, rtol=0)
    assert sorted(path.name for path in folder.iterdir()) == ["README.md", "checkpoint.json", "model.safetensors"]


def test_a_truncated_weights_file_is_named(folder: Path) -> None:
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[: weights.stat().st_size // 2])
    with pytest.raises(CheckpointError, match=r"model\.safetensors: expected a whole safetensors file"):
        load_checkpoint(folder)


@pytest.mark.parametrize("name", ["model.safetensors", "checkpoint.json"])
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(CheckpointError, match=f"{name}: missing"):
        load_checkpoint(folder)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="nowhere: expected a checkpoint folder"):
        load_checkpoint(tmp_path / "nowhere")


def change_weights(folder: Path, **changes: torch.Tensor | None) -> None:
    file = folder / "model.safetensors"
    tensors = load_file(file)
    for name, tensor in changes.items():
        if tensor is None:
            del tensors[name]
        else:
            tensors[name] = tensor
    shutil.copy(file, folder / "before")
    save_file(tensors, file)


def test_a_tensor_too_few_too_many_or_of_another_shape_is_named(folder: Path) -> None:
    key = "motion.buckets.weight"
    change_weights(folder, **{key: None})
    with pytest.raises(CheckpointError, match=rf"lacks 1 tensors, first {key}"):
        load_checkpoint(folder)
    change_weights(folder, **{key: torch.zeros(2, 2)})
    with pytest.raises(CheckpointError, match=rf"{key} has shape \(2, 2\), expected \(17, 8\)"):
        load_checkpoint(folder)
    shutil.copy(folder / "before", folder / "model.safetensors")
    change_weights(folder, **{key: torch.zeros(17, 8), "surplus": torch.zeros(1)})
    with pytest.raises(CheckpointError, match="has unknown 1 tensors, first surplus"):
        load_checkpoint(folder)


def change_description(folder: Path, path: list[str], value: object) -> None:
    file = folder / "checkpoint.json"
    data = json.loads(file.read_text())
    place = data
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    file.write_text(json.dumps(data))


@pytest.mark.parametrize(
    ("path", "value", "complaint"),
    [
        (["colour"], 1, "unknown key colour; known keys are format_version"),
        (["architecture", "unet", "depth"], 3, "unet: unknown key depth; known keys are widths"),
        (["format_version"], 99, "expected format_version 1, got 99"),
        (["schedule", "prediction_type"], "epsilon", "prediction_type: must be one of 'sample'"),
        (["sampler", "steps"], 0, "steps must be 1…100"),
        (["architecture", "size"], "64", "size: must be int"),
        (["bucket_edges"], [1.0, 2.0], "expected 15 bucket_edges, got 2"),
    ],
)
def test_a_description_that_says_something_else_is_refused(
    folder: Path, path: list[str], value: object, complaint: str
) -> None:
    change_description(folder, path, value)
    with pytest.raises(CheckpointError, match=complaint):
        load_checkpoint(folder)


def test_a_description_that_is_not_json_is_refused(folder: Path) -> None:
    (folder / "checkpoint.json").write_text("{")
    with pytest.raises(CheckpointError, match=r"checkpoint\.json: expected JSON"):
        load_checkpoint(folder)
