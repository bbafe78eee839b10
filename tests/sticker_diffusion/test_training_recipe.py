"""The recipe's parts: one categorical draw, timesteps where sampling lives, losses that see what they should."""

import random
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from sticker_diffusion.conditioning import DropoutRates, draw_dropout, frame_phases
from sticker_diffusion.heads import Layers, affine_flow
from sticker_diffusion.network import AnimationNetwork, Architecture, Prediction
from sticker_diffusion.particles import ParticleSettings
from sticker_diffusion.schedule import NoiseSchedule, ScheduleSettings
from sticker_diffusion.settings import SettingsError
from sticker_diffusion.stickers.clips import ClipBatch, ClipGenerator
from sticker_diffusion.stickers.emoji import StickerBank
from sticker_diffusion.stickers.motions import VERBS
from sticker_diffusion.training.caption_drill import CaptionDrill, mistyped
from sticker_diffusion.training.config import PretrainSettings
from sticker_diffusion.training.loss import Losses, LossWeights, clip_loss, draw_timesteps
from sticker_diffusion.training.parts import part_of
from sticker_diffusion.training.run_settings import read_run_settings

SCHEDULE = NoiseSchedule(ScheduleSettings())


def test_conditions_are_dropped_in_the_shares_asked_for_and_never_the_image_alone() -> None:
    kept = draw_dropout(40_000, DropoutRates(text=0.1, both=0.1, bucket=0.1), torch.Generator().manual_seed(0))
    share = {
        "both kept": kept.image & kept.text,
        "image alone": kept.image & ~kept.text,
        "nothing": ~kept.image & ~kept.text,
        "text alone": ~kept.image & kept.text,
    }
    shares = {name: float(chosen.float().mean()) for name, chosen in share.items()}
    assert shares["both kept"] == pytest.approx(0.8, abs=0.01)
    assert shares["image alone"] == pytest.approx(0.1, abs=0.01)
    assert shares["nothing"] == pytest.approx(0.1, abs=0.01)
    assert shares["text alone"] == 0
    assert float(kept.bucket.float().mean()) == pytest.approx(0.9, abs=0.01)
    for condition in (kept.image, kept.text):
        assert float(kept.bucket[~condition].float().mean()) == pytest.approx(0.9, abs=0.02)


def test_impossible_dropout_shares_are_refused() -> None:
    with pytest.raises(ValueError, match="at most 1"):
        DropoutRates(text=0.6, both=0.6)


def test_timesteps_cover_everything_with_extra_mass_at_the_noisy_end() -> None:
    t = draw_timesteps(40_000, 1000, torch.Generator().manual_seed(0))
    assert int(t.min()) < 5
    assert float((t == 999).float().mean()) == pytest.approx(0.1, abs=0.01)
    assert float((t >= 800).float().mean()) == pytest.approx(0.35 + 0.65 * 0.2, abs=0.01)


@pytest.fixture(scope="module")
def batch() -> ClipBatch:
    bank = StickerBank.build(["🐶", "🍕"], resolution=48)
    split = "train" if bank.indices("train") else "heldout"
    return ClipGenerator(bank, size=32, seed=1, split=split, edges=torch.arange(15.0)).batch(4)


def prediction_of(batch: ClipBatch, affine: torch.Tensor, mask: float = 1.0) -> Prediction:
    n, size = affine.shape[0], batch.frames.shape[-1]
    layers = Layers(
        affine=affine[:, None],
        parts=torch.ones(n, 1, 8, 8),
        residual=torch.zeros(n, 2, 8, 8),
        mask=torch.full((n, 1, size, size), mask),
        painted=torch.zeros(n, 4, size, size),
    )
    source = ((batch.sticker + 1) / 2).repeat_interleave(batch.frames.shape[1], dim=0)
    return Prediction((layers.render(source, size) * 2 - 1).view_as(batch.frames), layers)


