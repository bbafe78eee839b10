"""The messages between the web side and the GPU workers, as plain JSON. Standard library only: both sides import it.

Web → worker, on the worker's own queue `generate.<worker>`: `Generate`, `Drop`.
Worker → web, on the queue `results`: `ClipStarted`, `ClipReady`, `ClipFailed`, `ClipsReturned`, `Heartbeat`.
Web → trainer, on the trainer's own queue `train.<trainer>`: `Train`, `StopTraining`.
Trainer → web, on the queue `results`: `TrainerHeartbeat` and the `Training…` messages.
A message carries VERSION; fields that a reader does not know are logged and ignored, so that mixed deployments work.
"""

import hashlib
import json
import logging
from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, field, fields
from typing import Any, Self

VERSION = 1
# Raised whenever the same request would give different frames; part of every clip's key.
SAMPLER_VERSION = 2

RESULTS_QUEUE = "results"
GENERATE_TASK = "inference_worker.generate"
DROP_TASK = "inference_worker.drop"
RESULT_TASK = "annotator.generation.record"
TRAIN_TASK = "inference_worker.train"
STOP_TRAINING_TASK = "inference_worker.stop_training"
TRAINING_RESULT_TASK = "annotator.training.record"

HEARTBEAT_SECONDS = 5
LEASE_SECONDS = 30

log = logging.getLogger(__name__)

Json = dict[str, Any]


class MessageError(ValueError):
    """A message that lacks what its reader needs: the two sides are too many versions apart."""


def generate_queue(worker: str) -> str:
    return f"generate.{worker}"


def train_queue(trainer: str) -> str:
    return f"train.{trainer}"


def canonical(value: Any) -> str:
    """JSON with sorted keys and no spaces: equal values give equal text."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def request_key(*, checkpoint: str, caption: str, sticker: str, settings: Mapping[str, Any], seed: int) -> str:
    """The sha256 of a clip's request: checkpoint sha256, caption, sticker blob, sampler settings, seed, version."""
    request = [checkpoint, caption, sticker, dict(settings), seed, SAMPLER_VERSION]
    return hashlib.sha256(canonical(request).encode()).hexdigest()


def grouping_key(*, checkpoint: str, settings: Mapping[str, Any]) -> str:
    """The sha256 of what all clips of one micro-batch share."""
    return hashlib.sha256(canonical([checkpoint, dict(settings)]).encode()).hexdigest()


@dataclass(frozen=True, kw_only=True)
class Message:
    version: int = VERSION

    def to_json(self) -> Json:
        return asdict(self)

    @classmethod
    def from_json(cls, data: Json) -> Self:
        """Raises MessageError when a field without a default is missing."""
        known = {entry.name: entry for entry in fields(cls)}
        unknown = sorted(set(data) - set(known))
        if unknown:
            log.warning("%s: ignoring unknown fields %s (version %s)", cls.__name__, unknown, data.get("version"))
        required = {name for name, entry in known.items() if entry.default is entry.default_factory is MISSING}
        missing = sorted(required - set(data))
        if missing:
            raise MessageError(f"{cls.__name__}: the fields {missing} are missing (version {data.get('version')})")
        return cls(**{name: value for name, value in data.items() if name in known})


@dataclass(frozen=True, kw_only=True)
class ClipRequest(Message):
    """One clip of a micro-batch. `sticker` is a blob name; `attempt` comes back with the answer."""

    key: str
    caption: str
    sticker: str
    seed: int
    attempt: int


@dataclass(frozen=True, kw_only=True)
class Generate(Message):
    """A micro-batch: clips of one checkpoint with the same sampler settings."""

    engine: str
    checkpoint: str  # sha256 over its sorted files
    uri: str
    settings: Json
    clips: list[Json]  # ClipRequest

    @property
    def requests(self) -> list[ClipRequest]:
        return [ClipRequest.from_json(clip) for clip in self.clips]


@dataclass(frozen=True, kw_only=True)
class Drop(Message):
    """Clips that nobody wants any more: a worker stops at its next step."""

    keys: list[str]


