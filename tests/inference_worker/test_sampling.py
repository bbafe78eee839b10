from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from inference_worker.blobs import BlobStore
from inference_worker.delivery import SampledClip
from inference_worker.folders import folder_sha256
from inference_worker.hands import Hands
from inference_worker.memory import Fitting
from inference_worker.messages import ClipFailed, ClipReady, ClipsReturned, ClipStarted, Generate, Message
from inference_worker.sampling import RESIDENT, Sampler
from inference_worker.weights import Weights
from sticker_diffusion.animator import Animator
from sticker_diffusion.precision import native_dtype
from tests.inference_worker.conftest import SETTINGS, save_tiny_checkpoint

MicroBatch = Callable[..., Generate]
animate = Animator.animate_premultiplied


class Bench(Sampler):
    """A sampler whose reports and frames lie on the table."""

    def __init__(self, blobs: BlobStore, weights: Weights) -> None:
        self.reports: list[Message] = []
        self.clips: list[SampledClip] = []
        super().__init__(
            worker="w",
            hands=Hands(),
            blobs=blobs,
            weights=weights,
            report=self.reports.append,
            deliver=self.clips.append,
            fitting=Fitting(4),
        )

    def take_and_do(self, message: Generate) -> None:
        self.hands.take(message)
        taken = self.hands.next()
        assert taken is not None
        self.do(taken)

    @property
    def failures(self) -> list[ClipFailed]:
        return [report for report in self.reports if isinstance(report, ClipFailed)]

    @property
    def seeds(self) -> list[int]:
        return [clip.request.seed for clip in self.clips]


@pytest.fixture
def sampler(blobs: BlobStore, tmp_path: Path) -> Bench:
    return Bench(blobs, Weights(cache=tmp_path / "cache", cache_bytes=10**9, base=tmp_path))


def keys(message: Generate) -> list[str]:
    return [request.key for request in message.requests]


def on_animate(monkeypatch: pytest.MonkeyPatch, before: Callable[[list[int]], None]) -> list[int]:
    """Runs `before(seeds)` in front of the real sampling; returns the list of micro-batch sizes, which fills."""
    sizes: list[int] = []

    def with_before(animator: Animator, *asked: Any) -> Any:
        *_, seeds, _ = asked
        sizes.append(len(seeds))
        before(seeds)
        return animate(animator, *asked)

    monkeypatch.setattr(Animator, "animate_premultiplied", with_before)
    return sizes


def at_step(monkeypatch: pytest.MonkeyPatch, step: int, act: Callable[[], None]) -> list[int]:
    """Runs `act` when the real sampler comes to `step`; returns the list of steps begun, which fills."""
    steps: list[int] = []

    def with_steps(animator: Animator, *asked: Any) -> Any:
        *rest, on_step = asked

        def hear(i: int, n: int) -> bool:
            steps.append(i)
            if i == step:
                act()
            return bool(on_step(i, n))

        return animate(animator, *rest, hear)

    monkeypatch.setattr(Animator, "animate_premultiplied", with_steps)
    return steps


def test_a_micro_batch_becomes_clips(sampler: Bench, micro_batch: MicroBatch) -> None:
    message = micro_batch(1, 2)
    sampler.take_and_do(message)
    assert sampler.reports == [ClipStarted(worker="w", keys=keys(message))]
    assert sampler.seeds == [1, 2]
    for clip in sampler.clips:
        assert (clip.frames.shape, clip.frames.dtype) == ((8, 64, 64, 4), np.uint8)
        assert clip.measure(clip.frames)["verb_asked"] == "jumping"
        assert (clip.provenance["micro_batch"], clip.provenance["passes"]) == (2, 2)
        assert clip.provenance["torch"] == torch.__version__
        assert clip.timings["sample"] > 0
    assert not np.array_equal(sampler.clips[0].frames, sampler.clips[1].frames)
    assert sampler.hands.keys() == keys(message), "held until delivered"


