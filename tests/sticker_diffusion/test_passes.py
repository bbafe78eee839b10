"""How often a network is asked for a clip is told as it is."""

import pytest
import torch

from sticker_diffusion.animator import Animator
from sticker_diffusion.distilled import Distilled
from sticker_diffusion.network import AnimationNetwork
from sticker_diffusion.sampler_settings import SamplerSettings
from tests.sticker_diffusion.conftest import random_clip
from tests.sticker_diffusion.test_training_distil import checkpoint_of


@pytest.mark.parametrize(
    ("scales", "distilled", "expected"),
    [((1.0, 1.0), None, 3), ((2.0, 1.0), None, 5), ((2.0, 1.2), None, 7), ((2.0, 1.2), Distilled(3.0, 1.5), 3)],
)
def test_passes_are_those_that_are_taken(
    tiny_network: AnimationNetwork,
    monkeypatch: pytest.MonkeyPatch,
    scales: tuple[float, float],
    distilled: Distilled | None,
    expected: int,
) -> None:
    taken = []
    forward = tiny_network.forward

    def counting(x_t, t, c, guidance=None):  # type: ignore[no-untyped-def]
        taken.append(len(x_t))
        return forward(x_t, t, c, guidance)

    monkeypatch.setattr(tiny_network, "forward", counting)
    settings = SamplerSettings(
        steps=3, text_scale=scales[0], image_scale=scales[1], size=16, dtype="float32",
        frames=tiny_network.architecture.frames,
    )  # fmt: skip
    animator = Animator(checkpoint_of(tiny_network, distilled))
    _, stickers = random_clip(tiny_network.architecture, 1)
    with torch.no_grad():
        animator.animate_premultiplied(list(stickers), ["a dog jumping"], settings, [1])
    assert (sum(taken), animator.passes(settings)) == (expected, expected)
