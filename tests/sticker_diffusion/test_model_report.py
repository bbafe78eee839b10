"""The model report on a tiny checkpoint: its last line, its sheets, and what it writes into the checkpoint."""

import json
import shutil
from pathlib import Path

import pytest
import torch
from PIL import Image

from benchmarks import model_report
from benchmarks.grid_sheet import LABEL
from benchmarks.model_report import Plan
from sticker_diffusion.animator import Animator, SamplerSettings
from sticker_diffusion.checkpoint import Description, Provenance, save_checkpoint
from sticker_diffusion.network import AnimationNetwork, Architecture
from sticker_diffusion.schedule import ScheduleSettings


def tiny_description(architecture: Architecture) -> Description:
    return Description(
        format_version=1,
        name="tiny",
        architecture=architecture,
        schedule=ScheduleSettings(),
        bucket_edges=tuple(float(i) for i in range(15)),
        sampler=SamplerSettings(steps=2, dtype="float32"),
        provenance=Provenance(metrics={"kept": 1}),
    )


@pytest.fixture
def checkpoint(tmp_path: Path, tiny_architecture: Architecture) -> Path:
    torch.manual_seed(0)
    folder = tmp_path / "tiny"
    network, description = AnimationNetwork(tiny_architecture), tiny_description(tiny_architecture)
    save_checkpoint(folder, network=network, description=description, card="# Tiny\n")
    return folder


@pytest.fixture
def plan(monkeypatch: pytest.MonkeyPatch) -> Plan:
    tiny = Plan(pairs=2, others=((1, 1, 1, 1), (2, 1, 1, 1)), buckets=(1, 16), bucket_pairs=1, varied_pairs=1)
    monkeypatch.setattr(model_report, "WHOLE", tiny)
    return tiny


def test_the_last_line_is_the_report_and_the_sheets_are_written(
    checkpoint: Path, plan: Plan, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SMALL", raising=False)
    images = tmp_path / "images"
    for _ in range(2):
        assert model_report.main([str(checkpoint), "--images", str(images), "--write"]) == 0
    out = capsys.readouterr().out
    report = json.loads(out.strip().splitlines()[-1])
    assert report["report"] == "model"
    assert report["small"] is False
    tiny = report["checkpoints"]["tiny"]
    assert tiny["pairs"] == 2
    assert tiny["steps"] == 2
    assert -1 <= report["bucket_rank_correlation"] <= 1
    for key in (
        "verb_recognised",
        "identity_db",
        "psnr_db",
        "static_psnr_db",
        "sharpness",
        "seam_ratio",
        "motion_size",
    ):
        assert isinstance(tiny[key], float | int), key
    assert len(tiny["settings"]) == 2, "a setting equal to the checkpoint's own is not measured twice"
    for path in images.iterdir():
        assert path.stat().st_size < 400_000
    assert {path.name for path in images.iterdir()} == {"tiny-clips.webp", "tiny-crops.webp"}

    metrics = json.loads((checkpoint / "checkpoint.json").read_text())["provenance"]["metrics"]
    assert metrics["kept"] == 1
    assert metrics["model_report"]["pairs"] == 2
    card = (checkpoint / "README.md").read_text()
    assert card.count("## Measured") == 1
    assert card.startswith("# Tiny\n")
    Animator.load(checkpoint)


def test_several_checkpoints_are_compared_by_family_on_one_sheet(
    checkpoint: Path, plan: Plan, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SMALL", raising=False)
    monkeypatch.setattr(model_report, "CONSOLE_WIDTH", 400)
    other = shutil.copytree(checkpoint, tmp_path / "other")
    assert model_report.main([str(checkpoint), str(other), "--images", str(tmp_path / "images")]) == 0
    out = capsys.readouterr().out
    assert "by family of verbs" in out
    report = json.loads(out.strip().splitlines()[-1])
    families = report["checkpoints"]["tiny"]["by_family"]
    assert sum(figures["pairs"] for figures in families.values()) == 2
    with Image.open(tmp_path / "images" / "models.webp") as sheet:
        assert sheet.width == LABEL + 64 * (1 + 8 + 8)


def test_no_checkpoint_is_one_clear_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model_report, "ROOT", tmp_path)
    assert model_report.main([]) == 1
    assert "No checkpoint to measure" in capsys.readouterr().err


def test_a_broken_checkpoint_is_named(checkpoint: Path, plan: Plan, capsys: pytest.CaptureFixture[str]) -> None:
    (checkpoint / "model.safetensors").write_bytes(b"short")
    assert model_report.main([str(checkpoint)]) == 1
    assert "model.safetensors" in capsys.readouterr().err


def test_with_several_checkpoints_the_other_settings_get_fewer_pairs() -> None:
    plan = Plan(
        pairs=10, others=((8, 1, 1, 60), (25, 1, 1, 19), (25, 2, 1, 4)), buckets=(1, 16), bucket_pairs=1, varied_pairs=1
    )
    assert [pairs for *_, pairs in plan.shared_by(4).others] == [19, 19, 4]
    assert plan.shared_by(1) == plan