@dataclass(frozen=True, kw_only=True)
class ClipStarted(Message):
    worker: str
    keys: list[str]


@dataclass(frozen=True, kw_only=True)
class ClipReady(Message):
    """A finished clip. The same JSON lies in the blob store as the record `results/<key>` before this is sent.

    `sheet`, `animation`, `master` are blob names. `media` describes the sheet: frames, columns, cell (pixels),
    frame_rate. `timings` are seconds. `provenance`: device, torch, dtype, micro_batch, passes, worker
    version.
    """

    worker: str
    key: str
    attempt: int
    sheet: str
    animation: str
    master: str
    media: Json
    metrics: Json = field(default_factory=dict)
    timings: Json = field(default_factory=dict)
    provenance: Json = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class ClipFailed(Message):
    """`final`: another try would fail in the same way (a NaN, a frozen clip, an unknown checkpoint)."""

    worker: str
    key: str
    attempt: int
    error: str
    final: bool = False


@dataclass(frozen=True, kw_only=True)
class ClipsReturned(Message):
    """A worker that stops hands back what it had not begun: queued again at once, no attempt lost."""

    worker: str
    keys: list[str]


@dataclass(frozen=True, kw_only=True)
class Heartbeat(Message):
    """Every HEARTBEAT_SECONDS. `held` are the keys in the worker's hands (waiting or sampling): their leases move.

    `micro_batch` is how many clips it takes at once; `state` is for people: memory, checkpoint loaded, clips a minute.
    `up_seconds` is how long this process has run: what its forerunner of the same name held is lost.
    """

    worker: str
    worker_version: str
    device: str
    micro_batch: int
    held: list[str]
    state: Json = field(default_factory=dict)
    stopping: bool = False
    up_seconds: float | None = None


RESULT_TYPES: dict[str, type[Message]] = {
    kind.__name__: kind for kind in (ClipStarted, ClipReady, ClipFailed, ClipsReturned, Heartbeat)
}


@dataclass(frozen=True, kw_only=True)
class Train(Message):
    """A training run to begin, or to go on with: `python -m sticker_diffusion.training <recipe>` with `config`.

    `run` is its public id, `name` its folder's and its checkpoint's. `starts_from` names the key of the config that is
    the folder of the checkpoint at `uri`, which has this sha256. `release` is the blob of a release, packed as a zip:
    its folder is the config's data.release.
    """

    run: str
    attempt: int
    name: str
    recipe: str
    config: Json
    starts_from: str
    uri: str
    sha256: str
    release: str | None = None


@dataclass(frozen=True, kw_only=True)
class StopTraining(Message):
    run: str


@dataclass(frozen=True, kw_only=True)
class TrainerHeartbeat(Message):
    """Every HEARTBEAT_SECONDS: the run in hand, whose lease moves; one without a run is free for the next."""

    trainer: str
    device: str
    run: str | None = None
    attempt: int | None = None
    stopping: bool = False


@dataclass(frozen=True, kw_only=True)
class TrainingProgress(Message):
    """How it goes: the whole curve, thinned, never empty, so that a lost message costs nothing. `sheet` is a blob: the
    newest samples of the fixed prompts."""

    trainer: str
    run: str
    attempt: int
    curve: list[Json]
    sheet: str | None = None


@dataclass(frozen=True, kw_only=True)
class TrainingFinished(Message):
    """The checkpoint is in the folder `uri`."""

    trainer: str
    run: str
    attempt: int
    uri: str


@dataclass(frozen=True, kw_only=True)
class TrainingFailed(Message):
    """`final`: another try would fail in the same way (a wrong setting, a missing folder)."""

    trainer: str
    run: str
    attempt: int
    error: str
    final: bool


@dataclass(frozen=True, kw_only=True)
class TrainingReturned(Message):
    """A trainer that stops hands its run back, saved."""

    trainer: str
    run: str
    attempt: int


TRAINING_RESULT_TYPES: dict[str, type[Message]] = {
    kind.__name__: kind
    for kind in (TrainerHeartbeat, TrainingProgress, TrainingFinished, TrainingFailed, TrainingReturned)
}