def losses(
    batch: ClipBatch,
    prediction: Prediction,
    *,
    t: int = 500,
    share: float = 1.0,
    image: bool = True,
    flow_end: float = 0.0,
) -> Losses:
    kept = draw_dropout(4, DropoutRates(text=0.0, both=0.0 if image else 1.0))
    return clip_loss(
        prediction,
        batch,
        kept=kept,
        t=torch.full((4,), t),
        schedule=SCHEDULE,
        weights=LossWeights(flow=2.0, flow_end=flow_end, cover=0.0),
        motion_share=share,
    )


def test_the_true_motion_has_less_loss_than_standing_still(batch: ClipBatch) -> None:
    true = losses(batch, prediction_of(batch, batch.affine.flatten(0, 1)))
    still = losses(batch, prediction_of(batch, torch.eye(2, 3).expand(32, 2, 3)))
    assert true.flow < 0.5 * still.flow
    assert true.x0 < 0.5 * still.x0


def test_a_bend_that_makes_up_for_a_wrong_turn_costs_more_than_the_right_turn(batch: ClipBatch) -> None:
    affine = batch.affine.flatten(0, 1)
    right = prediction_of(batch, affine)
    still = torch.eye(2, 3).expand(32, 2, 3)
    made_up = Layers(
        still[:, None],
        right.layers.parts,
        affine_flow(affine, batch.frames.shape[-1]),
        right.layers.mask,
        right.layers.painted,
    )
    torch.testing.assert_close(made_up.flow(32), right.layers.flow(32), atol=1e-5, rtol=0)
    assert losses(batch, Prediction(right.x0, made_up)).flow > 3 * losses(batch, right).flow


def test_supervised_motion_fades_and_needs_the_sticker(batch: ClipBatch) -> None:
    still = prediction_of(batch, torch.eye(2, 3).expand(32, 2, 3))
    whole, faded = losses(batch, still), losses(batch, still, share=0.0)
    torch.testing.assert_close(whole.total - whole.x0, 2.0 * whole.flow)
    torch.testing.assert_close(faded.total, faded.x0)
    kept = losses(batch, still, share=0.0, flow_end=0.25)
    torch.testing.assert_close(kept.total - kept.x0, 0.25 * 2.0 * whole.flow)
    assert losses(batch, still, image=False).flow == 0


def test_errors_count_more_where_the_signal_is_clear_up_to_the_cap(batch: ClipBatch) -> None:
    still = prediction_of(batch, torch.eye(2, 3).expand(32, 2, 3))
    noisy, clear = losses(batch, still, t=999), losses(batch, still, t=0)
    torch.testing.assert_close(clear.x0, 5 * noisy.x0)


def test_painting_over_the_known_sticker_is_charged(batch: ClipBatch) -> None:
    affine = batch.affine.flatten(0, 1)
    assert losses(batch, prediction_of(batch, affine, mask=1.0)).cover == 0
    assert losses(batch, prediction_of(batch, affine, mask=0.5)).cover == pytest.approx(0.6, abs=0.01)


def test_painting_is_charged_where_anything_shows_of_a_clip_whose_motion_nobody_knows(batch: ClipBatch) -> None:
    nowhere = torch.zeros_like(batch.flow_weight)
    chosen = replace(batch, motion_known=torch.zeros(4), flow_weight=nowhere)
    still = torch.eye(2, 3).expand(32, 2, 3)
    half = prediction_of(chosen, still, mask=0.5)
    assert losses(chosen, prediction_of(chosen, still, mask=1.0)).cover == 0
    assert losses(chosen, half).cover == pytest.approx(0.6, abs=0.01)
    assert losses(chosen, half, image=False).cover == 0


