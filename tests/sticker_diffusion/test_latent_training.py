"""The recipes at the paper's scale learn, go on where they stopped, and leave a checkpoint that animates."""

import dataclasses
from functools import partial
from pathlib import Path

import pytest
import torch

from sticker_diffusion.autoencoder import AlphaAutoencoder
from sticker_diffusion.conditioning import DropoutRates
from sticker_diffusion.latent.adopt import adopt
from sticker_diffusion.latent.checkpoint import load_latent_checkpoint
from sticker_diffusion.loading import load_animator
from sticker_diffusion.sampler_settings import SamplerSettings
from sticker_diffusion.schedule import NoiseSchedule, ScheduleSettings
from sticker_diffusion.settings import SettingsError
from sticker_diffusion.stickers.clips import ClipGenerator
from sticker_diffusion.stickers.emoji import StickerBank
from sticker_diffusion.stickers.image import straight_bytes
from sticker_diffusion.training.autoencoder import AutoencoderFinetuning, AutoencoderSettings
from sticker_diffusion.training.config import OptimiserSettings
from sticker_diffusion.training.latent import LatentSettings, LatentTraining, velocity_loss
from sticker_diffusion.training.latent_runs import train_autoencoder, train_latent
from sticker_diffusion.training.loop import Budget, Recipe, TrainingLoop
from sticker_diffusion.training.run_folder import RunFolder
from sticker_diffusion.training.run_settings import read_run_settings
from tests.sticker_diffusion.public_unets import TINY
from tests.sticker_diffusion.stickers import held_out_bank, sticker
from tests.sticker_diffusion.tiny_folders import stable_diffusion_folder

QUICK = OptimiserSettings(lr=3e-3, warmup_steps=2, ema=0.9)
EDGES = tuple(float(i) for i in range(15))


@pytest.fixture(scope="module")
def adopted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("latent")
    folder = stable_diffusion_folder(place / "sd", TINY["one stage, two transformers deep"])
    adopt(folder, place / "new", name="tiny", bucket_edges=EDGES, frames=4, size=16)
    return place / "new"


def clips(seed: int = 0, size: int = 16) -> ClipGenerator:
    return ClipGenerator(held_out_bank(), frames=4, size=size, seed=seed, split="heldout", edges=torch.tensor(EDGES))


def loop_of(recipe: Recipe, folder: Path) -> TrainingLoop:
    return TrainingLoop(
        recipe=recipe,
        settings=QUICK,
        budget=Budget(64, None),
        batch=2,
        folder=RunFolder(folder),
        save_minutes=60,
        sheet_minutes=60,
    )


def autoencoder_recipe(adopted: Path) -> AutoencoderFinetuning:
    settings = AutoencoderSettings(initial=str(adopted), clips=64, size=16)
    return AutoencoderFinetuning(settings, load_latent_checkpoint(adopted).model.autoencoder, clips())


def latent_recipe(adopted: Path) -> LatentTraining:
    settings = LatentSettings(
        initial=str(adopted), clips=64, batch=2, dtype="float32", dropout=DropoutRates(text=0.3, both=0.3)
    )
    start = load_latent_checkpoint(adopted)
    return LatentTraining(settings, start.model, start.schedule, clips())


def test_finetuning_lowers_the_error_of_alpha_and_leaves_the_encoder_behind_its_first_layer(
    adopted: Path, tmp_path: Path
) -> None:
    before = load_latent_checkpoint(adopted).model.autoencoder.state_dict()
    loop = loop_of(autoencoder_recipe(adopted), tmp_path)
    losses = [loop.train_step() for _ in range(20)]
    first, last = (sum(step["alpha"] for step in part) for part in (losses[:4], losses[-4:]))
    assert last < 0.6 * first
    changed = {name for name, x in loop.recipe.network.state_dict().items() if not torch.equal(x, before[name])}
    assert {"kl.encoder.conv_in.weight", "kl.decoder.conv_out.weight"} <= changed
    assert all(name.startswith(("kl.encoder.conv_in", "kl.decoder", "kl.post_quant_conv")) for name in changed)


@pytest.mark.parametrize("recipe_of", [autoencoder_recipe, latent_recipe])
def test_a_resumed_run_takes_the_same_next_steps(recipe_of: object, adopted: Path, tmp_path: Path) -> None:
    through = loop_of(recipe_of(adopted), tmp_path)  # type: ignore[operator]
    through.train_step()
    through.save()
    expected = [through.train_step() for _ in range(2)]
    torch.manual_seed(999)
    resumed = loop_of(recipe_of(adopted), tmp_path)  # type: ignore[operator]
    assert (resumed.step, resumed.clips) == (1, 2)
    assert [resumed.train_step() for _ in range(2)] == expected
    for name, tensor in through.averaged.network.state_dict().items():
        assert torch.equal(tensor, resumed.averaged.network.state_dict()[name]), name


