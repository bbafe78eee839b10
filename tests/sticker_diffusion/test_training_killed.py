"""A run that is killed and started again ends as one that was not: the same curve, the same weights, bit for bit."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file

from sticker_diffusion.checkpoint import WEIGHTS
from sticker_diffusion.training.run_folder import LOG, STATE
from sticker_diffusion.training.student_runs import finetune
from tests.sticker_diffusion.small_run import small_bank, small_settings

CLIPS = 104  # 26 steps: past the first line of the log


def curve(run: Path) -> list[dict[str, Any]]:
    """The log without what the clock says."""
    lines = [json.loads(line) for line in (run / LOG).read_text().splitlines()]
    return [{name: value for name, value in line.items() if name not in ("seconds", "clips_per_s")} for line in lines]


def test_a_finetune_killed_and_started_again_ends_with_the_same_curve_and_weights(tmp_path: Path) -> None:
    settings = small_settings(tmp_path, clips=CLIPS)
    killed, through = tmp_path / "killed", tmp_path / "through"
    command = [sys.executable, "-m", "tests.sticker_diffusion.small_run", str(tmp_path), str(killed), str(CLIPS)]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as child:
        deadline = time.monotonic() + 300
        while not (killed / STATE).exists() and time.monotonic() < deadline and child.poll() is None:
            time.sleep(0.05)
        os.kill(child.pid, signal.SIGKILL)
    assert child.returncode == -signal.SIGKILL
    assert 0 < torch.load(killed / STATE, weights_only=True)["step"] < CLIPS // 4
    with (killed / LOG).open("a") as log:  # as if killed later, after its last saved state and within a line
        log.write('{"step": 25, "total": 9.0}\n{"step": 2')
    assert finetune(settings, killed, bank=small_bank)
    assert finetune(settings, through, bank=small_bank)
    assert [line["step"] for line in curve(killed)] == [25]
    assert curve(killed) == curve(through)
    weights = [load_file(run / "checkpoint" / WEIGHTS) for run in (through, killed)]
    assert weights[0].keys() == weights[1].keys()
    for name, tensor in weights[0].items():
        assert torch.equal(tensor, weights[1][name]), name
