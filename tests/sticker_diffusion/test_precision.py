"""The same request gives the same frames, alone or in company, with every solver and dtype."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from sticker_diffusion.animator import Animator, SamplerSettings
from sticker_diffusion.checkpoint import FORMAT_VERSION, Checkpoint, Description, Provenance
from sticker_diffusion.compiled import compiled
from sticker_diffusion.network import AnimationNetwork
from sticker_diffusion.sampler_settings import DType
from sticker_diffusion.schedule import ScheduleSettings
from sticker_diffusion.solvers import MAKERS, SolverName

SETTINGS = SamplerSettings(steps=4, size=32, dtype="float32", text_scale=2.0, image_scale=1.3)
STICKERS = list(torch.rand(3, 4, 16, 16, generator=torch.Generator().manual_seed(0)).mul(2).sub(1))
CAPTIONS = ["jump", "spin around and around", ""]
SEEDS = [1, 2, 3]


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


def clips(animator: Animator, settings: SamplerSettings, chosen: slice = slice(None)) -> torch.Tensor:
    return animator.animate_premultiplied(STICKERS[chosen], CAPTIONS[chosen], settings, SEEDS[chosen])


def decibels(one: torch.Tensor, other: torch.Tensor) -> float:
    """PSNR of frames in [−1, 1]."""
    return float(10 * torch.log10(4 / (one - other).square().mean()))


@pytest.mark.parametrize("solver", MAKERS)
def test_in_float32_company_changes_a_clip_by_a_thousandth_at_most(animator: Animator, solver: SolverName) -> None:
    settings = replace(SETTINGS, solver=solver)
    together = clips(animator, settings)
    assert torch.equal(clips(animator, settings), together), "the same batch gives equal bits"
    for i in range(3):
        assert (clips(animator, settings, slice(i, i + 1))[0] - together[i]).abs().max() <= 1e-3


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_in_half_precision_company_leaves_40_decibels(animator: Animator, dtype: DType) -> None:
    settings = replace(SETTINGS, dtype=dtype)
    together = clips(animator, settings)
    assert torch.isfinite(together).all()
    assert decibels(together, clips(animator, SETTINGS)) < 120, "the network did run in half precision"
    for i in range(3):
        assert decibels(clips(animator, settings, slice(i, i + 1))[0], together[i]) >= 40


@pytest.mark.parametrize(("fuse", "options"), [(True, {"mode": "default"}), (False, None)])
def test_a_network_is_compiled_when_asked_for_and_once(
    animator: Animator, monkeypatch: pytest.MonkeyPatch, fuse: bool, options: dict[str, str] | None
) -> None:
    asked = []

    def as_it_is(network: torch.nn.Module, **options: str) -> torch.nn.Module:
        asked.append(options)
        return network

    monkeypatch.setattr(torch, "compile", as_it_is)
    for _ in range(2):
        clips(animator, replace(SETTINGS, steps=1, compile=fuse), slice(0, 1))
    assert asked == ([] if options is None else [options])


@pytest.mark.parametrize(
    ("fuse", "graphs", "options"),
    [(False, True, {"backend": "cudagraphs"}), (True, True, {"mode": "reduce-overhead"}), (False, False, None)],
)
def test_cuda_graphs_are_recorded_with_and_without_fused_kernels(
    monkeypatch: pytest.MonkeyPatch, fuse: bool, graphs: bool, options: dict[str, str] | None
) -> None:
    class OnCuda(torch.nn.Module):
        """A network that says it is on a GPU, and no more."""

        def __init__(self) -> None:
            super().__init__()
            self.unet: Any = torch.nn.Linear(1, 1)

        def parameters(self, recurse: bool = True) -> Iterator[Any]:
            return iter([SimpleNamespace(device=torch.device("cuda", 0))])

    asked = []

    def as_told(network: torch.nn.Module, **options: str) -> torch.nn.Module:
        asked.append(options)
        return torch.nn.Sequential(network)

    monkeypatch.setattr(torch, "compile", as_told)
    network = OnCuda()
    unet = network.unet
    made = compiled(network, fuse=fuse, cuda_graphs=graphs)
    assert asked == ([] if options is None else [options])
    assert network.unet is unet, "the original runs as before"
    assert (made is network) == (options is None)
    assert (made.unet is unet) == (options is None)


def test_cuda_graphs_are_refused_without_cuda_with_the_reason(animator: Animator) -> None:
    with pytest.raises(ValueError, match="cuda_graphs needs a network on a CUDA device, and this one is on cpu"):
        clips(animator, replace(SETTINGS, cuda_graphs=True))


def test_without_guidance_each_step_is_one_conditional_pass(animator: Animator) -> None:
    batches = []
    original = animator.network.forward

    def counted(x_t: torch.Tensor, *given: Any) -> Any:
        batches.append(len(x_t))
        return original(x_t, *given)

    animator.network.forward = counted  # type: ignore[method-assign]
    clips(animator, replace(SETTINGS, text_scale=1.0, image_scale=1.0))
    assert batches == [3, 3, 3, 3]
    batches.clear()
    clips(animator, replace(SETTINGS, image_scale=1.0))
    assert batches == [6, 6, 6, 3], "the last step is a conditional pass whatever the scales"
    batches.clear()
    clips(animator, SETTINGS)
    assert batches == [9, 9, 9, 3]
