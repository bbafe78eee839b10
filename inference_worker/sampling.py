"""The one thread that samples: micro-batches in, frames out, on weights that stay resident."""

import gc
import io
import logging
import os
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from pathlib import Path

import torch
from PIL import Image

from inference_worker.blobs import BlobStore
from inference_worker.delivery import SampledClip
from inference_worker.engines import ENGINES, animate, check_engine
from inference_worker.hands import Hands
from inference_worker.measuring import clip_metrics
from inference_worker.memory import Fitting, main_memory_mb
from inference_worker.messages import (
    ClipFailed,
    ClipReady,
    ClipRequest,
    ClipsReturned,
    ClipStarted,
    Generate,
    Json,
    Message,
    grouping_key,
)
from inference_worker.weights import Weights, WeightsError
from sticker_diffusion.animator import Cancelled
from sticker_diffusion.checkpoint import CheckpointError
from sticker_diffusion.precision import native_dtype
from sticker_diffusion.sampler_settings import DType, SamplerSettings
from sticker_diffusion.settings import SettingsError, read_settings
from sticker_diffusion.sticker_animator import StickerAnimator
from sticker_diffusion.stickers.image import straight_bytes

RESIDENT = 3

log = logging.getLogger(__name__)


class BadClipError(Exception):
    """Frames that nobody can judge. The same request gives them again."""