def test_a_clip_on_record_is_reported_without_sampling(
    sampler: Bench, blobs: BlobStore, micro_batch: MicroBatch
) -> None:
    message = micro_batch(1, 2)
    ready = ClipReady(worker="v", key=keys(message)[0], attempt=1, sheet="s", animation="a", master="m", media={})
    blobs.put_record("results", ready.key, ready.to_json())
    sampler.take_and_do(message)
    assert sampler.reports == [ready, ClipStarted(worker="w", keys=keys(message)[1:])]
    assert sampler.seeds == [2]


@pytest.mark.parametrize(
    ("weight", "error"), [(float("nan"), "NaN"), (0.0, "frozen")], ids=["not a number", "no motion"]
)
def test_what_nobody_can_judge_fails_for_good(
    sampler: Bench, micro_batch: MicroBatch, tmp_path: Path, weight: float, error: str
) -> None:
    folder = save_tiny_checkpoint(tmp_path / "bad", weight=weight)
    sampler.take_and_do(micro_batch(1, 2, uri=folder.as_uri(), checkpoint=folder_sha256(folder)))
    assert [(failure.final, error in failure.error) for failure in sampler.failures] == [(True, True)] * 2
    assert sampler.clips == []
    assert sampler.hands.keys() == []


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"engine": "sora"}, "no engine 'sora', only 'sticker_diffusion', 'diffusers'"),
        ({"checkpoint": "0" * 64}, "was registered"),
        ({"uri": "file:///nowhere"}, "/nowhere is not a folder"),
        ({"settings": {**SETTINGS, "stepz": 3}}, "unknown key stepz; known keys are"),
    ],
    ids=["engine", "sha256", "address", "setting"],
)
def test_a_request_that_cannot_work_fails_for_good(
    sampler: Bench, micro_batch: MicroBatch, change: dict[str, Any], error: str
) -> None:
    sampler.take_and_do(micro_batch(1, 2, **change))
    assert [(failure.final, failure.attempt) for failure in sampler.failures] == [(True, 1)] * 2
    assert error in sampler.failures[0].error


