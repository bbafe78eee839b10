"""A distilled checkpoint is sampled with one pass a step that hears the scales, and only as it was distilled for."""

import pytest
import torch

from sticker_diffusion.animator import generate
from sticker_diffusion.distilled import Distilled
from sticker_diffusion.network import AnimationNetwork
from sticker_diffusion.sampler_settings import SamplerSettings
from sticker_diffusion.schedule import ScheduleSettings
from tests.sticker_diffusion.conftest import random_clip

GUIDED = SamplerSettings(steps=3, text_scale=2.0, image_scale=1.2, size=16, dtype="float32")


def made(network: AnimationNetwork, settings: SamplerSettings, distilled: Distilled | None) -> torch.Tensor:
    _, stickers = random_clip(network.architecture, 2)
    return generate(
        network,
        ScheduleSettings(),
        stickers=stickers,
        captions=["a dog jumping", "a cat waving"],
        settings=settings,
        seeds=[1, 2],
        distilled=distilled,
    ).x0


def test_each_step_is_one_pass_that_hears_the_scales_the_last_included(
    tiny_network: AnimationNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    passes: list[tuple[int, list[list[float]] | None]] = []
    forward = tiny_network.forward

    def heard(x_t, t, c, guidance=None):  # type: ignore[no-untyped-def]
        passes.append((len(x_t), None if guidance is None else guidance.tolist()))
        return forward(x_t, t, c, guidance)

    monkeypatch.setattr(tiny_network, "forward", heard)
    made(tiny_network, GUIDED, Distilled(3.0, 1.5))
    assert [count for count, _ in passes] == [2, 2, 2]
    for _, scales in passes:
        assert scales is not None
        torch.testing.assert_close(torch.tensor(scales), torch.tensor([[2.0, 1.2], [2.0, 1.2]]))
    passes.clear()
    made(tiny_network, GUIDED, None)
    assert passes == [(6, None), (6, None), (2, None)]


def test_scales_of_one_give_the_clip_of_the_network_that_is_not_distilled(tiny_network: AnimationNetwork) -> None:
    plain = SamplerSettings(steps=3, size=16, dtype="float32")
    torch.testing.assert_close(
        made(tiny_network, plain, Distilled(3.0, 1.5)), made(tiny_network, plain, None), atol=1e-5, rtol=0
    )


@pytest.mark.parametrize(
    ("asked", "complaint"),
    [
        ({"text_scale": 3.5}, "text_scale: this checkpoint is guidance-distilled for 1…3, got 3.5"),
        ({"image_scale": 0.5}, "image_scale: this checkpoint is guidance-distilled for 1…1.5, got 0.5"),
        ({"rescale": 0.5}, "rescale: .* give 0"),
        ({"steps": 8}, "distilled to 4 steps of ddim, got 8 of ddim"),
        ({"solver": "dpm++"}, r"distilled to 4 steps of ddim, got 4 of dpm\+\+"),
    ],
)
def test_settings_it_was_not_distilled_for_are_refused(
    tiny_network: AnimationNetwork, asked: dict[str, object], complaint: str
) -> None:
    settings = SamplerSettings(**{"steps": 4, "solver": "ddim", "size": 16, **asked})  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=complaint):
        made(tiny_network, settings, Distilled(3.0, 1.5, 4))
