"""Every call that this package makes, as data: a test holds each path, method and field against the schema."""

from dataclasses import dataclass
from typing import Generic, TypeVar

from stickerloop import shapes

T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True)
class Operation(Generic[T_co]):
    """One call. `body` is the shape of the JSON it takes; `form` names the fields of a multipart form."""

    method: str
    path: str
    answer: type[T_co]
    body: type | None = None
    form: tuple[str, ...] = ()


@dataclass(frozen=True)
class Listing(Generic[T_co]):
    """A paginated list of `item`."""

    path: str
    item: type[T_co]
    query: tuple[str, ...] = ()


@dataclass(frozen=True)
class Download:
    path: str
    query: tuple[str, ...] = ()


SESSION = Operation("get", "/api/v1/session/", shapes.Session)

PROMPT_SETS = Listing("/api/v1/prompt-sets/", shapes.PromptSet)
PROMPT_SET = Operation("get", "/api/v1/prompt-sets/{id}/", shapes.PromptSet)
CREATE_PROMPT_SET = Operation("post", "/api/v1/prompt-sets/", shapes.PromptSet, body=shapes.PromptSetRequest)
PROMPTS = Listing("/api/v1/prompt-sets/{id}/prompts/", shapes.Prompt)
ADD_PROMPT = Operation(
    "post", "/api/v1/prompt-sets/{id}/prompts/", shapes.Prompt, form=("caption", "external_id", "split", "sticker")
)

CHECKPOINTS = Listing("/api/v1/checkpoints/", shapes.Checkpoint)

BATCHES = Listing("/api/v1/batches/", shapes.Batch)
BATCH = Operation("get", "/api/v1/batches/{id}/", shapes.BatchDetail)
CREATE_BATCH = Operation("post", "/api/v1/batches/", shapes.BatchDetail, body=shapes.NewBatchRequest)
ESTIMATE_BATCH = Operation("post", "/api/v1/batches/estimate/", shapes.Estimate, body=shapes.BatchPlanRequest)
EXTEND_BATCH = Operation("post", "/api/v1/batches/{id}/extend/", shapes.BatchDetail, body=shapes.PromptFilterRequest)
ESTIMATE_EXTENSION = Operation(
    "post", "/api/v1/batches/{id}/extend/estimate/", shapes.Estimate, body=shapes.PromptFilterRequest
)
CHANGE_BATCH = Operation("patch", "/api/v1/batches/{id}/", shapes.BatchDetail, body=shapes.PatchedBatchChangesRequest)
CANCEL_BATCH = Operation("post", "/api/v1/batches/{id}/cancel/", shapes.BatchDetail)
CLOSE_BATCH = Operation("post", "/api/v1/batches/{id}/close/", shapes.BatchDetail)
RETRY_FAILED = Operation("post", "/api/v1/batches/{id}/retry_failed/", shapes.Retried, body=shapes.RetryRequest)
BATCH_CLIPS = Listing("/api/v1/batches/{id}/clips/", shapes.GalleryClip, query=("state",))
CLIP_FILE = Download("/api/v1/clips/{key}/files/{target}/", query=("background",))

SUMMARY = Operation("get", "/api/v1/labels/summary/", shapes.Summary)
RELEASES = Listing("/api/v1/releases/", shapes.Release)
EXPORTS = Listing("/api/v1/exports/", shapes.Export)
EXPORT = Operation("get", "/api/v1/exports/{public_id}/", shapes.Export)
ASK_EXPORT = Operation("post", "/api/v1/exports/", shapes.Export, body=shapes.NewExportRequest)
EXPORT_FILE = Download("/api/v1/exports/{public_id}/file/")

PEOPLE = Listing("/api/v1/people/", shapes.Person)
INVITE = Operation("post", "/api/v1/invitations/", shapes.NewInvitation, body=shapes.InviteRequest)
