"""What the API answers and takes, as far as this package reads it. Names and fields are those of the schema."""

from typing import Any, NotRequired, TypedDict

Settings = dict[str, Any]


class SignedIn(TypedDict):
    username: str
    role: str


class Session(TypedDict):
    user: SignedIn | None


class PromptSet(TypedDict):
    id: int
    name: str
    description: str
    licence: str
    prompts: int


class PromptSetRequest(TypedDict):
    name: str
    description: str
    licence: str


class Prompt(TypedDict):
    id: int
    external_id: str
    caption: str
    sticker: str
    split: str


class Checkpoint(TypedDict):
    id: int
    name: str
    role: str
    engine: str
    sha256: str
    parameters: int


class TaskCounts(TypedDict):
    filling: int
    open: int
    done: int
    held: int
    void: int


class ClipCounts(TypedDict):
    queued: int
    running: int
    ready: int
    failed: int


class ErrorCount(TypedDict):
    error: str
    count: int


class Judged(TypedDict):
    counted: int
    wanted: int


class Progress(Judged):
    tasks: TaskCounts
    made: bool
    clips: ClipCounts
    rate: float | None
    seconds_left: int | None
    errors: list[ErrorCount]


class Source(TypedDict):
    name: str
    clips_per_prompt: int
    settings: Settings


class BatchFields(TypedDict):
    id: int
    name: str
    prompt_set_name: str
    prompts: int
    state: str
    generation_paused: bool
    annotation_paused: bool
    priority: int
    overlap: int


class Batch(BatchFields):
    progress: Judged


class BatchDetail(BatchFields):
    progress: Progress
    sources: list[Source]
    seed_base: int


class NewSourceRequest(TypedDict):
    checkpoint: int
    settings: Settings
    clips_per_prompt: int


class NewBatchRequest(TypedDict):
    name: str
    prompt_set: int
    sources: list[NewSourceRequest]
    splits: list[str]
    overlap: int
    priority: int
    person_share: float
    instructions: str
    pooled: bool
    reasons: list[str]
    seed_base: NotRequired[int]


class PatchedBatchChangesRequest(TypedDict, total=False):
    generation_paused: bool
    annotation_paused: bool
    priority: int


class Retried(TypedDict):
    retried: int


class GalleryClip(TypedDict):
    id: int
    task: int
    key: str
    caption: str
    checkpoint_name: str
    seed: int
    state: str
    dropped: bool


class ShareRate(TypedDict):
    checkpoint: int
    name: str
    role: str
    prompts: int
    shown: int
    shareable: int
    rate: float
    low: float
    high: float


class Summary(TypedDict):
    annotations: int
    verdicts: int
    shareable: int
    prompts: int
    annotators: int
    share_rates: list[ShareRate]


class Person(TypedDict):
    id: int
    username: str
    role: str
    is_active: bool
    last_login: str | None


class InviteRequest(TypedDict):
    role: str
    note: str
    days: int


class NewInvitation(TypedDict):
    id: int
    role: str
    expires_at: str
    link: str
