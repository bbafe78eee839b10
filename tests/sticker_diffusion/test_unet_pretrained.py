"""A public text-to-image UNet's folder becomes a video UNet, key by key."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import UNet2DConditionModel
from safetensors.torch import load_file, save_file

from sticker_diffusion.pretrained_unet import WIDENED, is_new_key, load_image_unet, new_video_unet
from sticker_diffusion.weights import CheckpointError
from tests.sticker_diffusion.public_unets import SD_1_5, SD_2_1, TINY

SHAPE = {"frames": 4, "sticker_channels": 4, "condition_width": 10}
WEIGHTS = "diffusion_pytorch_model.safetensors"


@pytest.mark.parametrize(("config", "parameters"), [(SD_1_5, 859_520_964), (SD_2_1, 865_910_724)])
def test_every_key_and_shape_of_the_public_models_has_its_place(config: dict[str, Any], parameters: int) -> None:
    with torch.device("meta"):
        image = UNet2DConditionModel.from_config(config)
        video = new_video_unet(config, frames=8, sticker_channels=4, condition_width=44)
    assert sum(p.numel() for p in image.parameters()) == parameters  # what the public model has
    ours = {name: tuple(tensor.shape) for name, tensor in video.state_dict().items()}
    theirs = {name: tuple(tensor.shape) for name, tensor in image.state_dict().items()}
    assert len(theirs) == 686
    assert theirs[WIDENED] == (320, 4, 3, 3)
    assert ours[WIDENED] == (320, 8, 3, 3)
    new = {name for name in ours if is_new_key(name)}
    assert {name: shape for name, shape in ours.items() if name not in new} == {**theirs, WIDENED: ours[WIDENED]}
    places = {name.split(".temporal.")[0] for name in new if ".temporal." in name}
    blocks = {name.removesuffix(".conv1.weight") for name in theirs if name.endswith(".conv1.weight")}
    transformers = {name.removesuffix(".proj_in.weight") for name in theirs if name.endswith(".proj_in.weight")}
    assert places == blocks | transformers
    assert (len(blocks), len(transformers)) == (22, 16)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    torch.manual_seed(0)
    UNet2DConditionModel.from_config(TINY["like SD 2.1"]).save_pretrained(tmp_path / "unet")
    return tmp_path / "unet"


def as_half(folder: Path) -> None:
    tensors = {name: tensor.half() for name, tensor in load_file(folder / WEIGHTS).items()}
    save_file(tensors, folder / "diffusion_pytorch_model.fp16.safetensors")
    (folder / WEIGHTS).unlink()


def as_shards(folder: Path) -> None:
    UNet2DConditionModel.from_pretrained(folder).save_pretrained(folder, max_shard_size="100KB")
    assert len(list(folder.glob("*-of-*.safetensors"))) > 1
    (folder / WEIGHTS).unlink(missing_ok=True)


@pytest.mark.parametrize("saved", [lambda folder: None, as_half, as_shards])
def test_weights_are_read_whole_in_half_precision_and_in_shards(folder: Path, saved: Callable[[Path], None]) -> None:
    image = load_file(folder / WEIGHTS)
    saved(folder)
    video = load_image_unet(folder, **SHAPE).state_dict()
    for name, tensor in image.items():
        taken = video[name][:, :4] if name == WIDENED else video[name]
        torch.testing.assert_close(taken, tensor, atol=1e-3, rtol=1e-3)
        assert taken.dtype == torch.float32
    assert video[WIDENED].shape[1] == 8
    assert not video[WIDENED][:, 4:].any()


def test_a_key_missing_unknown_or_of_another_shape_is_named(folder: Path) -> None:
    tensors = load_file(folder / WEIGHTS)
    key = "mid_block.resnets.0.conv1.weight"

    def saved_with(**changes: torch.Tensor | None) -> None:
        changed = {**tensors, **changes}
        save_file({name: tensor for name, tensor in changed.items() if tensor is not None}, folder / WEIGHTS)

    saved_with(**{key: None})
    with pytest.raises(CheckpointError, match=f"{WEIGHTS}: lacks 1 tensors, first {key}"):
        load_image_unet(folder, **SHAPE)
    saved_with(surplus=torch.zeros(1))
    with pytest.raises(CheckpointError, match="has unknown 1 tensors, first surplus"):
        load_image_unet(folder, **SHAPE)
    saved_with(**{key: torch.zeros(1, 2)})
    with pytest.raises(CheckpointError, match=rf"{key} has shape \(1, 2\), expected \(32, 32, 3, 3\)"):
        load_image_unet(folder, **SHAPE)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"addition_embed_type": "text_time"}, "addition_embed_type is 'text_time'; only None"),
        ({"in_channels": 9}, "9 channels in and 4 out; expected a text-to-image UNet"),
        ({"up_block_types": ["KUpBlock2D"] * 3}, "block KUpBlock2D is unknown here; known are CrossAttn"),
    ],
)
def test_a_unet_of_another_kind_is_refused(folder: Path, change: dict[str, Any], complaint: str) -> None:
    file = folder / "config.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), **change}))
    with pytest.raises(CheckpointError, match=rf"config\.json: {complaint}"):
        load_image_unet(folder, **SHAPE)


def test_a_folder_without_weights_says_which_are_read(folder: Path) -> None:
    (folder / WEIGHTS).rename(folder / "diffusion_pytorch_model.bin")
    with pytest.raises(CheckpointError, match="pickled weights only"):
        load_image_unet(folder, **SHAPE)
    with pytest.raises(CheckpointError, match="no such folder"):
        load_image_unet(folder / "elsewhere", **SHAPE)
