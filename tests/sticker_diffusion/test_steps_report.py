"""The report of steps and passes: the cheapest setting that is as good as the best, and what is asked of whom."""

import json
import random
from dataclasses import fields, replace
from pathlib import Path

import pytest

from benchmarks import steps
from benchmarks.steps import Row, cheapest
from sticker_diffusion.checkpoint import save_checkpoint
from sticker_diffusion.distilled import Distilled
from sticker_diffusion.metrics.evaluation import ClipMeasures
from sticker_diffusion.network import AnimationNetwork, Architecture
from sticker_diffusion.sampler_settings import SamplerSettings
from tests.sticker_diffusion.test_model_report import tiny_description


def clip(*, recognised: bool, psnr_db: float) -> ClipMeasures:
    numbers = {field.name: 1.0 for field in fields(ClipMeasures)}
    seen = "spinning" if recognised else "nodding"
    return ClipMeasures(**{**numbers, "verb": "spinning", "recognised_as": seen, "psnr_db": psnr_db, "frozen": False})  # type: ignore[arg-type]


def row(*, passes: int, recognised: float, psnr_db: float) -> Row:
    dice = random.Random(passes)
    clips = [clip(recognised=i < 100 * recognised, psnr_db=psnr_db + dice.gauss(0, 2)) for i in range(100)]
    settings = SamplerSettings(steps=passes)
    return Row(checkpoint="c", distilled=False, settings=settings, passes=passes, seconds=1.0, clips=clips)


def test_the_cheapest_is_within_the_best_ones_intervals_and_what_is_worse_is_not() -> None:
    many, few = row(passes=16, recognised=0.9, psnr_db=24), row(passes=4, recognised=0.88, psnr_db=23.9)
    wrong_verbs, far_off = row(passes=1, recognised=0.6, psnr_db=24), row(passes=2, recognised=0.9, psnr_db=21)
    assert cheapest([many, few, wrong_verbs, far_off]) is few
    assert cheapest([many, wrong_verbs, far_off]) is many


def test_every_setting_is_measured_and_a_distilled_checkpoint_only_as_it_was_distilled(
    tmp_path: Path, tiny_architecture: Architecture, capsys: pytest.CaptureFixture[str]
) -> None:
    plain, network = tiny_description(tiny_architecture), AnimationNetwork(tiny_architecture)
    two_steps = replace(
        plain, distilled=Distilled(2.0, 1.2, steps=2), sampler=replace(plain.sampler, steps=2, solver="ddim")
    )
    for name, description in (("plain", plain), ("two", two_steps)):
        save_checkpoint(tmp_path / name, network=network, description=description, card="# Tiny\n")
    assert steps.main([str(tmp_path / "plain"), str(tmp_path / "two"), "--small"]) == 0
    said = json.loads(capsys.readouterr().out.strip().splitlines()[-1])
    rows = [(row["checkpoint"], row["steps"], row["text_scale"], row["passes"]) for row in said["rows"]]
    assert rows == [("plain", 1, 1.0, 1), ("plain", 4, 1.0, 4), ("plain", 4, 2.0, 10), ("two", 2, 1.0, 2)]
    assert said["cheapest_undistilled"]["checkpoint"] == "plain"
    assert said["small"] is True


def test_a_folder_that_is_no_checkpoint_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert steps.main([str(tmp_path / "absent")]) == 1
    assert str(tmp_path / "absent") in capsys.readouterr().err
