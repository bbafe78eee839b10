"""A latent checkpoint animates a sticker: RGBA in, looping RGBA out, each condition given or absent."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file

from sticker_diffusion.conditioning import Conditions
from sticker_diffusion.latent.adopt import adopt
from sticker_diffusion.latent.animator import LatentAnimator
from sticker_diffusion.latent.checkpoint import load_latent_checkpoint
from sticker_diffusion.loading import load_animator
from sticker_diffusion.sampler import Cancelled
from sticker_diffusion.sampler_settings import SamplerSettings
from sticker_diffusion.weights import CheckpointError
from tests.sticker_diffusion.tiny_folders import save_t5, stable_diffusion_folder

SETTINGS = SamplerSettings(steps=3, size=48, frames=4, dtype="float32", text_scale=3.0, image_scale=1.5, rescale=0.5)
EDGES = tuple(float(i) for i in range(15))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As if trained: what starts at zero has values."""
    place = tmp_path_factory.mktemp("latent")
    adopt(stable_diffusion_folder(place / "sd"), place / "new", name="tiny", bucket_edges=EDGES, frames=4, size=16)
    file = place / "new" / "model.safetensors"
    generator = torch.Generator().manual_seed(3)
    tensors = {
        name: (tensor.float() + 0.1 * torch.randn(tensor.shape, generator=generator)).half()
        for name, tensor in load_file(file).items()
    }
    save_file(tensors, file)
    return place / "new"


@pytest.fixture
def animator(folder: Path) -> LatentAnimator:
    loaded = load_animator(folder, dtype="float32")
    assert isinstance(loaded, LatentAnimator)
    return loaded


