import pytest
import torch

from sticker_diffusion.engines.keying import Backgrounds, basis, follow_background, unmix
from tests.sticker_diffusion.composites import ROUGH, SHIFTS, composite, errors, keyed, unit


@pytest.mark.parametrize("character", ["🦀", "🦚", "🪐", "⚫"])
def test_alpha_comes_back_under_drift_spill_and_noise(character: str) -> None:
    scene = composite(unit(character), shifts=SHIFTS, **ROUGH)
    whole, edge, colour = errors(keyed(scene), scene.truth)
    assert whole <= 0.02
    assert edge <= 0.1
    assert colour <= 0.02


def test_a_background_that_is_not_followed_is_the_difference() -> None:
    scene = composite(unit("🦀"), shifts=SHIFTS, drift=0.25)
    still = torch.zeros(len(SHIFTS), 6, 3)
    still[:, 0] = torch.tensor(scene.key.rgb)
    assert errors(keyed(scene, Backgrounds(still, 1.0)), scene.truth)[0] > 0.1
    assert errors(keyed(scene), scene.truth)[0] <= 0.02


def test_half_transparent_parts_stay_half_transparent() -> None:
    glass = unit("🦀")
    glass[:, 40:56] *= 0.5
    scene = composite(glass, shifts=[0, 1], noise=0.005)
    found = keyed(scene)
    half = (scene.truth[:, 3] > 0.45) & (scene.truth[:, 3] < 0.55)
    assert float((found[:, 3][half] - 0.5).abs().mean()) < 0.08


def test_spill_is_taken_out_of_the_colours() -> None:
    grey = torch.zeros(4, 64, 64)
    grey[:3, 16:48, 16:48], grey[3, 16:48, 16:48] = 0.5, 1.0
    scene = composite(grey, shifts=[0], spill=0.15)
    opaque = keyed(scene)[0, :3, 17:47, 17:47]
    assert float((opaque.amax(0) - opaque.amin(0)).mean()) < 0.01
    seen = scene.frames[0, :, 17:47, 17:47]
    assert float((seen.amax(0) - seen.amin(0)).mean()) > 0.02


def test_where_the_background_is_hidden_the_last_one_stays() -> None:
    key = torch.tensor([0.0, 1.0, 0.0])
    frames = key[:, None, None].expand(3, 3, 32, 32).clone()
    frames[1] = torch.tensor([0.9, 0.2, 0.2])[:, None, None]
    found = follow_background(frames, key)
    assert found.seen == pytest.approx(2 / 3)
    assert found.drift(key) < 0.01


def test_not_a_number_stays_one() -> None:
    frame = torch.full((3, 16, 16), torch.nan)
    key = torch.tensor([0.0, 1.0, 0.0])
    backgrounds = follow_background(frame[None], key)
    assert not torch.isfinite(unmix(frame, backgrounds.at(0, basis(16, 16)), torch.rand(4, 3))).all()