def test_training_lowers_the_velocity_loss_and_teaches_what_was_new(adopted: Path, tmp_path: Path) -> None:
    before = load_latent_checkpoint(adopted).model.network.state_dict()
    loop = loop_of(latent_recipe(adopted), tmp_path)
    beginning = loop.recipe.state_dict()

    def loss_of_the_next() -> float:
        return loop.recipe.loss(loop.recipe.draw(), slice(None), progress=0.0)[1]["velocity"]

    def loss_of_the_first_clips() -> float:
        loop.recipe.load_state_dict(beginning)
        with torch.no_grad():
            return sum(loss_of_the_next() for _ in range(3))

    untrained = loss_of_the_first_clips()
    loop.recipe.load_state_dict(beginning)
    for _ in range(8):
        loop.train_step()
    assert loss_of_the_first_clips() < 0.9 * untrained
    after = loop.recipe.network.state_dict()
    assert after["unet.time_embedding.cond_proj.weight"].abs().max() > 0
    assert after["unet.conv_in.weight"][:, 4:].abs().max() > 0
    temporal = [name for name in after if ".temporal.out.weight" in name]
    assert all(not torch.equal(after[name], before[name]) for name in temporal)


def test_the_loss_is_zero_at_the_velocity_and_counts_pure_noise() -> None:
    schedule = NoiseSchedule(ScheduleSettings(prediction_type="v_prediction"))
    x0, eps = torch.randn(2, 3, 4, 2, 2), torch.randn(2, 3, 4, 2, 2)
    t = torch.tensor([0, 999])
    alpha, sigma = schedule.coefficients(t, x0)
    v = alpha * eps - sigma * x0

    def loss(off: torch.Tensor) -> float:
        return float(velocity_loss(v + off.view(2, 1, 1, 1, 1), x0, eps, t, schedule=schedule, snr_cap=5.0))

    assert loss(torch.zeros(2)) == 0
    assert loss(torch.tensor([0.0, 1.0])) == pytest.approx(0.5, abs=1e-4)
    gain = 1 + float(schedule.snr(t[:1]))
    assert loss(torch.tensor([1.0, 0.0])) == pytest.approx(0.5 * 5 / gain, rel=1e-3)


def test_both_runs_leave_checkpoints_and_the_last_one_animates(adopted: Path, tmp_path: Path) -> None:
    bank = partial(StickerBank.build, ["🐶", "🐱", "🍕", "🚀"], resolution=24)
    first = AutoencoderSettings(initial=str(adopted), clips=2, size=16, dtype="bfloat16", optimiser=QUICK)
    train_autoencoder(first, tmp_path / "alpha", bank=bank)
    second = LatentSettings(initial=str(tmp_path / "alpha" / "checkpoint"), clips=1)
    train_latent(second, tmp_path / "latent", bank=bank)
    with pytest.raises(SettingsError, match="begun with other settings"):
        train_latent(dataclasses.replace(second, batch=3), tmp_path / "latent", bank=bank)
    end = load_latent_checkpoint(tmp_path / "latent" / "checkpoint")
    assert end.description.provenance.parent == "alpha"
    assert end.description.provenance.recipe["trained"]
    taught: AlphaAutoencoder = load_latent_checkpoint(tmp_path / "alpha" / "checkpoint").model.autoencoder
    for name, tensor in end.model.autoencoder.state_dict().items():
        assert torch.equal(tensor, taught.state_dict()[name])
    for file in (adopted / "text").rglob("*.*"):
        assert (tmp_path / "latent" / "checkpoint" / file.relative_to(adopted)).read_bytes() == file.read_bytes()
    animator = load_animator(tmp_path / "latent" / "checkpoint")
    settings = SamplerSettings(steps=1, size=16, frames=4, dtype="float32")
    full = animator.animate_premultiplied([sticker(size=16)], ["jump"], settings, [1])
    assert straight_bytes(full).shape == (1, 4, 16, 16, 4)


def test_the_shipped_configurations_are_read() -> None:
    configs = Path(__file__).parents[2] / "sticker_diffusion" / "training" / "configs"
    assert read_run_settings(AutoencoderSettings, configs / "real_autoencoder.yaml").device == "cuda"
    assert read_run_settings(LatentSettings, configs / "real_latent.yaml", minutes=3.0).clips is None
    with pytest.raises(SettingsError, match="exactly one of clips and minutes"):
        read_run_settings(LatentSettings, configs / "real_latent.yaml", clips=3, minutes=3.0)