def sticker(colour: str, width: int = 40) -> Image.Image:
    image = Image.new("RGBA", (width, 40), (0, 0, 0, 0))
    image.paste(colour, (width // 4, 10, width // 2, 30))
    return image


def test_a_clip_is_the_same_alone_and_in_a_batch(animator: LatentAnimator) -> None:
    stickers, captions, seeds = [sticker("red"), sticker("blue", 60)], ["jump", ""], [1, 2]
    made = animator.animate_premultiplied(stickers, captions, SETTINGS, seeds)
    assert made.shape == (2, 4, 4, 48, 48)
    for i in range(2):
        alone = animator.animate_premultiplied(stickers[i : i + 1], captions[i : i + 1], SETTINGS, seeds[i : i + 1])
        assert (alone[0] - made[i]).abs().max() < 1e-3
    again = animator.animate_premultiplied(stickers, captions, SETTINGS, seeds)
    assert torch.equal(again, made)
    frames = animator.animate(stickers, captions, SETTINGS, seeds)
    assert (frames.shape, frames.dtype) == ((2, 4, 48, 48, 4), torch.uint8)


def test_sticker_seed_caption_bucket_rate_and_guidance_change_the_clip(animator: LatentAnimator) -> None:
    def clip(caption: str = "jump", seed: int = 2, colour: str = "red", **changes: object) -> torch.Tensor:
        settings = replace(SETTINGS, **changes)  # type: ignore[arg-type]
        return animator.animate_premultiplied([sticker(colour)], [caption], settings, [seed])[0]

    base = clip()
    for change in (
        {"seed": 3},
        {"caption": "spin"},
        {"colour": "blue"},
        {"bucket": 16},
        {"bucket": None},
        {"frame_rate": 16},
        {"text_scale": 6.0},
        {"image_scale": 3.0},
    ):
        assert (clip(**change) - base).abs().max() > 1e-4, change


@torch.no_grad()
def test_each_condition_may_be_absent(animator: LatentAnimator) -> None:
    model = animator.checkpoint.model
    shape = animator.checkpoint.architecture.latent_shape
    generator = torch.Generator().manual_seed(1)
    x_t, t = torch.randn(1, *shape, generator=generator), torch.tensor([500])
    given = Conditions(
        sticker=torch.randn(1, *shape[1:], generator=generator),
        has_image=torch.ones(1),
        text=model.text(["jump"]),
        bucket=torch.tensor([5]),
        frame_rate=torch.tensor([8.0]),
        manner=torch.zeros(1, dtype=torch.long),
    )
    absent = (
        replace(given, has_image=torch.zeros(1)),
        replace(given, text=model.text([""])),
        replace(given, bucket=torch.tensor([0])),
        replace(given, frame_rate=torch.tensor([0.0])),  # not the same as the usual rate
    )
    everything = model.network(x_t, t, given)
    for conditions in absent:
        v = model.network(x_t, t, conditions)
        assert torch.isfinite(v).all()
        assert (v - everything).abs().max() > 1e-4
    # A dropped sticker is zeros: nothing of it comes through.
    other = replace(absent[0], sticker=given.sticker + 1)
    assert torch.equal(model.network(x_t, t, other), model.network(x_t, t, absent[0]))


def test_half_precision_stays_close_to_full_and_leaves_nothing_behind(folder: Path) -> None:
    animator = load_animator(folder)
    plain = replace(SETTINGS, text_scale=1.0, image_scale=1.0, rescale=0.0)
    full = animator.animate_premultiplied([sticker("red")], ["jump"], plain, [2])
    half = animator.animate_premultiplied([sticker("red")], ["jump"], replace(plain, dtype="bfloat16"), [2])
    mse = (full - half).square().mean()
    assert 10 * torch.log10(4 / mse) > 30
    again = animator.animate_premultiplied([sticker("red")], ["jump"], plain, [2])
    assert torch.equal(again, full)


def test_saying_no_cancels_and_settings_it_cannot_do_are_refused(animator: LatentAnimator) -> None:
    with pytest.raises(Cancelled):
        animator.animate([sticker("red")], ["jump"], SETTINGS, [1], on_step=lambda i, n: i < 1)
    with pytest.raises(ValueError, match="clips of 4 frames, not 8"):
        animator.animate([sticker("red")], ["jump"], replace(SETTINGS, frames=8), [1])
    with pytest.raises(ValueError, match="one sticker, caption and seed a clip"):
        animator.animate([sticker("red")], ["jump", "spin"], SETTINGS, [1])


def test_a_folder_that_is_not_whole_or_of_an_unknown_kind_is_named(folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    copy.mkdir()
    for name in ("checkpoint.json", "model.safetensors", "autoencoder.safetensors"):
        (copy / name).write_bytes((folder / name).read_bytes())
    with pytest.raises(CheckpointError, match=r"text/clip: expected a transformers folder of a CLIPTextModel"):
        load_animator(copy)
    (copy / "autoencoder.safetensors").unlink()
    with pytest.raises(CheckpointError, match=r"autoencoder\.safetensors: missing; a latent checkpoint has"):
        load_animator(copy)
    description = json.loads((copy / "checkpoint.json").read_text())
    for change, complaint in (
        ({"kind": "pixel"}, "kind 'pixel' is unknown here; known are demo, latent"),
        ({"architecture": {**description["architecture"], "size": 30}}, "size 30 must be a multiple of 4"),
        ({"schedule": {"prediction_type": "sample"}}, "a latent network predicts v"),
    ):
        (copy / "checkpoint.json").write_text(json.dumps({**description, **change}))
        with pytest.raises(CheckpointError, match=complaint):
            load_animator(copy)


def test_adopting_names_what_a_folder_lacks_and_what_does_not_fit(tmp_path: Path) -> None:
    folder = stable_diffusion_folder(tmp_path / "sd")
    with pytest.raises(CheckpointError, match="size 30 must be a multiple of 4"):
        adopt(folder, tmp_path / "new", name="tiny", bucket_edges=EDGES, size=30)
    (folder / "scheduler" / "scheduler_config.json").write_text(json.dumps({"beta_schedule": "linear"}))
    with pytest.raises(CheckpointError, match="beta_schedule is 'linear', expected 'scaled_linear'"):
        adopt(folder, tmp_path / "new", name="tiny", bucket_edges=EDGES, size=32)
    (folder / "vae" / "config.json").unlink()
    with pytest.raises(CheckpointError, match=r"vae/config\.json: missing"):
        adopt(folder, tmp_path / "new", name="tiny", bucket_edges=EDGES, size=32)
    assert not (tmp_path / "new").exists()


def test_float16_leaves_a_text_encoder_that_it_does_not_fit_in_float32(tmp_path: Path) -> None:
    save_t5(tmp_path / "t5")
    sd = stable_diffusion_folder(tmp_path / "sd")
    adopt(sd, tmp_path / "new", name="tiny", bucket_edges=EDGES, t5=tmp_path / "t5", frames=4, size=16)
    model = load_latent_checkpoint(tmp_path / "new").model.to(torch.device("cpu"), torch.float16)
    assert [encoder.model.dtype for encoder in model.text_encoders] == [torch.float16, torch.float32]
    assert model.text(["jump"]).states.dtype == torch.float16
