"""A run that is killed and started again takes the same steps as one that was not."""

import dataclasses
from pathlib import Path

import pytest
import torch

from sticker_diffusion.heads import HeadSettings
from sticker_diffusion.network import Architecture
from sticker_diffusion.particles import ParticleSettings
from sticker_diffusion.settings import SettingsError
from sticker_diffusion.stickers.clips import ClipGenerator
from sticker_diffusion.stickers.emoji import StickerBank
from sticker_diffusion.training.commands import export
from sticker_diffusion.training.config import DrillSettings, OptimiserSettings, PretrainSettings
from sticker_diffusion.training.loop import Budget, TrainingLoop, learning_rate
from sticker_diffusion.training.pretrain import Pretraining
from sticker_diffusion.training.run_folder import STATE, RunFolder
from sticker_diffusion.training.run_settings import keep_run_settings


@pytest.fixture(scope="session")
def bank() -> StickerBank:
    return StickerBank.build(["🐶", "🐱", "🍕", "🚀"], resolution=48)


@pytest.fixture
def settings(tiny_architecture: Architecture) -> PretrainSettings:
    return PretrainSettings(
        clips=64, batch=2, dtype="float32", architecture=tiny_architecture, drill=DrillSettings(captions=4)
    )


def loop_of(settings: PretrainSettings, bank: StickerBank, folder: Path) -> TrainingLoop:
    clips = ClipGenerator(bank, size=settings.architecture.size, seed=settings.seed, edges=torch.arange(15.0))
    return TrainingLoop(
        recipe=Pretraining(settings, clips),
        settings=settings.optimiser,
        budget=Budget(settings.clips, settings.minutes),
        batch=settings.batch,
        folder=RunFolder(folder),
        save_minutes=60,
        sheet_minutes=60,
    )


def test_a_resumed_run_has_the_same_next_losses_and_weights_bit_for_bit(
    settings: PretrainSettings, bank: StickerBank, tmp_path: Path
) -> None:
    through = loop_of(settings, bank, tmp_path / "through")
    for _ in range(3):
        through.train_step()
    through.save()
    expected = [through.train_step() for _ in range(3)]

    torch.manual_seed(999)
    resumed = loop_of(settings, bank, tmp_path / "through")
    assert (resumed.step, resumed.clips) == (3, 6)
    assert [resumed.train_step() for _ in range(3)] == expected
    for a, b in (
        (through.recipe.network, resumed.recipe.network),
        (through.averaged.network, resumed.averaged.network),
    ):
        for name, tensor in a.state_dict().items():
            assert torch.equal(tensor, b.state_dict()[name]), name


def test_a_run_killed_while_saving_keeps_the_state_before(
    settings: PretrainSettings, bank: StickerBank, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = loop_of(settings, bank, tmp_path)
    run.train_step()
    run.save()
    run.train_step()

    def killed(state: object, file: object) -> None:
        file.write(b"half a file")  # type: ignore[attr-defined]
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(torch, "save", killed)
        with pytest.raises(KeyboardInterrupt):
            run.save()
    assert loop_of(settings, bank, tmp_path).step == 1


def test_training_lowers_the_loss_ends_at_its_budget_and_leaves_a_state(
    settings: PretrainSettings, bank: StickerBank, tmp_path: Path
) -> None:
    quick = OptimiserSettings(lr=3e-3, warmup_steps=2)
    settings = dataclasses.replace(settings, clips=120, batch=4, optimiser=quick)
    run = loop_of(settings, bank, tmp_path)
    recipe = run.recipe
    beginning = recipe.state_dict()
    _, before = recipe.loss(recipe.draw(), slice(None), progress=0.0)
    run.run()
    assert run.clips == 120
    assert (tmp_path / STATE).exists()
    recipe.load_state_dict({**recipe.state_dict(), "generator": beginning["generator"], "clips": beginning["clips"]})
    _, after = recipe.loss(recipe.draw(), slice(None), progress=0.0)  # of the same batch with the same noise
    assert after["x0"] < before["x0"]


def test_a_loss_that_is_not_a_number_stops_the_run(
    settings: PretrainSettings, bank: StickerBank, tmp_path: Path
) -> None:
    run = loop_of(settings, bank, tmp_path)
    with torch.no_grad():
        run.recipe.network.get_parameter("head.part_bias").fill_(float("nan"))
    with pytest.raises(FloatingPointError, match="step 0"):
        run.train_step()


def test_the_learning_rate_warms_up_and_decays_to_its_final_share(settings: PretrainSettings) -> None:
    s = settings.optimiser
    assert learning_rate(s, 0, 0.0) == pytest.approx(s.lr / s.warmup_steps)
    assert learning_rate(s, s.warmup_steps, 0.0) == pytest.approx(s.lr)
    assert learning_rate(s, 10**6, 1.0) == pytest.approx(s.lr * s.final)


def test_a_begun_run_takes_another_budget_and_no_other_settings(settings: PretrainSettings, tmp_path: Path) -> None:
    file = tmp_path / "settings.json"
    keep_run_settings(file, settings)
    keep_run_settings(file, dataclasses.replace(settings, clips=None, minutes=2.0))
    with pytest.raises(SettingsError, match="begun with other settings"):
        keep_run_settings(file, dataclasses.replace(settings, batch=3))


def test_an_export_needs_a_saved_state(settings: PretrainSettings, bank: StickerBank, tmp_path: Path) -> None:
    keep_run_settings(tmp_path / "settings.json", settings)
    with pytest.raises(SettingsError, match="nothing saved yet"):
        export(tmp_path, tmp_path / "out", name="none", bank=bank)


def test_a_run_starts_from_a_checkpoint_to_which_only_a_particle_head_may_be_new(
    settings: PretrainSettings, bank: StickerBank, tmp_path: Path
) -> None:
    first = loop_of(settings, bank, tmp_path / "first")
    first.train_step()
    first.save()
    keep_run_settings(tmp_path / "first" / "settings.json", settings)
    export(tmp_path / "first", tmp_path / "start", name="start", bank=bank)
    later = dataclasses.replace(settings, initial=str(tmp_path / "start"))
    with_particles = dataclasses.replace(settings.architecture, particles=ParticleSettings(hidden=16))
    began = loop_of(dataclasses.replace(later, architecture=with_particles), bank, tmp_path / "second").recipe.network
    for name, tensor in first.averaged.network.state_dict().items():
        torch.testing.assert_close(began.state_dict()[name], tensor.half().float(), atol=0, rtol=0)
    with_more_parts = dataclasses.replace(settings.architecture, head=HeadSettings(parts=2, features=8, hidden=32))
    with pytest.raises(SettingsError, match="weights of other shapes"):
        loop_of(dataclasses.replace(later, architecture=with_more_parts), bank, tmp_path / "third")
