"""A new latent model draws each frame as its text-to-image model does, with every condition given."""

from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import UNet2DConditionModel

from sticker_diffusion.conditioning import BUCKETS, Conditions
from sticker_diffusion.latent.__main__ import main
from sticker_diffusion.latent.checkpoint import load_latent_checkpoint
from sticker_diffusion.schedule import NoiseSchedule
from tests.sticker_diffusion.public_unets import TINY
from tests.sticker_diffusion.tiny_folders import save_t5, stable_diffusion_folder

CLIPS = 3
TOLERANCE = 1e-5


@torch.no_grad()
@pytest.mark.parametrize(
    ("config", "with_t5"),
    [*((config, False) for config in TINY.values()), (TINY["like SD 2.1"], True)],
    ids=[*TINY, "like SD 2.1, with T5"],
)
def test_an_adopted_model_reproduces_the_text_to_image_model_frame_by_frame(
    config: dict[str, Any], with_t5: bool, tmp_path: Path
) -> None:
    folder = stable_diffusion_folder(tmp_path / "sd", config)
    half = UNet2DConditionModel.from_pretrained(folder / "unet").half()  # as a checkpoint keeps it
    half.save_pretrained(folder / "unet")
    given = []
    if with_t5:
        save_t5(tmp_path / "t5")
        given = ["--t5", str(tmp_path / "t5")]
    assert main(["adopt", str(folder), "-o", str(tmp_path / "new"), "--size", "32", "--frames", "5", *given]) == 0
    checkpoint = load_latent_checkpoint(tmp_path / "new")
    model, shape = checkpoint.model, checkpoint.architecture.latent_shape
    generator = torch.Generator().manual_seed(7)
    x_t = torch.randn(CLIPS, *shape, generator=generator)
    t = torch.randint(0, 1000, (CLIPS,), generator=generator)
    conditions = Conditions(
        sticker=torch.randn(CLIPS, *shape[1:], generator=generator),
        has_image=torch.ones(CLIPS),
        text=model.text(["a dog jumping", "spin", "happy tears"]),
        bucket=torch.randint(1, BUCKETS + 1, (CLIPS,), generator=generator),
        frame_rate=torch.rand(CLIPS, generator=generator) * 16 + 4,
        manner=torch.zeros(CLIPS, dtype=torch.long),
    )
    scales = torch.rand(CLIPS, 2, generator=generator) * 8
    v = model.network(x_t, t, conditions, scales)
    assert v.shape == x_t.shape

    image = UNet2DConditionModel.from_pretrained(folder / "unet", dtype=torch.float32).eval()
    text = conditions.text
    for frame in range(shape[0]):
        alone = image(x_t[:, frame], t, text.states, encoder_attention_mask=text.mask, return_dict=False)[0]
        assert alone.abs().max() > 0.1
        assert (v[:, frame] - alone).abs().max() <= TOLERANCE

    schedule = NoiseSchedule(checkpoint.schedule)
    alpha, sigma = schedule.coefficients(t, x_t)
    torch.testing.assert_close(schedule.to_x0(v, x_t, t), alpha * x_t - sigma * v)