def test_a_missing_sticker_fails_its_own_clip_only(sampler: Bench, micro_batch: MicroBatch) -> None:
    good, bad = micro_batch(1), micro_batch(2, sticker=f"{'0' * 64}.png", attempt=2)
    sampler.take_and_do(Generate(**{**good.to_json(), "clips": good.clips + bad.clips}))
    assert sampler.seeds == [1]
    (failure,) = sampler.failures
    assert (failure.key, failure.attempt, failure.final) == (*keys(bad), 2, False)
    assert "is not in" in failure.error


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory"),
        MemoryError(),
        RuntimeError("DefaultCPUAllocator: can't allocate memory"),
    ],
)
def test_out_of_memory_halves_the_micro_batch_and_goes_on(
    sampler: Bench, micro_batch: MicroBatch, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def small_memory(seeds: list[int]) -> None:
        if len(seeds) > 1:
            raise error

    sizes = on_animate(monkeypatch, small_memory)
    sampler.take_and_do(micro_batch(1, 2, 3, 4))
    assert sizes == [4, 2, 1, 1, 2, 1, 1]
    assert sampler.seeds == [1, 2, 3, 4]
    assert sampler.failures == []
    sampler.take_and_do(micro_batch(5, 6))
    assert sizes[7:] == [1, 1]
    sampler.take_and_do(micro_batch(7, settings={**SETTINGS, "steps": 2}))
    sampler.take_and_do(micro_batch(8, 9, settings={**SETTINGS, "bucket": 3}))
    assert sizes[9:] == [1, 2, 1, 1], "other settings may fit"


def test_out_of_memory_with_one_clip_is_said(
    sampler: Bench, micro_batch: MicroBatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_memory(seeds: list[int]) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory")

    on_animate(monkeypatch, no_memory)
    sampler.take_and_do(micro_batch(1))
    assert [(failure.error, failure.final) for failure in sampler.failures] == [
        ("OutOfMemoryError: CUDA out of memory", False)
    ]


def test_one_bad_clip_does_not_fail_its_neighbours(
    sampler: Bench, micro_batch: MicroBatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    def seed_2_breaks(seeds: list[int]) -> None:
        if 2 in seeds:
            raise ZeroDivisionError("division by zero")

    on_animate(monkeypatch, seed_2_breaks)
    sampler.take_and_do(micro_batch(1, 2, 3))
    assert sampler.seeds == [1, 3]
    assert [(failure.error, failure.final) for failure in sampler.failures] == [
        ("ZeroDivisionError: division by zero", False)
    ]


def test_dropped_clips_stop_at_the_next_step(
    sampler: Bench, micro_batch: MicroBatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = micro_batch(1, 2, settings={**SETTINGS, "steps": 6})
    steps = at_step(monkeypatch, 2, lambda: sampler.hands.drop(keys(message)))
    sampler.take_and_do(message)
    assert steps == [0, 1, 2]
    assert sampler.clips == []
    assert sampler.reports == [ClipStarted(worker="w", keys=keys(message))]
    assert sampler.hands.keys() == []


def test_a_worker_that_stops_ends_what_it_can_end_in_time(
    sampler: Bench, micro_batch: MicroBatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    sampler.fitting = Fitting(2)
    message = micro_batch(1, 2, 3)
    at_step(monkeypatch, 1, lambda: sampler.hands.close(60))
    sampler.take_and_do(message)
    assert sampler.seeds == [1, 2]
    assert sampler.reports[1:] == [ClipsReturned(worker="w", keys=keys(message)[2:])]


def test_a_worker_that_stops_hands_back_what_takes_longer(
    sampler: Bench, micro_batch: MicroBatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = micro_batch(1, 2)
    at_step(monkeypatch, 1, lambda: sampler.hands.close(0))
    sampler.take_and_do(message)
    assert sampler.clips == []
    assert sampler.reports[1:] == [ClipsReturned(worker="w", keys=keys(message))]
    assert sampler.hands.keys() == []


def test_weights_stay_resident(
    sampler: Bench, micro_batch: MicroBatch, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    load = Animator.load
    loaded: list[str] = []

    def counting(folder: Path, *rest: Any) -> Animator:
        loaded.append(folder.name)
        return load(folder, *rest)

    monkeypatch.setattr(Animator, "load", counting)
    folders = [save_tiny_checkpoint(tmp_path / f"number-{i}") for i in range(RESIDENT + 1)]
    for number in (0, 0, 1, 2, 0, 3, 0, 1):
        folder = folders[number]
        sampler.take_and_do(micro_batch(1, uri=folder.as_uri(), checkpoint=folder_sha256(folder)))
        for clip in sampler.clips:
            sampler.hands.release(clip.request.key)
    assert loaded == ["number-0", "number-1", "number-2", "number-3", "number-1"], "the one used longest ago goes"
    assert len(sampler.clips) == 8


def test_a_broken_micro_batch_does_not_end_the_thread(
    sampler: Bench, micro_batch: MicroBatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = micro_batch(1)
    monkeypatch.setattr(BlobStore, "get_record", lambda *_: 1 / 0)
    sampler.hands.take(message)
    steps = iter([sampler.hands.next(), None])
    monkeypatch.setattr(Hands, "next", lambda _: next(steps))
    sampler.threads = 1
    sampler.run()
    assert [(failure.key, failure.error) for failure in sampler.failures] == [
        (*keys(message), "ZeroDivisionError: division by zero")
    ]


@pytest.mark.parametrize(
    ("asked", "capability", "used"),
    [
        ("bfloat16", "avx512_bf16", "bfloat16"),
        ("bfloat16", "avx2", "float32"),
        ("float16", "avx512_bf16", "float32"),
        ("float32", "avx512_bf16", "float32"),
    ],
)
def test_a_cpu_computes_in_what_it_does_not_emulate(
    monkeypatch: pytest.MonkeyPatch, asked: Any, capability: str, used: str
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {capability: True})
    assert native_dtype(asked, "cpu") == used
    assert native_dtype(asked, "cuda:0") == asked


def test_the_workers_own_dtype_comes_first(sampler: Bench, micro_batch: MicroBatch) -> None:
    sampler.dtype = "bfloat16"
    sampler.take_and_do(micro_batch(1))
    assert [clip.provenance["dtype"] for clip in sampler.clips] == ["bfloat16"]
