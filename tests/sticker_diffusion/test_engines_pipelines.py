"""Tiny random pipelines of the real classes, from their folders to RGBA frames: plumbing, and no more than that."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from PIL import Image, ImageDraw

from sticker_diffusion.animator import Animator
from sticker_diffusion.checkpoint import CheckpointError
from sticker_diffusion.engines.pipeline_animator import PipelineAnimator, keyed_loop
from sticker_diffusion.engines.registry import ADAPTERS
from sticker_diffusion.loading import load_animator
from sticker_diffusion.sampler import Cancelled
from sticker_diffusion.sampler_settings import SamplerSettings
from sticker_diffusion.stickers.image import straight_bytes
from tests.sticker_diffusion.composites import composite, unit
from tests.sticker_diffusion.tiny_pipelines import PIPELINES, save_engine, write_engine

CAPTION = "a dog jumping"
# A pipeline takes a second or two to make and to load, so that each is there once for all tests of this file.
loaded: dict[str, PipelineAnimator] = {}


def disc() -> Image.Image:
    image = Image.new("RGBA", (64, 64))
    ImageDraw.Draw(image).ellipse((12, 12, 52, 52), fill=(220, 60, 30, 255))
    return image


@pytest.fixture(params=list(ADAPTERS))
def animator(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> PipelineAnimator:
    return animator_of(request.param, tmp_path_factory)


def animator_of(adapter: str, tmp_path_factory: pytest.TempPathFactory) -> PipelineAnimator:
    if adapter not in loaded:
        loaded[adapter] = PipelineAnimator.load(save_engine(adapter, tmp_path_factory.mktemp(adapter) / "engine"))
    return loaded[adapter]


@pytest.fixture(scope="module", autouse=True)
def _alone() -> Iterator[None]:
    """Small tensors are slower on several threads, and the pipelines go when this file is done."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)
    loaded.clear()


def test_every_adapter_has_a_tiny_pipeline() -> None:
    assert list(PIPELINES) == list(ADAPTERS)


def test_stickers_become_clips(animator: PipelineAnimator) -> None:
    settings = animator.default_settings
    heard: list[tuple[int, int]] = []

    def hear(done: int, steps: int) -> bool:
        heard.append((done, steps))
        return True

    clips, statements = animator.animate_with_statements([disc()] * 2, [CAPTION] * 2, settings, [1, 2], hear)
    assert clips.shape == (2, 8, 4, 64, 64)
    assert bool(torch.isfinite(clips).all())
    assert -1 <= float(clips.min()) < float(clips.max()) <= 1
    assert bool((clips[:, :, :3] <= clips[:, :, 3:] + 1e-5).all()), "premultiplied"
    assert not torch.equal(clips[0], clips[1]), "the seed chooses"
    assert (heard[0], heard[-1]) == ((0, 4), (4, 4))
    for statement in statements:
        said = statement.to_json()
        assert (said["engine"], said["pipeline"]) == ("diffusers", ADAPTERS[said["adapter"]].pipeline)
        assert (len(said["sampled"]), max(said["sampled"]) < said["source_frames"]) == (8, True)
        assert said["loop"] in ("cut", "ping_pong")
        assert said["key_colour"] == "#00ffff", "far from the disc's red"
        assert said["prompt"] == (None if said["adapter"] == "svd" else CAPTION)
        assert ("caption" in said["ignored"]) == (said["adapter"] == "svd")
    alone = animator.animate([disc()], ["hearts and tears" if said["adapter"] == "svd" else CAPTION], settings, [2])
    assert (alone.dtype, alone.shape) == (torch.uint8, (1, 8, 64, 64, 4))
    assert torch.equal(alone[0], straight_bytes(clips[1])), (
        "whoever its neighbours are; whatever the caption, if ignored"
    )


