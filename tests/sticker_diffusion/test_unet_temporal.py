"""The video model is its image model until its temporal layers are trained, and has no first frame."""

import copy

import pytest
import torch

from sticker_diffusion.network import AnimationNetwork, Architecture
from sticker_diffusion.temporal import TemporalAttention, TemporalConv, TemporalResnetBlock2D
from sticker_diffusion.unet import UNetSettings, build_image_unet, build_video_unet
from tests.sticker_diffusion.conftest import conditions_of, random_clip

SHAPE = {"in_channels": 6, "out_channels": 5, "text_width": 16, "condition_width": 10}
SETTINGS = UNetSettings(widths=(16, 32), heads=2, groups=4)
FRAMES = 4


def unet_inputs(clips: int) -> dict[str, torch.Tensor]:
    g = torch.Generator().manual_seed(1)
    n = clips * FRAMES
    return {
        "sample": torch.randn(n, 6, 8, 8, generator=g),
        "timestep": torch.randint(0, 1000, (clips,), generator=g).repeat_interleave(FRAMES),
        "encoder_hidden_states": torch.randn(clips, 3, 16, generator=g),
        "timestep_cond": torch.randn(n, 10, generator=g),
        "class_labels": torch.randn(n, 26, generator=g),
    }


@torch.no_grad()
def test_a_new_video_model_reproduces_its_image_model_frame_by_frame() -> None:
    image = build_image_unet(SETTINGS, **SHAPE).eval()
    video = build_video_unet(SETTINGS, frames=FRAMES, **SHAPE).eval()
    missing, unexpected = video.load_state_dict(image.state_dict(), strict=False)
    assert not unexpected
    assert missing
    assert all(".temporal." in key for key in missing)
    inputs = unet_inputs(clips=2)
    together = video(**inputs, return_dict=False)[0]
    for frame in range(2 * FRAMES):
        clip = frame // FRAMES
        per_clip = {"encoder_hidden_states": inputs["encoder_hidden_states"][clip : clip + 1]}
        alone = {name: x[frame : frame + 1] for name, x in inputs.items() if name not in per_clip}
        torch.testing.assert_close(image(**alone, **per_clip, return_dict=False)[0], together[frame : frame + 1])


@torch.no_grad()
def test_text_given_once_a_clip_is_the_same_as_text_repeated_for_every_frame() -> None:
    video = build_video_unet(SETTINGS, frames=FRAMES, **SHAPE).eval()
    inputs = unet_inputs(clips=2)
    mask = torch.tensor([[1.0, 1.0, 0.0], [1.0, 1.0, 1.0]])
    once = video(**inputs, encoder_attention_mask=mask, return_dict=False)[0]
    inputs["encoder_hidden_states"] = inputs["encoder_hidden_states"].repeat_interleave(FRAMES, dim=0)
    repeated = video(**inputs, encoder_attention_mask=mask.repeat_interleave(FRAMES, dim=0), return_dict=False)[0]
    torch.testing.assert_close(once, repeated)


@torch.no_grad()
@pytest.mark.parametrize("shift", [1, 3, 7])
def test_rolling_the_frames_and_the_conditioned_frame_rolls_the_clip(
    tiny_network: AnimationNetwork, tiny_architecture: Architecture, shift: int
) -> None:
    x_t, stickers = random_clip(tiny_architecture, 2)
    t = torch.tensor([999, 300])
    captions = ["a dog jumping", "spin"]
    still = tiny_network(x_t, t, conditions_of(tiny_network, stickers, captions)).x0
    rolled = tiny_network(
        x_t.roll(shift, 1), t, conditions_of(tiny_network, stickers, captions, conditioned_frame=shift)
    ).x0
    torch.testing.assert_close(rolled, still.roll(shift, 1), atol=1e-4, rtol=1e-4)
    assert (still - still.roll(shift, 1)).abs().max() > 1e-2


@torch.no_grad()
@pytest.mark.parametrize("layer", [TemporalConv(16, frames=4, groups=4), TemporalAttention(16, frames=4, heads=2)])
def test_trained_temporal_layers_mix_frames_of_a_clip_and_never_of_its_neighbour(layer: torch.nn.Module) -> None:
    layer = copy.deepcopy(layer)
    torch.nn.init.normal_(layer.out.weight)
    x = torch.randn(8, 16, 2, 2, generator=torch.Generator().manual_seed(0))  # two clips of four frames
    changed = x.clone()
    changed[1] += torch.randn(16, 2, 2, generator=torch.Generator().manual_seed(1))
    moved = (layer(changed) - layer(x)).abs().amax(dim=(1, 2, 3))
    assert moved[0] > 1e-4
    assert moved[2] > 1e-4
    assert moved[4:].max() == 0


def test_a_deep_copy_has_temporal_layers_of_its_own() -> None:
    video = build_video_unet(SETTINGS, frames=FRAMES, **SHAPE)
    twin = copy.deepcopy(video)
    block = next(m for m in twin.modules() if isinstance(m, TemporalResnetBlock2D))
    inputs = unet_inputs(clips=1)
    before = video(**inputs, return_dict=False)[0]
    torch.nn.init.normal_(block.temporal.out.weight)
    torch.testing.assert_close(video(**inputs, return_dict=False)[0], before)
    assert (twin(**inputs, return_dict=False)[0] - before).abs().max() > 1e-4
