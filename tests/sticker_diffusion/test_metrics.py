"""What the metrics say of clips whose faults are known."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from sticker_diffusion.metrics.evaluation import rank_correlation
from sticker_diffusion.metrics.fidelity import CEILING_DB, psnr
from sticker_diffusion.metrics.flicker import alpha_flicker
from sticker_diffusion.metrics.frozen import frozen
from sticker_diffusion.metrics.identity import identity_db
from sticker_diffusion.metrics.relevance import STATIC, TemplateBank
from sticker_diffusion.metrics.seam import seam_ratio
from sticker_diffusion.metrics.sharpness import sharpness
from sticker_diffusion.metrics.variety import variety
from sticker_diffusion.stickers.clips import ClipGenerator, render_clip, render_clips
from tests.sticker_diffusion.stickers import held_out_bank, sticker


@pytest.fixture(scope="module")
def crab() -> TemplateBank:
    return TemplateBank(sticker("🦀"))


@pytest.mark.parametrize("verb", ["nodding", "bouncing", "pulsing", "hearts"])
def test_a_clip_is_recognised_at_another_strength_phase_and_direction(crab: TemplateBank, verb: str) -> None:
    clip = render_clip(sticker("🦀"), verb=verb, strength=0.8, phase=1, mirror=True)
    assert crab.recognise(clip).template.seen_as == verb
    match = crab.fit(clip, verb=verb)
    assert match.phase == 1
    assert psnr(crab.target(match), clip).mean() > psnr(sticker("🦀"), clip).mean()


def test_a_still_is_recognised_as_static(crab: TemplateBank) -> None:
    assert crab.recognise(sticker("🦀").expand(8, -1, -1, -1)).template.seen_as == STATIC


def test_body_motion_without_its_particles_is_not_recognised(crab: TemplateBank) -> None:
    body = render_clips(
        sticker("🦀"), verbs=["tears"], strengths=[1.0], mirrors=[False], manners=[0], with_particles=False
    )[0]
    assert crab.recognise(body).template.seen_as == "tears without its particles"
    assert crab.fit(body, verb="tears").template.seen_as == "tears"


def test_a_fit_is_among_the_verb_asked_for(crab: TemplateBank) -> None:
    jump = render_clip(sticker("🦀"), verb="jumping")
    assert crab.fit(jump, verb="spinning").template.verb == "spinning"
    assert crab.fit(jump, verb="jumping").error < crab.fit(jump, verb="spinning").error


def test_a_sticker_at_the_height_of_the_action_has_templates_of_its_own() -> None:
    image = sticker("🦀")
    jump = render_clip(image, verb="jumping", pose="height")
    assert torch.equal(jump[0], image)
    assert float((jump - render_clip(image, verb="jumping")).abs().mean()) > 0.02
    at_height, at_rest = TemplateBank(image, pose="height"), TemplateBank(image)
    assert at_height.recognise(jump).template.seen_as == "jumping"
    assert at_height.recognise(jump).error < 0.1 * at_rest.recognise(jump).error


def test_jittered_clips_of_held_out_stickers_are_recognised() -> None:
    clips = ClipGenerator(held_out_bank(), seed=12, split="heldout", edges=torch.arange(15.0)).batch(8)
    seen = [
        TemplateBank(image).recognise(clip).template.seen_as
        for image, clip in zip(clips.sticker, clips.frames, strict=True)
    ]
    assert seen == clips.verbs


@pytest.mark.parametrize("verb", ["spinning", "jumping", "swinging", "rolling", "stretching"])
def test_identity_survives_any_affine_motion(verb: str) -> None:
    image = sticker("🦝")
    kept = identity_db(render_clip(image, verb=verb)[None], image[None])
    assert kept.shape == (1, 8)
    assert float(kept.min()) > 40


def test_identity_falls_with_a_blur_and_more_with_another_sticker() -> None:
    image = sticker("🦝")
    clip = render_clip(image, verb="swinging")
    blurred = F.avg_pool2d(clip, 5, stride=1, padding=2, count_include_pad=False)
    clean, soft, wrong = (
        float(identity_db(frames[None], source[None])[:, 1:].mean())
        for frames, source in ((clip, image), (blurred, image), (clip, sticker("🧇")))
    )
    assert clean - 10 > soft > wrong + 3


def test_psnr_of_equal_pictures_is_the_ceiling_and_of_a_known_error_its_value() -> None:
    image = sticker()
    assert float(psnr(image, image)) == CEILING_DB
    assert float(psnr(image, image + 0.02)) == pytest.approx(40, abs=0.01)


def test_a_blurred_clip_is_less_sharp_and_the_target_is_one() -> None:
    clip = render_clip(sticker("🦝", 96), verb="jumping")
    blurred = F.avg_pool2d(clip, 3, stride=1, padding=1, count_include_pad=False)
    assert sharpness(clip, clip) == pytest.approx(1)
    assert sharpness(blurred, clip) < 0.75


def test_a_clip_that_jumps_at_its_end_has_a_large_seam() -> None:
    image = sticker()
    drifting = torch.stack([image.roll(i, -1) for i in range(8)])
    looping = render_clip(image, verb="floating")
    ratios = seam_ratio(torch.stack([drifting, looping, image.expand(8, -1, -1, -1)]))
    assert float(ratios[0]) > 3
    assert 0.4 < float(ratios[1]) < 2.5
    assert float(ratios[2]) == 0


def test_flicker_is_none_for_one_passing_and_large_for_a_blinking_edge() -> None:
    image = sticker()
    there_and_back = torch.stack([image.roll(2 * (4 - abs(4 - i)), -1) for i in range(8)])
    blinking = torch.stack([image if i % 2 else image.roll(1, -1) for i in range(8)])
    still = image.expand(8, -1, -1, -1)
    calm, wild, none = alpha_flicker(torch.stack([there_and_back, blinking, still])).tolist()
    assert calm < 0.3
    assert wild == pytest.approx(3, abs=0.01)
    assert none == 0


def test_frozen_empty_and_broken_clips_are_found_and_moving_ones_are_not() -> None:
    image = sticker()
    moving = render_clip(image, verb="sleeping", strength=0.5)
    assert not frozen(moving)
    assert frozen(image.expand(8, -1, -1, -1))
    assert frozen(torch.full((8, 4, 16, 16), -1.0))
    broken = moving.clone()
    broken[3, 0, 5, 5] = float("nan")
    assert frozen(broken)


def test_frozen_reads_the_bytes_that_the_worker_has() -> None:
    rng = np.random.default_rng(0)
    still = np.repeat(rng.integers(0, 256, (1, 32, 32, 4), dtype=np.uint8), 8, axis=0)
    assert frozen(still)
    moving = np.stack([np.roll(frame, i, axis=1) for i, frame in enumerate(still)])
    assert not frozen(moving)
    moving[..., 3] = 0
    assert frozen(moving)


def test_rank_correlation_of_orders() -> None:
    asked = torch.tensor([[1.0, 4, 8], [1, 4, 8], [1, 4, 8]])
    made = torch.tensor([[0.1, 0.2, 9.0], [3.0, 2.0, 1.0], [1.0, 3.0, 2.0]])
    assert rank_correlation(asked, made).tolist() == pytest.approx([1, -1, 0.5])


def test_clips_of_one_motion_are_no_variety_wherever_they_start_and_those_of_two_are() -> None:
    image = sticker("🦝")
    jump, leap = (render_clip(image, verb="jumping", manner=manner) for manner in (0, 1))
    assert variety(torch.stack([jump, jump.roll(3, 0)])) == 0
    assert variety(torch.stack([jump, leap])) > 1
    assert variety(torch.stack([jump, leap, leap.roll(1, 0)])) == 0