@dataclass
class Sampler:
    """`deliver` takes a sampled clip, and may block while the encoding is behind."""

    worker: str
    hands: Hands
    blobs: BlobStore
    weights: Weights
    report: Callable[[Message], None]
    deliver: Callable[[SampledClip], None]
    fitting: Fitting
    device: str = "cpu"
    dtype: DType | None = None
    compile: bool = False
    threads: int | None = None
    checkpoint: str | None = None
    at_hand: Json | None = None
    _resident: "OrderedDict[str, StickerAnimator]" = field(default_factory=OrderedDict)

    def run(self) -> None:
        torch.set_num_threads(self.threads or os.cpu_count() or 1)
        torch.set_flush_denormal(True)
        while (message := self.hands.next()) is not None:
            try:
                self.do(message)
            except Exception as error:
                log.exception("a micro-batch failed")
                self._fail(message.requests, describe(error), final=False)

    def do(self, message: Generate) -> None:
        """Answers for every clip of the micro-batch, in one way or another."""
        requests = [request for request in message.requests if not self._answered_by_record(request)]
        if not requests:
            return
        started = time.perf_counter()
        try:
            check_engine(message.engine)
            settings = read_settings(SamplerSettings, message.settings, where="sampler settings")
            dtype = self.dtype or native_dtype(settings.dtype, self.device)
            settings = replace(settings, dtype=dtype, compile=self.compile or settings.compile)
            model = self._model(message, dtype)
        except (WeightsError, CheckpointError, SettingsError) as error:
            self._fail(requests, str(error), final=True)
            return
        except Exception as error:
            log.exception("the checkpoint %s cannot be loaded", message.uri)
            self._fail(requests, f"loading {message.uri}: {describe(error)}", final=False)
            return
        load_seconds = time.perf_counter() - started
        self.report(ClipStarted(worker=self.worker, keys=[request.key for request in requests]))
        grouping = grouping_key(checkpoint=message.checkpoint, settings=message.settings)
        groups = deque(chunks(requests, self.fitting.at_once(grouping)))
        while groups:
            group = self.hands.wanted(groups.popleft())
            if self.hands.seconds_left is not None:
                self._hand_back(group)
                continue
            try:
                self._sample(model, settings, group, load_seconds)
                self.fitting.went_well(grouping)
            except Cancelled:
                self._hand_back(self.hands.wanted(group))
            except Exception as error:
                groups.extendleft(reversed(self._after(error, group, grouping)))
            finally:
                self.at_hand = None

    def _after(self, error: Exception, group: list[ClipRequest], grouping: str) -> list[list[ClipRequest]]:
        """What is still to be tried: one bad clip must not fail its neighbours, and less memory may do."""
        if out_of_memory(error):
            fewer = self.fitting.halve(grouping, tried=len(group))
            free_memory()
            log.warning("out of memory with %d clips at once: going on with %d", len(group), fewer)
        if len(group) > 1:
            return chunks(group, max(1, len(group) // 2) if out_of_memory(error) else 1)
        log.error("a clip failed", exc_info=error)
        self._fail(group, describe(error), final=False)
        return []

    def _sample(
        self, model: StickerAnimator, settings: SamplerSettings, group: list[ClipRequest], load_seconds: float
    ) -> None:
        stickers = [(request, self._sticker(request)) for request in group]
        present = [(request, sticker) for request, sticker in stickers if sticker is not None]
        if not present:
            return
        requests = [request for request, _ in present]
        started = time.perf_counter()

        def go_on(step: int, steps: int) -> bool:
            self.at_hand = {"caption": requests[0].caption, "clips": len(requests), "step": step, "steps": steps}
            left = self.hands.seconds_left
            needed = (time.perf_counter() - started) / max(step, 1) * (steps - step)
            return self.hands.any_wanted(requests) and (left is None or needed <= max(left, 0))

        clips, statements = animate(
            model,
            stickers=[sticker for _, sticker in present],
            captions=[request.caption for request in requests],
            settings=settings,
            seeds=[request.seed for request in requests],
            on_step=go_on,
        )
        frames = straight_bytes(clips)
        finite = torch.isfinite(clips).flatten(1).all(dim=1).tolist()
        edges = torch.tensor(model.bucket_edges)
        seconds = (time.perf_counter() - started) / len(requests)
        log.info("sampled %d clips, %.2f s each", len(requests), seconds)
        for index, request in enumerate(requests):
            try:
                check_frames(frames[index], finite=finite[index])
            except BadClipError as error:
                self._fail([request], str(error), final=True)
                continue
            self.deliver(
                SampledClip(
                    request=request,
                    frames=frames[index].numpy(),
                    frame_rate=settings.frame_rate,
                    measure=partial(
                        clip_metrics, sticker=present[index][1], caption=request.caption, bucket_edges=edges
                    ),
                    timings={"load": round(load_seconds, 3), "sample": round(seconds, 3)},
                    provenance={
                        "device": self.device_name,
                        "torch": torch.__version__,
                        "dtype": settings.dtype,
                        "micro_batch": len(requests),
                        "threads": torch.get_num_threads(),
                        **statements[index],
                    },
                )
            )

    def _answered_by_record(self, request: ClipRequest) -> bool:
        record = self.blobs.get_record("results", request.key)
        if record is None:
            return False
        if self.hands.release(request.key) is not None:
            self.report(ClipReady.from_json(record))
        return True

    def _sticker(self, request: ClipRequest) -> Image.Image | None:
        try:
            with Image.open(io.BytesIO(self.blobs.get(request.sticker))) as image:
                return image.convert("RGBA")
        except Exception as error:
            self._fail([request], f"the sticker cannot be read: {describe(error)}", final=False)
            return None

    def _model(self, message: Generate, dtype: DType) -> StickerAnimator:
        model = self._resident.get(message.checkpoint)
        if model is None:
            folder = self.weights.folder(uri=message.uri, sha256=message.checkpoint)
            while len(self._resident) >= RESIDENT:
                self._resident.popitem(last=False)
            model = self._load(message, folder, dtype)
            self._resident[message.checkpoint] = model
        self._resident.move_to_end(message.checkpoint)
        self.checkpoint = message.checkpoint
        return model

    def _load(self, message: Generate, folder: Path, dtype: DType) -> StickerAnimator:
        try:
            return ENGINES[message.engine](folder, self.device, dtype)
        except Exception as error:
            if not (out_of_memory(error) and self._resident):
                raise
        # Out here, as the error's traceback holds what had been loaded so far.
        log.warning("out of memory loading %s: letting go of the other checkpoints", message.uri)
        self._resident.clear()
        free_memory()
        return ENGINES[message.engine](folder, self.device, dtype)

    def _hand_back(self, requests: list[ClipRequest]) -> None:
        keys = [request.key for request in requests if self.hands.release(request.key) is not None]
        if keys:
            self.report(ClipsReturned(worker=self.worker, keys=keys))

    def _fail(self, requests: list[ClipRequest], error: str, *, final: bool) -> None:
        for request in requests:
            attempt = self.hands.release(request.key)
            if attempt is not None:
                self.report(ClipFailed(worker=self.worker, key=request.key, attempt=attempt, error=error, final=final))

    @cached_property
    def device_name(self) -> str:
        device = torch.device(self.device)
        return torch.cuda.get_device_name(device) if device.type == "cuda" else device.type

    @property
    def memory_mb(self) -> tuple[int, int]:
        """Used and in all: of the GPU, by whoever; on a CPU, what this process uses of the machine's."""
        device = torch.device(self.device)
        if device.type != "cuda":
            return main_memory_mb()
        free, total = torch.cuda.mem_get_info(device)
        return (total - free) >> 20, total >> 20


def check_frames(frames: torch.Tensor, *, finite: bool) -> None:
    """frames (F, S, S, 4) uint8. Raises BadClipError for a NaN or for frames that are all the same."""
    if not finite:
        raise BadClipError("the frames hold NaN or infinite values: try float32, or gentler guidance")
    if bool((frames == frames[:1]).all()):
        raise BadClipError("the clip is frozen: all its frames are the same")


def out_of_memory(error: Exception) -> bool:
    """torch's allocator on the CPU raises a plain RuntimeError."""
    return isinstance(error, MemoryError | torch.OutOfMemoryError) or "can't allocate memory" in str(error)


def free_memory() -> None:
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def describe(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


def chunks(requests: list[ClipRequest], size: int) -> list[list[ClipRequest]]:
    return [requests[start : start + size] for start in range(0, len(requests), size)]
