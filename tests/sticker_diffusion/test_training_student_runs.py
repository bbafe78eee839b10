"""Runs by command: they end with a checkpoint that says where it comes from."""

import dataclasses
import json
from pathlib import Path

import pytest
import torch
import yaml

from sticker_diffusion.checkpoint import WEIGHTS, load_checkpoint
from sticker_diffusion.distilled import Distilled
from sticker_diffusion.loading import load_animator
from sticker_diffusion.settings import SettingsError
from sticker_diffusion.stickers.emoji import StickerBank
from sticker_diffusion.training import student_runs
from sticker_diffusion.training.__main__ import STOPPED, main
from sticker_diffusion.training.clip_source import ClipsSettings
from sticker_diffusion.training.config import DistilSettings, FinetuneSettings
from sticker_diffusion.training.loop import TrainingLoop
from sticker_diffusion.training.run_folder import LOG
from sticker_diffusion.training.run_settings import read_run_settings
from sticker_diffusion.training.student_runs import distil, finetune
from tests.sticker_diffusion.small_run import small_bank, small_settings

CONFIGS = Path(student_runs.__file__).parent / "configs"


@pytest.fixture(scope="module")
def bank() -> StickerBank:
    return small_bank()


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a release and a checkpoint."""
    folder = tmp_path_factory.mktemp("work")
    small_settings(folder, clips=4)
    return folder


@pytest.fixture
def student(work: Path, bank: StickerBank) -> Path:
    out = work / "student"
    assert finetune(small_settings(work, clips=104), out, bank=lambda: bank)
    return out / "checkpoint"


def distil_settings(work: Path, teacher: Path, **changes: object) -> DistilSettings:
    usual = {
        "teacher": str(teacher),
        "goal": "guidance",
        "data": ClipsSettings(release=str(work / "release"), replay=0.0),
        "clips": 8,
        "batch": 4,
        "threads": 1,
        "dtype": "float32",
    }
    return DistilSettings(**{**usual, **changes})  # type: ignore[arg-type]


def test_a_finetune_ends_with_a_checkpoint_that_animates_and_says_where_it_comes_from(
    student: Path, work: Path
) -> None:
    made = load_checkpoint(student)
    p = made.description.provenance
    assert (p.parent, p.recipe["command"], p.data["clips"]) == ("initial", "finetune", 104)
    assert "released clips of release" in p.data["stickers"]
    assert made.pose == "height"
    # A particle head cannot learn from released clips.
    assert made.architecture.particles is None
    assert "distil" not in (student / "README.md").read_text()
    out = work / "student"
    (line,) = [json.loads(line) for line in (out / LOG).read_text().splitlines()]
    assert line["step"] == 25
    assert 0.9 < line["progress"] < 1
    assert (out / "sheets" / "0000104.png").is_file()
    again = finetune(small_settings(work, clips=104), out, bank=small_bank)
    assert again


def test_the_chain_of_distillations_ends_with_one_step_in_one_pass(
    student: Path, work: Path, bank: StickerBank
) -> None:
    first = work / "guidance"
    assert distil(distil_settings(work, student), first, bank=lambda: bank)
    description = load_checkpoint(first / "checkpoint").description
    assert description.distilled == Distilled(3.0, 1.5, None)
    assert (description.sampler.text_scale, description.sampler.image_scale) == (2.0, 1.2)
    teacher = first / "checkpoint"
    for steps in (2, 1):
        out = work / f"steps-{steps}"
        assert distil(distil_settings(work, teacher, goal="steps", steps=steps), out, bank=lambda: bank)
        teacher = out / "checkpoint"
    animator = load_animator(teacher)
    settings = animator.default_settings
    assert (settings.steps, settings.solver) == (1, "ddim")
    frames = animator.animate_premultiplied([torch.ones(4, 32, 32)], ["a dog jumping"], settings, [1])
    assert frames.shape == (1, 8, 4, 64, 64)
    assert "1 steps of ddim" in (teacher / "README.md").read_text()
    with pytest.raises(SettingsError, match="give 0"):
        distil(distil_settings(work, teacher, goal="steps", steps=1), work / "none", bank=lambda: bank)


def test_the_command_names_what_is_wrong_and_tells_a_stopped_run_from_a_finished_one(
    work: Path, bank: StickerBank, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "run.yaml"
    settings = dataclasses.asdict(small_settings(work, clips=4))
    del settings["minutes"], settings["data"]["release"]
    config.write_text(yaml.safe_dump(settings))
    arguments = ["finetune", "--config", str(config), "--out", str(tmp_path / "out")]
    assert main(arguments) == 2
    assert "release: the folder of a release is missing" in capsys.readouterr().err
    arguments += ["--release", str(work / "release")]
    monkeypatch.setattr(StickerBank, "load", lambda: bank)
    monkeypatch.setattr(student_runs.finetune, "__kwdefaults__", {"bank": lambda: bank})
    with monkeypatch.context() as patched:

        def stopped(loop: TrainingLoop) -> None:
            loop.save()

        patched.setattr(TrainingLoop, "run", stopped)
        assert main(arguments) == STOPPED
    assert not (tmp_path / "out" / "checkpoint").exists()
    assert main(arguments) == 0
    assert (tmp_path / "out" / "checkpoint" / WEIGHTS).is_file()
    assert main([*arguments, "--initial", str(tmp_path / "gone")]) == 2
    assert "gone" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "cls"),
    [("student", FinetuneSettings), ("distil_guidance", DistilSettings), ("distil_steps", DistilSettings)],
)
def test_the_committed_configurations_read_and_say_their_command(
    name: str, cls: type[FinetuneSettings] | type[DistilSettings]
) -> None:
    file = CONFIGS / f"{name}.yaml"
    settings = read_run_settings(cls, file, data={"release": "somewhere"})  # type: ignore[type-var]
    assert settings.data.release == "somewhere"
    assert settings.data.replay == 0.25
    assert f"--config sticker_diffusion/training/configs/{name}.yaml" in file.read_text()
