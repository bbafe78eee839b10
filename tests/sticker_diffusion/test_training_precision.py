"""In half precision a run learns what it learns in full; float16's overflowing steps are left out."""

import dataclasses
from pathlib import Path

import pytest
import torch

from sticker_diffusion.checkpoint import load_checkpoint
from sticker_diffusion.precision import NATIVE
from sticker_diffusion.sampler_settings import DType
from sticker_diffusion.training.finetune import HitlFinetuning
from sticker_diffusion.training.loop import Budget, TrainingLoop
from sticker_diffusion.training.mixed_precision import device_of
from sticker_diffusion.training.release_clips import ReleasedClips
from sticker_diffusion.training.run_folder import RunFolder
from tests.sticker_diffusion.small_run import small_settings


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("work")
    small_settings(folder, clips=4)
    return folder


@pytest.fixture(autouse=True)
def every_dtype_is_native(monkeypatch: pytest.MonkeyPatch) -> None:
    for dtype in NATIVE:
        monkeypatch.setitem(NATIVE, dtype, tuple(torch.cpu.get_capabilities()))


def loop_of(work: Path, dtype: DType, folder: Path) -> TrainingLoop:
    settings = dataclasses.replace(small_settings(work, clips=64), dtype=dtype)
    initial = load_checkpoint(Path(settings.initial))
    edges = torch.tensor(initial.description.bucket_edges)
    clips = ReleasedClips(work / "release", frames=8, size=16, edges=edges)
    return TrainingLoop(
        recipe=HitlFinetuning(settings, initial, clips),
        settings=settings.optimiser,
        budget=Budget(64, None),
        batch=4,
        folder=RunFolder(folder),
        save_minutes=60,
        sheet_minutes=60,
    )


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_half_precision_comes_close_to_full_and_keeps_full_weights(dtype: DType, work: Path, tmp_path: Path) -> None:
    full, half = loop_of(work, "float32", tmp_path / "full"), loop_of(work, dtype, tmp_path / "half")
    for _ in range(4):
        expected, made = full.train_step(), half.train_step()
        assert made["x0"] == pytest.approx(expected["x0"], rel=0.02)
        assert made["gradient_norm"] == pytest.approx(expected["gradient_norm"], rel=0.1)
    pairs = list(zip(full.recipe.parameters(), half.recipe.parameters(), strict=True))
    assert all(ours.dtype == torch.float32 for _, ours in pairs)
    assert any(not torch.equal(*pair) for pair in pairs), "it did compute in half precision"


def test_a_step_whose_gradients_overflow_is_left_out_and_the_next_is_scaled_less(work: Path, tmp_path: Path) -> None:
    loop = loop_of(work, "float16", tmp_path)
    loop.scaler = torch.amp.GradScaler("cpu", init_scale=2.0**100, backoff_factor=2.0**-90)
    before = [parameter.detach().clone() for parameter in loop.recipe.parameters()]
    assert "gradient_norm" not in loop.train_step()
    assert all(map(torch.equal, before, loop.recipe.parameters()))
    assert "gradient_norm" in loop.train_step()
    assert not all(map(torch.equal, before, loop.recipe.parameters()))
    loop.save()
    assert loop_of(work, "float16", tmp_path).scaler.get_scale() == 2.0**10


def test_the_device_is_cuda_where_there_is_one_and_each_process_has_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert device_of("auto") == torch.device("cpu")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setenv("LOCAL_RANK", "3")
    assert device_of("auto") == torch.device("cuda", 3)
    assert device_of("cpu") == torch.device("cpu")
