"""A public pipeline, from the message to the clip, with random weights."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from inference_worker import engines
from inference_worker.blobs import BlobStore
from inference_worker.folders import folder_sha256
from inference_worker.messages import Generate
from inference_worker.weights import Weights
from sticker_diffusion.precision import native_dtype
from sticker_diffusion.sticker_animator import StickerAnimator
from tests.inference_worker.conftest import SETTINGS
from tests.inference_worker.test_sampling import Bench, keys
from tests.sticker_diffusion.tiny_pipelines import save_engine, write_engine

MicroBatch = Callable[..., Generate]


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_engine("ltx", tmp_path_factory.mktemp("engines") / "ltx")


@pytest.fixture
def sampler(blobs: BlobStore, tmp_path: Path) -> Bench:
    return Bench(blobs, Weights(cache=tmp_path / "cache", cache_bytes=10**9, base=tmp_path))


def of(folder: Path) -> dict[str, Any]:
    return {"engine": "diffusers", "uri": folder.as_uri(), "checkpoint": folder_sha256(folder)}


def test_a_micro_batch_becomes_clips_that_say_how(sampler: Bench, micro_batch: MicroBatch, engine: Path) -> None:
    message = micro_batch(1, 2, **of(engine))
    sampler.take_and_do(message)
    assert sampler.failures == []
    assert sampler.seeds == [1, 2]
    for clip in sampler.clips:
        assert (clip.frames.shape, clip.frames.dtype) == ((8, 64, 64, 4), np.uint8)
        said = json.loads(json.dumps(clip.provenance))["pipeline"]
        assert (said["adapter"], said["pipeline"], said["source"]) == ("ltx", "LTXImageToVideoPipeline", ".")
        assert len(said["sampled"]) == 8
        assert said["dtype"] == clip.provenance["dtype"] == native_dtype("float32", "cpu")


def test_a_dropped_clip_stops_between_two_steps(sampler: Bench, micro_batch: MicroBatch, engine: Path) -> None:
    message = micro_batch(1, settings={**SETTINGS, "steps": 3}, **of(engine))
    steps: list[int] = []
    any_wanted = sampler.hands.any_wanted

    def counting(requests: Any) -> bool:
        steps.append(len(steps))
        if len(steps) == 2:
            sampler.hands.drop(keys(message))
        return any_wanted(requests)

    sampler.hands.any_wanted = counting  # type: ignore[method-assign]
    sampler.take_and_do(message)
    assert steps == [0, 1]
    assert sampler.clips == []
    assert sampler.hands.keys() == []


def test_a_bad_description_fails_for_good(sampler: Bench, micro_batch: MicroBatch, tmp_path: Path) -> None:
    folder = write_engine(tmp_path / "bad", adapter="sora")
    sampler.take_and_do(micro_batch(1, **of(folder)))
    (failure,) = sampler.failures
    assert failure.final
    assert "the known ones are svd, cogvideox, wan, ltx" in failure.error


def test_the_folder_must_be_one_for_the_engine(sampler: Bench, micro_batch: MicroBatch, tiny_checkpoint: Path) -> None:
    sampler.take_and_do(micro_batch(1, **of(tiny_checkpoint)))
    (failure,) = sampler.failures
    assert failure.final
    assert "engine.json: missing" in failure.error


def test_other_checkpoints_make_room_for_a_large_one(
    sampler: Bench, micro_batch: MicroBatch, engine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sampler.take_and_do(micro_batch(1))
    load = engines.ENGINES["diffusers"]

    def needs_all_memory(*asked: Any) -> StickerAnimator:
        if sampler._resident:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return load(*asked)

    monkeypatch.setitem(engines.ENGINES, "diffusers", needs_all_memory)
    sampler.take_and_do(micro_batch(2, **of(engine)))
    assert sampler.failures == []
    assert sampler.seeds == [1, 2]
    assert list(sampler._resident) == [folder_sha256(engine)]
