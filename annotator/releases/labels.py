"""The rows of a labels export: one a verdict, of each annotation's current revision, on ordinary tasks, by verdict id.

Annotations that do not count are there too; `counted` tells them apart. The rows come from one statement, so an
export is one moment's state even while people annotate, and from a server-side cursor, so its size needs no memory.
"""

import hashlib
import hmac
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.db.models import F, QuerySet

from annotator.annotation.models import Verdict
from annotator.generation.models import TaskKind

ROWS_AT_ONCE = 2000

TASK = "revision__annotation__assignment__task"
# Column → where it is; the order is the export's.
COLUMNS: dict[str, str] = {
    "verdict_id": "id",
    "batch": f"{TASK}__batch__name",
    "prompt_set": f"{TASK}__prompt__prompt_set__name",
    "prompt_external_id": f"{TASK}__prompt__external_id",
    "split": f"{TASK}__prompt__split",
    "caption": f"{TASK}__prompt__caption",
    "sticker": f"{TASK}__prompt__sticker",
    "task_id": "revision__annotation__assignment__task_id",
    "clip_key": "candidate__clip__key",
    "animation": "candidate__clip__animation",
    "checkpoint": "candidate__clip__checkpoint__name",
    "checkpoint_sha256": "candidate__clip__checkpoint__sha256",
    "role": "candidate__clip__checkpoint__role",
    "seed": "candidate__clip__seed",
    "sampler_settings": "candidate__clip__settings",
    "slot": "slot",
    "slots_shown": "revision__annotation__assignment__slots",
    "shareable": "shareable",
    "reasons": "reasons",
    "none_shareable": "revision__none_shareable",
    "annotator": "revision__annotation__assignment__user_id",
    "revision": "revision__number",
    "counted": "revision__annotation__counted",
    "elapsed_ms": "revision__elapsed_ms",
    "device": "revision__device",
    "comment": "revision__comment",
    "leased_at": "revision__annotation__assignment__leased_at",
    "submitted_at": "revision__created_at",
}


def pseudonym(user_id: int) -> str:
    """16 hex digits that stand for a person: the same in every export of this installation, and no way back."""
    key = settings.SECRET_KEY.encode()
    return hmac.new(key, f"annotator:{user_id}".encode(), hashlib.sha256).hexdigest()[:16]


def exported_verdicts(*, batch: int | None = None) -> QuerySet[Verdict]:
    verdicts = Verdict.objects.filter(revision__current=True, **{f"{TASK}__kind": TaskKind.ORDINARY})
    return verdicts if batch is None else verdicts.filter(**{f"{TASK}__batch": batch})


def label_rows(*, batch: int | None = None) -> Iterator[dict[str, Any]]:
    """Plain values by column: text, numbers, booleans, times as ISO 8601 in UTC; `sampler_settings` is an object and
    `reasons` a list."""
    rows = exported_verdicts(batch=batch).order_by("id").values_list(*(F(path) for path in COLUMNS.values()))
    for values in rows.iterator(chunk_size=ROWS_AT_ONCE):
        row = dict(zip(COLUMNS, values, strict=True))
        row["slots_shown"] = len(row["slots_shown"])
        row["annotator"] = pseudonym(row["annotator"])
        row["leased_at"] = row["leased_at"].isoformat()
        row["submitted_at"] = row["submitted_at"].isoformat()
        yield row
