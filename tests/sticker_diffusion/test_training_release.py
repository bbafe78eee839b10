"""A release is training data: each clip once a round, the way round that the network sees it, weighed if asked."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from sticker_diffusion.conditioning import DropoutRates, is_mirrored
from sticker_diffusion.network import AnimationNetwork, Architecture
from sticker_diffusion.schedule import NoiseSchedule, ScheduleSettings
from sticker_diffusion.settings import SettingsError
from sticker_diffusion.stickers.clips import ClipGenerator
from sticker_diffusion.stickers.emoji import StickerBank
from sticker_diffusion.stickers.motions import CAMERA_VERBS, MANNERS
from sticker_diffusion.training.clip_folder import METADATA
from sticker_diffusion.training.clip_source import ClipsSettings, WithReplay
from sticker_diffusion.training.loss import LossWeights, clip_loss
from sticker_diffusion.training.noising import kept_conditions, noised
from sticker_diffusion.training.release_clips import ReleasedClips
from tests.sticker_diffusion.small_release import release_folder

EDGES = torch.arange(15.0)


@pytest.fixture(scope="module")
def bank() -> StickerBank:
    return StickerBank.build(["🐶", "🐱", "🍕", "🚀"], resolution=48)


def released(folder: Path, **changes: object) -> ReleasedClips:
    return ReleasedClips(folder, **{"frames": 8, "size": 16, "edges": EDGES, **changes})  # type: ignore[arg-type]


def test_each_round_has_every_released_clip_once_with_unknown_motion(tmp_path: Path) -> None:
    source = released(release_folder(tmp_path, {}, {}, {}))
    for _ in range(3):
        batch = source.batch(3)
        assert sorted(batch.captions) == [f"square {i} sliding" for i in range(3)]
        assert batch.frames.shape == (3, 8, 4, 16, 16)
        torch.testing.assert_close(batch.sticker, batch.frames[:, 0])
        assert batch.motion_known.tolist() == [0, 0, 0]
        assert batch.weight.tolist() == [1, 1, 1]
        assert batch.manner.tolist() == [0, 0, 0]


def test_a_clip_of_a_mirrored_sticker_is_mirrored_back_and_its_manner_told(tmp_path: Path) -> None:
    seed = MANNERS + 1
    assert is_mirrored(seed)
    straight = released(release_folder(tmp_path / "a", {})).batch(1)
    turned = released(release_folder(tmp_path / "b", {"seed": seed})).batch(1)
    assert torch.equal(turned.frames, straight.frames.flip(-1))
    assert torch.equal(turned.sticker, straight.sticker.flip(-1))
    assert turned.manner.tolist() == [2]


def test_a_clip_weighs_as_one_more_person_would_share_it(tmp_path: Path) -> None:
    folder = release_folder(tmp_path, {"shareable": 3, "text": "liked"}, {"shareable": 0, "text": "not liked"})
    batch = released(folder, weigh_by_share=True).batch(2)
    weight = dict(zip(batch.captions, batch.weight.tolist(), strict=True))
    assert weight == pytest.approx({"liked": 0.8 / 0.5, "not liked": 0.2 / 0.5})


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"shown": None}, "expected"),
        ({"shareable": 4}, "needs a text, and 0 ≤ shareable ≤ shown"),
        ({"sticker": "stickers/none.png"}, r"names .*none\.png, which is no file"),
        ({"seed": "7"}, "seed is a whole number"),
    ],
)
def test_a_line_that_cannot_be_used_is_named(tmp_path: Path, change: dict[str, object], complaint: str) -> None:
    with pytest.raises(SettingsError, match=rf"metadata\.jsonl, line 2: {complaint}"):
        released(release_folder(tmp_path, {}, change))


def test_keys_of_other_programs_are_left_alone_and_an_empty_release_is_refused(tmp_path: Path) -> None:
    folder = release_folder(tmp_path, {"votes": [1, 0], "prompt": {"split": "hitl"}})
    assert len(released(folder).clips) == 1
    (folder / METADATA).write_text("")
    with pytest.raises(SettingsError, match="names no clip"):
        released(folder)


def test_replay_is_camera_moves_in_the_share_asked_for_and_never_keyframes(
    tmp_path: Path, bank: StickerBank, tiny_architecture: Architecture
) -> None:
    settings = ClipsSettings(release=str(release_folder(tmp_path, {}, {})), replay=0.3)
    source = settings.source(tiny_architecture, EDGES, lambda: bank)
    verbs = [verb for _ in range(5) for verb in source.batch(4).verbs]
    assert len(verbs) == 20
    assert sum(verb != "" for verb in verbs) == 6
    assert set(verbs) - {""} <= set(CAMERA_VERBS)


def test_a_source_goes_on_where_it_stood(tmp_path: Path, bank: StickerBank, tiny_architecture: Architecture) -> None:
    settings = ClipsSettings(release=str(release_folder(tmp_path, {}, {}, {})), replay=0.3)
    source, later = (settings.source(tiny_architecture, EDGES, lambda: bank) for _ in range(2))
    source.batch(5)
    later.load_state_dict(json.loads(json.dumps(source.state_dict())))
    expected, batch = source.batch(5), later.batch(5)
    assert batch.captions == expected.captions
    assert torch.equal(batch.frames, expected.frames)


def test_only_known_motion_is_supervised_in_a_mixed_batch(
    tmp_path: Path, bank: StickerBank, tiny_architecture: Architecture
) -> None:
    folder = release_folder(tmp_path, {}, {})
    camera = ClipGenerator(bank, size=16, seed=1, edges=EDGES, mirror_probability=0.0, verbs=CAMERA_VERBS)
    mixed = WithReplay(released(folder), camera, 0.5).batch(4)
    alone = ClipGenerator(bank, size=16, seed=1, edges=EDGES, mirror_probability=0.0, verbs=CAMERA_VERBS).batch(2)
    torch.manual_seed(0)
    network = AnimationNetwork(tiny_architecture)
    schedule = NoiseSchedule(ScheduleSettings())
    flows = []
    for batch in (mixed, alone, replace(mixed, motion_known=torch.zeros(4), flow_weight=torch.zeros(4, 8, 1, 16, 16))):
        drawn = noised(
            batch, dropout=DropoutRates(text=0, both=0), schedule=schedule, generator=torch.Generator().manual_seed(1)
        )
        with torch.no_grad():
            prediction = network(drawn.x_t, drawn.t, kept_conditions(network, batch, drawn.kept))
        # An untrained head moves nothing, so the loss of the motion depends on the data alone.
        made = clip_loss(
            prediction,
            batch,
            kept=drawn.kept,
            t=drawn.t,
            schedule=schedule,
            weights=LossWeights(particles=8.0),
            motion_share=1.0,
        )
        flows.append(float(made.flow))
        assert torch.isfinite(made.total)
    # Half of its clips have a known motion, and the mean is over all.
    assert flows[0] == pytest.approx(flows[1] / 2, rel=0.02)
    assert flows[1] > 0.01
    assert flows[2] == 0


def test_a_clip_of_weight_zero_teaches_nothing_by_its_pixels(tmp_path: Path, tiny_architecture: Architecture) -> None:
    network = AnimationNetwork(tiny_architecture)
    schedule = NoiseSchedule(ScheduleSettings())
    batch = released(release_folder(tmp_path, {}, {})).batch(2)
    drawn = noised(batch, dropout=DropoutRates(), schedule=schedule, generator=torch.Generator().manual_seed(1))
    losses = []
    with torch.no_grad():
        prediction = network(drawn.x_t, drawn.t, kept_conditions(network, batch, drawn.kept))
        for weight in ([1.0, 1.0], [2.0, 0.0], [0.0, 2.0], [0.0, 0.0]):
            weighed = replace(batch, weight=torch.tensor(weight))
            made = clip_loss(
                prediction,
                weighed,
                kept=drawn.kept,
                t=drawn.t,
                schedule=schedule,
                weights=LossWeights(),
                motion_share=1.0,
            )
            losses.append(float(made.x0))
    assert losses[0] == pytest.approx((losses[1] + losses[2]) / 2, rel=1e-5)
    assert losses[1] != losses[2]
    assert losses[3] == 0
