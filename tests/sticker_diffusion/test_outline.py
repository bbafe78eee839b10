"""An outline is found where there is one, stays as it is at rest, and keeps its width where a warp bends it."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from sticker_diffusion import animator as animator_module
from sticker_diffusion.animator import Animator, SamplerSettings
from sticker_diffusion.checkpoint import FORMAT_VERSION, Checkpoint, Description, Provenance
from sticker_diffusion.heads import coordinates
from sticker_diffusion.network import AnimationNetwork, Architecture
from sticker_diffusion.outline import find_outline, raised, redrawn
from sticker_diffusion.particles import ParticleSettings
from sticker_diffusion.schedule import ScheduleSettings
from sticker_diffusion.stickers.emoji import OUTLINE_SHARE, with_outline
from tests.sticker_diffusion.conftest import randomised

SIZE = 256
WIDTH = OUTLINE_SHARE * SIZE


def sprite(size: int = 192) -> Tensor:
    """(4, size, size): a face with one ear, half blue and half green, premultiplied in [0, 1]."""
    x, y = coordinates(size * 2).unbind(-1)
    shape = ((x.square() + y.square()).sqrt() < 0.8) | ((x - 0.6).abs().maximum((y + 0.7).abs()) < 0.25)
    blue = torch.tensor([0.1, 0.2, 0.8])[:, None, None]
    green = torch.tensor([0.1, 0.6, 0.2])[:, None, None]
    return F.avg_pool2d(torch.cat([torch.where(y < x, blue, green) * shape, shape[None].float()])[None], 2)[0]


def sticker(size: int = SIZE) -> Tensor:
    return with_outline(sprite(), size=size)


def warped(image: Tensor, source: Tensor) -> Tensor:
    """Two frames (1, 2, 4, S, S): image (4, S, S) at rest, and at source coordinates (S, S, 2)."""
    grid = torch.stack([coordinates(image.shape[-1]), source])
    return F.grid_sample(image.expand(2, -1, -1, -1), grid, align_corners=False)[None]


def bent() -> Tensor:
    """A warp that squeezes and stretches what it bends."""
    x, y = coordinates(SIZE).unbind(-1)
    return torch.stack([x + 0.2 * torch.sin(4 * y), y + 0.13 * torch.sin(6 * x)], dim=-1)


def thickness(frame: Tensor) -> Tensor:
    """Distances in pixels from the outer edge of a frame (4, S, S) to the nearest that is not white."""
    inside = F.pad(frame[3] > 0.5, (1, 1, 1, 1))
    around = torch.stack([inside.roll(step, axis) for step in (-1, 1) for axis in (0, 1)]).all(0)
    edge = (inside & ~around)[1:-1, 1:-1].nonzero().float()
    other = ((frame[3] > 0.9) & (frame[0] < 0.5)).nonzero().float()
    return torch.cdist(edge, other).amin(1) + 0.5


def test_an_outline_is_found_with_its_colour_and_width() -> None:
    for size in (192, 256, 320):
        found = find_outline(sticker(size))
        assert found is not None
        assert found.width / size == pytest.approx(OUTLINE_SHARE, rel=0.18)
        torch.testing.assert_close(found.colour, torch.ones(3), atol=0.02, rtol=0)


def two_coloured() -> Tensor:
    image = sticker()
    image[0, :, : SIZE // 2] *= 0.3
    return image


@pytest.mark.parametrize(
    "image",
    [
        F.pad(sprite(), (32, 32, 32, 32)),
        with_outline(torch.ones(4, 100, 60), size=SIZE),
        torch.ones(4, SIZE, SIZE),
        torch.zeros(4, SIZE, SIZE),
        sticker() * 0.6,
        two_coloured(),
        sticker(48),
    ],
    ids=["bare", "of one colour", "opaque", "transparent", "see-through", "two-coloured", "too small"],
)
def test_a_sticker_without_an_outline_is_only_warped(image: Tensor) -> None:
    assert find_outline(image) is None
    torch.testing.assert_close(raised(image[None], [None])[0], image)
    frames = image.expand(1, 2, -1, -1, -1)
    assert torch.equal(redrawn(frames, [None]), frames)


def test_at_rest_nothing_changes() -> None:
    image = sticker()
    outlines = [find_outline(image)]
    frames = redrawn(warped(raised(image[None], outlines)[0], coordinates(SIZE)), outlines)[0]
    torch.testing.assert_close(frames[0], image, atol=1e-5, rtol=0)
    edge = (image[3].diff(dim=0).abs().sum() + image[3].diff(dim=1).abs().sum()) / 2
    assert (frames[1, 3] - image[3]).abs().sum() / edge < 0.15


def test_a_bent_sticker_keeps_an_even_outline() -> None:
    image = sticker()
    outlines = [find_outline(image)]
    plain = warped(image, bent())[0, 1]
    drawn = redrawn(warped(raised(image[None], outlines)[0], bent()), outlines)[0, 1]
    at_rest, before, after = thickness(image), thickness(plain), thickness(drawn)
    assert before.std() > 0.1 * WIDTH
    assert after.std() < 0.5 * before.std()
    assert after.median() == pytest.approx(float(at_rest.median()), abs=0.1 * WIDTH)
    inner = (drawn[3] > 0.9) & (plain[3] > 0.9) & (plain[0] < 0.5)
    torch.testing.assert_close(drawn[:, inner], plain[:, inner], atol=1e-4, rtol=0)


def test_a_smaller_sticker_has_a_thinner_outline() -> None:
    image = sticker()
    outlines = [find_outline(image)]
    half = redrawn(warped(raised(image[None], outlines)[0], 2 * coordinates(SIZE)), outlines)[0, 1]
    assert thickness(half).median() == pytest.approx(WIDTH / 2, abs=0.8)


def test_clips_of_one_batch_do_not_meet() -> None:
    bare, outlined = F.pad(sprite(), (32, 32, 32, 32)), sticker()
    images = torch.stack([bare, outlined])
    outlines = [find_outline(image) for image in images]
    frames = torch.cat([warped(image, bent()) for image in raised(images, outlines)])
    together = redrawn(frames, outlines)
    torch.testing.assert_close(together[0], warped(bare, bent())[0])
    assert torch.equal(together[1:], redrawn(frames[1:], outlines[1:]))


def test_the_animator_redraws_what_moves_and_leaves_the_first_frame(
    tiny_architecture: Architecture, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.manual_seed(0)
    architecture = replace(tiny_architecture, particles=ParticleSettings(hidden=16))
    settings = SamplerSettings(steps=1, size=SIZE, dtype="float32")
    description = Description(
        format_version=FORMAT_VERSION,
        name="tiny",
        architecture=architecture,
        schedule=ScheduleSettings(),
        bucket_edges=tuple(float(i) for i in range(15)),
        sampler=settings,
        provenance=Provenance(),
    )
    network = randomised(AnimationNetwork(architecture))
    animator = Animator(Checkpoint(Path("tiny"), description, network))
    clips = [animator.animate_premultiplied([sticker() * 2 - 1], ["jump"], settings, [0])[0]]
    monkeypatch.setattr(animator_module, "find_outline", lambda image: None)
    clips.append(animator.animate_premultiplied([sticker() * 2 - 1], ["jump"], settings, [0])[0])
    change = (clips[0] - clips[1]).abs().amax((1, 2, 3))
    assert change[0] < 1e-4
    assert (change[1:] > 0.1).all()