def test_the_losses_of_parts_add_up_to_the_whole(batch: ClipBatch) -> None:
    mixed = replace(batch, motion_known=torch.tensor([1.0, 0, 0, 1.0]))
    mixed = replace(mixed, flow_weight=batch.flow_weight * mixed.motion_known[:, None, None, None, None])
    kept = draw_dropout(4, DropoutRates(text=0.0, both=0.4), torch.Generator().manual_seed(2))
    assert 0 < int(kept.image.sum()) < 4
    parts = [slice(0, 1), slice(1, 2), slice(2, 3), slice(3, 4)]
    seen = []
    for clips in (slice(None), *parts):
        part, part_kept = part_of(mixed, clips, torch.device("cpu")), part_of(kept, clips, torch.device("cpu"))
        still = torch.eye(2, 3).expand(8 * len(part.captions), 2, 3)
        made = clip_loss(
            prediction_of(part, still, mask=0.7),
            part,
            kept=part_kept,
            t=torch.tensor([10, 300, 700, 999])[clips],
            schedule=SCHEDULE,
            weights=LossWeights(flow=2.0, cover=0.5, particles=3.0),
            motion_share=1.0,
        )
        seen.append(torch.stack([made.total, made.x0, made.flow, made.cover]))
    torch.testing.assert_close(torch.stack(seen[1:]).mean(0), seen[0])


def test_the_drill_teaches_verbs_and_where_particles_are(tiny_architecture: Architecture) -> None:
    torch.manual_seed(0)
    network = AnimationNetwork(replace(tiny_architecture, particles=ParticleSettings(hidden=32, manners=True)))
    assert network.particles is not None
    drill = CaptionDrill(width=16, names=["dog", "cat", "pizza"], verbs=VERBS, captions=48, typos=0.1, seed=0)
    taught = [*network.text.parameters(), *network.particles.parameters(), *drill.parameters()]
    optimiser = torch.optim.Adam(taught, 1e-2)
    first = float(drill.loss(network, drill.draw(network)).detach())
    for _ in range(250):
        optimiser.zero_grad()
        drill.loss(network, drill.draw(network)).backward()
        optimiser.step()
    with torch.no_grad():
        assert float(drill.loss(network, drill.draw(network))) < 0.5 * first
        phases = frame_phases(8, tiny_architecture.harmonics)
        said = network.text(["a dog with hearts", "a dog crying", "a dog jumping"])
        kinds, first_manner = network.particles(said.pooled, phases, torch.tensor([1, 1, 1]))
        _, second_manner = network.particles(said.pooled, phases, torch.tensor([2, 2, 2]))
    assert kinds.argmax(1).tolist() == [1, 3, 0]
    assert (first_manner - second_manner)[0, ..., :2].abs().mean() > 0.05


def test_a_frozen_text_encoder_is_used_and_not_taught(tiny_architecture: Architecture) -> None:
    network = AnimationNetwork(replace(tiny_architecture, particles=ParticleSettings(hidden=32, manners=True)))
    drill = CaptionDrill(width=16, names=["dog"], verbs=VERBS, captions=8, typos=0.0, seed=0)
    drill.loss(network, drill.draw(network), frozen_text=True).backward()
    assert all(parameter.grad is None for parameter in network.text.parameters())
    assert network.particles is not None
    assert all(parameter.grad is not None for parameter in network.particles.parameters())


def test_a_typing_error_changes_one_place_only() -> None:
    rng = random.Random(0)
    for _ in range(200):
        typed = mistyped("a dog jumping", rng)
        assert abs(len(typed) - len("a dog jumping")) <= 1
        assert sum(letter in typed for letter in "dogjumpin") >= 7
    assert mistyped("12", rng) == "12"


def test_an_unknown_key_in_a_configuration_is_named_with_the_known_ones(tmp_path: Path) -> None:
    file = tmp_path / "run.yaml"
    file.write_text("clips: 10\noptimiser:\n  learning_rate: 1\n")
    with pytest.raises(SettingsError, match="optimiser: unknown key learning_rate; known keys are lr, warmup_steps"):
        read_run_settings(PretrainSettings, file)
    file.write_text("batch: 4\n")
    with pytest.raises(SettingsError, match="exactly one of clips and minutes"):
        read_run_settings(PretrainSettings, file)
    assert read_run_settings(PretrainSettings, file, minutes=2.0).minutes == 2.0
    file.write_text("clips: 10\n")
    assert read_run_settings(PretrainSettings, file, minutes=2.0).clips is None
    with pytest.raises(SettingsError, match="cannot be read"):
        read_run_settings(PretrainSettings, tmp_path / "none.yaml")
