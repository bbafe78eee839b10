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


class Lender(TypedDict):
    id: int
    batch: int
    batch_name: str


class Source(TypedDict):
    id: int
    checkpoint: int
    name: str
    clips_per_prompt: int
    settings: Settings
    changed: Settings
    clips_of: Lender | None


class BatchFields(TypedDict):
    id: int
    name: str
    prompt_set: int
    prompt_set_name: str
    prompts: int
    splits: list[str]
    words: list[str]
    unused_only: bool
    sample: int | None
    state: str
    generation_paused: bool
    annotation_paused: bool
    priority: int
    overlap: int


class Batch(BatchFields):
    progress: Judged


class BatchDetail(BatchFields):
    instructions: str
    person_share: float
    pooled: bool
    reasons: list[str]
    progress: Progress
    sources: list[Source]
    seed_base: int


class NewSourceRequest(TypedDict):
    checkpoint: NotRequired[int]
    settings: NotRequired[Settings]
    clips_of: NotRequired[int]
    clips_per_prompt: int


class PromptFilterRequest(TypedDict):
    splits: list[str]
    words: list[str]
    unused_only: bool
    sample: int | None


class BatchPlanRequest(PromptFilterRequest):
    prompt_set: int
    sources: list[NewSourceRequest]
    seed_base: int | None


class SourceEstimate(TypedDict):
    checkpoint: str
    clips: int
    already_there: int
    seconds_a_clip: float | None
    same_settings: bool | None


class Estimate(TypedDict):
    tasks: int
    clips: int
    already_there: int
    workers: int
    worker_seconds: float | None
    seconds: float | None
    sources: list[SourceEstimate]


class NewBatchRequest(BatchPlanRequest):
    name: str
    overlap: int
    priority: int
    person_share: float
    instructions: str
    pooled: bool
    reasons: list[str]


class PatchedBatchChangesRequest(TypedDict, total=False):
    generation_paused: bool
    annotation_paused: bool
    priority: int


class RetryRequest(TypedDict, total=False):
    error: str


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


class Release(TypedDict):
    public_id: str
    name: str
    state: str
    sha256: str


class RuleRequest(TypedDict):
    batches: list[int]
    splits: list[str]
    least_shares: int
    least_annotations: int


class NewExportRequest(TypedDict):
    release: str | None
    rule: RuleRequest
    layout: str
    clips: str
    only_shareable: bool


class Export(TypedDict):
    public_id: str
    state: str
    tasks_done: int
    tasks_to_do: int | None
    rows: int
    error: str
    sha256: str
    bytes: int
