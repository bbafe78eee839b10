"""A clip is the same alone and in company, at any size, both ways round, and can be stopped."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from PIL import Image

from sticker_diffusion.animator import Animator, Cancelled, SamplerSettings
from sticker_diffusion.checkpoint import FORMAT_VERSION, Checkpoint, Description, Provenance
from sticker_diffusion.network import AnimationNetwork
from sticker_diffusion.schedule import ScheduleSettings

SETTINGS = SamplerSettings(steps=3, size=32, dtype="float32", text_scale=2.0, image_scale=1.3)


@pytest.fixture
def animator(tiny_network: AnimationNetwork) -> Animator:
    description = Description(
        format_version=FORMAT_VERSION,
        name="tiny",
        architecture=tiny_network.architecture,
        schedule=ScheduleSettings(),
        bucket_edges=tuple(float(i) for i in range(15)),
        sampler=SETTINGS,
        provenance=Provenance(),
    )
    return Animator(Checkpoint(Path("tiny"), description, tiny_network))


def sticker(colour: str, width: int = 40, height: int = 40) -> Image.Image:
    image = Image.new("RGBA", (width, height), (0, 0, 0, 0))
    image.paste(colour, (width // 4, height // 4, width // 2, 3 * height // 4))
    return image


def test_a_clip_is_the_same_alone_and_in_a_batch(animator: Animator) -> None:
    stickers = [sticker("red"), sticker("blue"), sticker("lime")]
    captions, seeds = ["jump", "spin around", ""], [1, 2, 3]
    made = animator.animate_premultiplied(stickers, captions, SETTINGS, seeds)
    assert made.shape == (3, 8, 4, 32, 32)
    for i in range(3):
        alone = animator.animate_premultiplied([stickers[i]], [captions[i]], SETTINGS, [seeds[i]])
        assert (alone[0] - made[i]).abs().max() < 1e-3
    again = animator.animate_premultiplied(stickers, captions, SETTINGS, seeds)
    assert torch.equal(again, made)


def test_seed_caption_bucket_and_guidance_change_the_clip(animator: Animator) -> None:
    def clip(caption: str = "jump", seed: int = 2, **changes: object) -> torch.Tensor:
        return animator.animate_premultiplied([sticker("red")], [caption], replace(SETTINGS, **changes), [seed])[0]

    base = clip()
    for other in (clip(seed=4), clip(caption="tears"), clip(bucket=16), clip(text_scale=6.0), clip(image_scale=3.0)):
        assert (other - base).abs().max() > 1e-4


def test_every_other_pair_of_seeds_moves_the_mirrored_sticker_as_its_mirror_image_would(animator: Animator) -> None:
    image = sticker("red")
    mirrored = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    seen = {}
    original = animator.network.forward

    def spy(x_t: torch.Tensor, t: torch.Tensor, c: object, guidance: object = None) -> object:
        seen["sticker"], seen["manner"] = c.sticker[:1].clone(), c.manner  # type: ignore[attr-defined]
        return original(x_t, t, c, guidance)  # type: ignore[arg-type]

    animator.network.forward = spy  # type: ignore[method-assign, assignment]
    animator.animate([image], ["jump"], SETTINGS, [3])
    looked_at = seen["sticker"]
    assert seen["manner"].tolist() == [2]
    animator.animate([mirrored], ["jump"], SETTINGS, [4])
    torch.testing.assert_close(looked_at, seen["sticker"], atol=1e-5, rtol=0)
    assert seen["manner"].tolist() == [1]


def test_frames_are_straight_alpha_bytes_for_images_and_tensors_of_any_shape(animator: Animator) -> None:
    frames = animator.animate(
        [sticker("red", 90, 30), torch.full((4, 24, 24), -1.0)], ["jump", "jump"], replace(SETTINGS, steps=1), [1, 2]
    )
    assert frames.dtype == torch.uint8
    assert frames.shape == (2, 8, 32, 32, 4)


def test_saying_no_cancels_between_steps(animator: Animator) -> None:
    with pytest.raises(Cancelled):
        animator.animate([sticker("red")], ["jump"], SETTINGS, [1], on_step=lambda i, n: i < 1)


def test_settings_the_network_cannot_do_are_refused(animator: Animator) -> None:
    with pytest.raises(ValueError, match="clips of 8 frames, not 16"):
        animator.animate([sticker("red")], ["jump"], replace(SETTINGS, frames=16), [1])
    with pytest.raises(ValueError, match="one sticker, caption and seed a clip"):
        animator.animate([sticker("red")], ["jump", "spin"], SETTINGS, [1])


def test_half_precision_stays_close_to_full(animator: Animator) -> None:
    plain = replace(SETTINGS, text_scale=1.0, image_scale=1.0)
    full = animator.animate_premultiplied([sticker("red")], ["jump"], plain, [2])
    half = animator.animate_premultiplied([sticker("red")], ["jump"], replace(plain, dtype="bfloat16"), [2])
    mse = (full - half).square().mean()
    assert 10 * torch.log10(4 / mse) > 30
