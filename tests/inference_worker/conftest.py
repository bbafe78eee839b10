"""A tiny checkpoint with random weights, a store with stickers, and what a worker is asked for."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image, ImageDraw

from inference_worker.blobs import BlobStore
from inference_worker.folders import folder_sha256
from inference_worker.messages import ClipRequest, Generate, request_key
from sticker_diffusion.checkpoint import Description, Provenance, save_checkpoint
from sticker_diffusion.network import AnimationNetwork, Architecture
from sticker_diffusion.schedule import ScheduleSettings
from sticker_diffusion.text import TextSettings
from sticker_diffusion.unet import UNetSettings

SETTINGS = {"steps": 2, "size": 64, "dtype": "float32", "frame_rate": 8, "frames": 8, "bucket": 8}


def save_tiny_checkpoint(folder: Path, *, weight: float | None = None) -> Path:
    """Random weights, or the one `weight` everywhere in the last layer, e.g. NaN, which then paints nothing."""
    torch.manual_seed(0)
    architecture = Architecture(
        unet=UNetSettings(widths=(8, 16), heads=2), text=TextSettings(buckets=64, width=16, layers=1, heads=2)
    )
    network = AnimationNetwork(architecture)
    if weight is not None:
        with torch.no_grad():
            network.unet.conv_out.weight.fill_(weight)
            painted, mask, *_ = network.head.widths
            network.unet.conv_out.bias.zero_()[painted : painted + mask] = 40.0
    description = Description(
        format_version=1,
        name=folder.name,
        architecture=architecture,
        schedule=ScheduleSettings(),
        bucket_edges=tuple(i / 10 for i in range(1, 16)),
        sampler={},
        provenance=Provenance(),
    )
    save_checkpoint(folder, network=network, description=description, card="Random weights, for tests.")
    return folder


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def tiny_checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_checkpoint(tmp_path_factory.mktemp("checkpoints") / "tiny")


@pytest.fixture
def blobs(tmp_path: Path) -> BlobStore:
    return BlobStore((tmp_path / "blobs").as_uri())


@pytest.fixture
def sticker(blobs: BlobStore) -> str:
    """The blob of a red disc with a half-transparent rim."""
    image = Image.new("RGBA", (96, 96))
    draw = ImageDraw.Draw(image)
    draw.ellipse((18, 18, 78, 78), fill=(255, 255, 255, 128))
    draw.ellipse((22, 22, 74, 74), fill=(220, 60, 30, 255))
    out = io.BytesIO()
    image.save(out, "PNG")
    return blobs.put(out.getvalue(), "png")


@pytest.fixture
def micro_batch(tiny_checkpoint: Path, sticker: str) -> Callable[..., Generate]:
    """Makes a Generate message for as many clips as there are seeds."""
    sha256 = folder_sha256(tiny_checkpoint)

    def make(*seeds: int, attempt: int = 1, sticker: str = sticker, **changes: Any) -> Generate:
        message: dict[str, Any] = {
            "engine": "sticker_diffusion",
            "checkpoint": sha256,
            "uri": tiny_checkpoint.as_uri(),
            "settings": SETTINGS,
            **changes,
        }
        clips = [
            ClipRequest(
                key=request_key(
                    checkpoint=message["checkpoint"],
                    caption="a dog jumping",
                    sticker=sticker,
                    settings=message["settings"],
                    seed=seed,
                ),
                caption="a dog jumping",
                sticker=sticker,
                seed=seed,
                attempt=attempt,
            ).to_json()
            for seed in seeds
        ]
        return Generate(**message, clips=clips)

    return make
