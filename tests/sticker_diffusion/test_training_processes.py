"""A batch at once, in parts, or in two processes: the same losses, the same weights."""

import dataclasses
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from sticker_diffusion.settings import SettingsError
from sticker_diffusion.training.loop import TrainingLoop
from sticker_diffusion.training.parts import own_parts
from sticker_diffusion.training.run_folder import STATE
from sticker_diffusion.training.student_runs import finetune
from tests.sticker_diffusion.small_run import small_bank, small_settings

CLIPS = 40  # 10 steps


def launched(work: Path, out: Path, *, processes: int) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    launcher = ["accelerate.commands.launch", "--multi_gpu", "--num_processes", str(processes), "--num_machines", "1"]
    launcher += ["--mixed_precision", "no", "--dynamo_backend", "no", "--main_process_port", str(port)]
    run = ["-m", "tests.sticker_diffusion.small_run", str(work), str(out), str(CLIPS)]
    subprocess.run([sys.executable, "-m", *launcher, *run], check=True, capture_output=True, timeout=600)


def test_two_processes_and_two_parts_go_on_as_the_whole_batch_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = small_settings(tmp_path, clips=CLIPS)
    whole, parts, processes = (tmp_path / name for name in ("whole", "parts", "processes"))
    with monkeypatch.context() as patched:
        step = TrainingLoop.train_step

        def then_stop(loop: TrainingLoop) -> dict[str, float]:
            loop.stopping = loop.step == 3
            return step(loop)

        patched.setattr(TrainingLoop, "train_step", then_stop)
        assert not finetune(settings, whole, bank=small_bank)
    for begun in (parts, processes):
        shutil.copytree(whole, begun)
    assert finetune(settings, whole, bank=small_bank)
    assert finetune(dataclasses.replace(settings, accumulate=2), parts, bank=small_bank)
    launched(tmp_path, processes, processes=2)

    expected = torch.load(whole / STATE, weights_only=True)
    for other in (parts, processes):
        state = torch.load(other / STATE, weights_only=True)
        assert (state["step"], state["clips"]) == (10, CLIPS)
        for name in ("total", "x0", "flow", "cover", "gradient_norm"):
            curve, expected_curve = state["since_logged"][name], expected["since_logged"][name]
            assert len(curve) == 10
            assert curve == pytest.approx(expected_curve, rel=1e-3, abs=2e-5), name
        for name, tensor in expected["network"].items():
            torch.testing.assert_close(state["network"][name], tensor, atol=1e-4, rtol=1e-3, msg=name)
        assert (other / "checkpoint").is_dir()


def test_each_clip_of_a_batch_is_seen_once() -> None:
    seen = [
        clip
        for rank in range(2)
        for part in own_parts(12, rank=rank, processes=2, accumulate=3)
        for clip in range(12)[part]
    ]
    assert seen == list(range(12))


def test_a_batch_that_cannot_be_shared_evenly_is_refused() -> None:
    with pytest.raises(SettingsError, match="8 clips are no multiple of 6: 3 processes with 2 parts each"):
        own_parts(8, rank=0, processes=3, accumulate=2)