def test_the_one_door_opens_to_pipelines_too(tmp_path_factory: pytest.TempPathFactory) -> None:
    described = animator_of("ltx", tmp_path_factory)
    loaded = load_animator(described.folder, dtype="float32")
    assert isinstance(loaded, PipelineAnimator)
    assert loaded.bucket_edges == described.bucket_edges


def test_a_caption_is_heard(tmp_path_factory: pytest.TempPathFactory) -> None:
    animator = animator_of("cogvideox", tmp_path_factory)
    settings = animator.default_settings
    one, other = (animator.animate([disc()], [caption], settings, [1]) for caption in (CAPTION, "hearts and tears"))
    assert not torch.equal(one, other)


def test_it_stops_between_two_steps(tmp_path_factory: pytest.TempPathFactory) -> None:
    animator = animator_of("ltx", tmp_path_factory)
    heard: list[int] = []

    def hear(done: int, _: int) -> bool:
        heard.append(done)
        return done < 1

    with pytest.raises(Cancelled):
        animator.animate([disc()], [CAPTION], animator.default_settings, [1], hear)
    assert heard == [0, 1]
    assert animator.animate([disc()], [CAPTION], animator.default_settings, [1]).shape[0] == 1, "usable afterwards"


def test_more_frames_than_a_loop_can_have_are_refused(tmp_path_factory: pytest.TempPathFactory) -> None:
    animator = animator_of("ltx", tmp_path_factory)
    with pytest.raises(ValueError, match=r"generates 9 frames, for clips of 2…16, not 17"):
        animator.animate([disc()], [CAPTION], SamplerSettings(frames=17, dtype="float32"), [1])
    with pytest.raises(ValueError, match="one sticker, caption and seed a clip"):
        animator.animate([disc()], [], animator.default_settings, [1])


def test_another_dtype_is_loaded_anew(tmp_path_factory: pytest.TempPathFactory) -> None:
    animator = animator_of("ltx", tmp_path_factory)
    exact = animator.animate([disc()], [CAPTION], animator.default_settings, [1])
    halved = SamplerSettings(**{**vars(animator.default_settings), "dtype": "bfloat16"})
    _, (said,) = animator.animate_with_statements([disc()], [CAPTION], halved, [1])
    assert said.dtype == "bfloat16"
    assert torch.equal(animator.animate([disc()], [CAPTION], animator.default_settings, [1]), exact)


def test_a_folder_of_another_pipeline_is_refused(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    source = animator_of("ltx", tmp_path_factory).folder
    folder = shutil.copytree(source, tmp_path / "other")
    write_engine(folder, adapter="wan")
    with pytest.raises(CheckpointError, match=r"names LTXImageToVideoPipeline; the adapter wan needs WanImage"):
        PipelineAnimator.load(folder)


def test_a_video_of_a_sticker_gives_the_sticker_back() -> None:
    shape = unit("🦀")
    swing = [0, 3, 5, 6, 5, 3, 0, -3, -5, -6, -5, -3]
    scene = composite(shape, shifts=[*swing, *swing[:5]], drift=0.1, spill=0.1, noise=0.01)
    settings = SamplerSettings(size=96, frames=6)
    clip, loop, backgrounds = keyed_loop(scene.frames, scene.key, scene.palette, settings, motion_size=None)
    assert clip.shape == (6, 4, 96, 96)
    truth = scene.truth[list(loop.indices)]
    assert float(((clip[:, 3] + 1) / 2 - truth[:, 3]).abs().mean()) <= 0.02
    assert backgrounds.seen == 1
    assert backgrounds.drift(torch.tensor(scene.key.rgb)) > 0.05


def test_it_is_called_as_our_own_animator_is() -> None:
    for method in ("animate", "animate_premultiplied"):
        ours, theirs = getattr(Animator, method), getattr(PipelineAnimator, method)
        assert ours.__annotations__["return"] == theirs.__annotations__["return"]
        assert ours.__code__.co_varnames[: ours.__code__.co_argcount] == theirs.__code__.co_varnames[:6]
