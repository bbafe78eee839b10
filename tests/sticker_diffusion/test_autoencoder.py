"""A public RGB autoencoder with transparency added is the same on RGB, until it is taught."""

from pathlib import Path

import pytest
import torch
from diffusers import AutoencoderKL
from safetensors.torch import load_file, save_file

from sticker_diffusion.autoencoder import FORMER_NAMES, AlphaAutoencoder, load_image_autoencoder
from sticker_diffusion.diffusers_folder import plain_config
from sticker_diffusion.weights import CheckpointError
from tests.sticker_diffusion.tiny_folders import tiny_autoencoder

WEIGHTS = "diffusion_pytorch_model.safetensors"


@pytest.fixture
def image() -> AutoencoderKL:
    return tiny_autoencoder().eval()


@pytest.fixture
def folder(image: AutoencoderKL, tmp_path: Path) -> Path:
    image.save_pretrained(tmp_path / "vae")
    return tmp_path / "vae"


def pictures(alpha: float | None = None) -> torch.Tensor:
    x = torch.rand(2, 4, 16, 16, generator=torch.Generator().manual_seed(5)) * 2 - 1
    if alpha is not None:
        x[:, 3] = alpha
    return x


@torch.no_grad()
def test_a_new_one_encodes_and_decodes_rgb_as_the_public_one_does(folder: Path, image: AutoencoderKL) -> None:
    ours = load_image_autoencoder(folder).eval()
    opaque = pictures(alpha=1.0)
    theirs = image.encode(opaque[:, :3]).latent_dist
    assert torch.equal(ours.posterior(opaque).mean, theirs.mean)
    assert torch.equal(ours.posterior(opaque).std, theirs.std)
    assert torch.equal(ours.encode(opaque), theirs.mode() * image.config.scaling_factor)
    decoded = ours.decode(ours.encode(opaque))
    expected = image.decode(theirs.mode()).sample
    torch.testing.assert_close(decoded[:, :3], expected, atol=1e-5, rtol=0)
    torch.testing.assert_close(decoded[:, 3], expected.mean(dim=1), atol=1e-5, rtol=0)
    assert decoded.shape == opaque.shape
    assert (ours.factor, ours.latent_channels) == (2, 4)


@torch.no_grad()
def test_a_shift_is_undone_as_it_was_done(image: AutoencoderKL) -> None:
    config = {**image.config, "shift_factor": 0.3, "scaling_factor": 2.0}
    ours = AlphaAutoencoder(config).eval()
    latents = ours.posterior(pictures()).mode()
    torch.testing.assert_close(ours.scaled(latents), (latents - 0.3) * 2)
    torch.testing.assert_close(ours.decode(ours.scaled(latents)), ours.kl.decode(latents).sample)


def test_the_first_names_of_attention_layers_are_read(folder: Path) -> None:
    expected = load_image_autoencoder(folder).state_dict()
    tensors = load_file(folder / WEIGHTS)
    former = {}
    for name, tensor in tensors.items():
        for before, now in FORMER_NAMES.items():
            name = name.replace(now, before) if ".attentions." in name else name  # noqa: PLW2901
        former[name] = tensor
    assert former.keys() != tensors.keys()
    save_file(former, folder / WEIGHTS)
    assert all(torch.equal(x, expected[name]) for name, x in load_image_autoencoder(folder).state_dict().items())


def test_a_foreign_tensor_and_other_channels_are_refused(folder: Path, image: AutoencoderKL) -> None:
    save_file({**load_file(folder / WEIGHTS), "surplus": torch.zeros(1)}, folder / WEIGHTS)
    with pytest.raises(CheckpointError, match="has unknown 1 tensors, first surplus"):
        load_image_autoencoder(folder)
    AutoencoderKL.from_config({**plain_config(image.config), "in_channels": 4}).save_pretrained(folder)
    with pytest.raises(CheckpointError, match="expected 3 channels in and 3 out, got 4 and 3"):
        load_image_autoencoder(folder)
    with pytest.raises(CheckpointError, match="latents_mean"):
        AlphaAutoencoder({**image.config, "latents_mean": [0.1]})
