"""One row a verdict, with all that is known of its clip, its prompt and its annotation: JSON Lines, CSV and Parquet.

Rows are made in columns, a page of tasks at a time: what is said of a task, a clip or an annotation is converted once,
and taken for each of its verdicts.
"""

import json
from collections.abc import Iterable, Iterator
from functools import lru_cache, partial
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet

from annotator import spreadsheets
from annotator.releases.judged import JudgedTask
from annotator.releases.layouts.writing import LayoutKind, Writing, json_line
from annotator.releases.models import ClipFiles
from annotator.releases.rule import Rule

TASKS_AT_ONCE = 400

TIME = pa.timestamp("us", tz="UTC")
# Column → type and meaning; the order is the export's.
COLUMNS: dict[str, tuple[pa.DataType, str]] = {
    "batch": (pa.string(), "name of the batch"),
    "batch_id": (pa.int64(), "its number"),
    "prompt_set": (pa.string(), "name of the prompt set"),
    "prompt_external_id": (pa.string(), "the prompt's id within its set"),
    "split": (pa.string(), "hitl: judged to train; heldout: only to measure"),
    "caption": (pa.string(), "what the sticker was to do"),
    "sticker": (pa.string(), "the static image: sha256 and extension"),
    "task_id": (pa.int64(), "the prompt with its candidates, as it was judged; the same for all of its verdicts"),
    "clip_key": (pa.string(), "sha256 of the request that made the clip"),
    "animation": (pa.string(), "the clip as animated WebP: sha256 and extension"),
    "checkpoint": (pa.string(), "name of the model that made it"),
    "checkpoint_sha256": (pa.string(), "sha256 over the model's files"),
    "role": (pa.string(), "teacher or student"),
    "seed": (pa.uint64(), "of the noise it began from"),
    "sampler_settings": (pa.string(), "JSON object"),
    "slot": (pa.int16(), "where the annotator saw it, from 1"),
    "slots_shown": (pa.int16(), "how many were shown at once"),
    "shareable": (pa.bool_(), "whether this annotator would share it"),
    "reasons": (pa.list_(pa.string()), "why not, where the annotator said so"),
    "none_shareable": (pa.bool_(), "whether the annotator would share none of those shown"),
    "annotator": (pa.string(), "a pseudonym, the same in all exports of one installation"),
    "submission": (pa.string(), "UUID of the revision that says so"),
    "revision": (pa.int32(), "which one of the annotator's revisions it is; it is the one that speaks"),
    "counted": (pa.bool_(), "false where it came when enough others had judged"),
    "elapsed_ms": (pa.int64(), "how long the task had the annotator's attention"),
    "device": (pa.string(), "keyboard, mouse or touch"),
    "comment": (pa.string(), "the annotator's words"),
    "leased_at": (TIME, "when the task was handed out"),
    "submitted_at": (TIME, "when the revision came"),
    "clip_shares": (pa.int32(), "how many annotations that count would share the clip"),
    "clip_annotations": (pa.int32(), "of how many"),
    "clip_label": (pa.bool_(), "whether that makes it shareable by the rule of this selection"),
}
SCHEMA = pa.schema([(name, kind) for name, (kind, _) in COLUMNS.items()])


def table(tasks: list[JudgedTask], rule: Rule) -> pa.RecordBatch:
    """The verdicts on these tasks: by task, annotation and slot."""
    of_tasks, of_clips, of_annotations = Sheet(TASK_COLUMNS), Sheet(CLIP_COLUMNS), Sheet(ANNOTATION_COLUMNS)
    task_at, clip_at, annotation_at = [], [], []
    slots, shareable, reasons = [], [], []
    settings: dict[int, str] = {}
    for task in tasks:
        of_tasks.add(
            task.batch_name, task.batch, task.prompt_set, task.prompt, task.split, task.caption, task.sticker, task.task
        )
        first, counted = len(of_clips), task.counted
        for clip, shares, label in zip(task.clips, task.shares, rule.shareable(task), strict=True):
            if id(clip.settings) not in settings:
                settings[id(clip.settings)] = json.dumps(clip.settings, sort_keys=True)
            of_clips.add(
                clip.key, clip.animation, clip.checkpoint, clip.checkpoint_sha256, clip.role, clip.seed,
                settings[id(clip.settings)], shares, counted, label,
            )  # fmt: skip
        for said in task.annotations:
            votes = said.votes
            none = not any(vote.shareable for vote in votes)
            at = len(of_annotations)
            of_annotations.add(
                len(votes), none, said.annotator, said.submission, said.revision, said.counted, said.elapsed_ms,
                said.device, said.comment, said.leased_at, said.submitted_at,
            )  # fmt: skip
            task_at += [len(of_tasks) - 1] * len(votes)
            annotation_at += [at] * len(votes)
            clip_at += [first + vote[0] for vote in votes]
            slots += [vote[1] for vote in votes]
            shareable += [vote[2] for vote in votes]
            reasons += [vote[3] for vote in votes]
    columns = {"slot": slots, "shareable": shareable, "reasons": reasons}
    arrays = {name: pa.array(values, COLUMNS[name][0]) for name, values in columns.items()}
    for sheet, at_rows in ((of_tasks, task_at), (of_clips, clip_at), (of_annotations, annotation_at)):
        arrays |= sheet.taken(pa.array(at_rows, pa.int32()))
    return pa.record_batch([arrays[name] for name in SCHEMA.names], schema=SCHEMA)


class Sheet:
    """Columns that are filled row by row."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self.names, self.rows = names, list[tuple[Any, ...]]()

    def __len__(self) -> int:
        return len(self.rows)

    def add(self, *row: Any) -> None:
        self.rows.append(row)

    def taken(self, at: pa.Array) -> dict[str, pa.Array]:
        """Each column, with the value of row at[i] in place i."""
        columns = zip(*self.rows, strict=True) if self.rows else ([] for _ in self.names)
        return {name: array_of(name, values).take(at) for name, values in zip(self.names, columns, strict=True)}


TASK_COLUMNS = ("batch", "batch_id", "prompt_set", "prompt_external_id", "split", "caption", "sticker", "task_id")
CLIP_COLUMNS = (
    *("clip_key", "animation", "checkpoint", "checkpoint_sha256", "role", "seed", "sampler_settings"),
    *("clip_shares", "clip_annotations", "clip_label"),
)
ANNOTATION_COLUMNS = (
    *("slots_shown", "none_shareable", "annotator", "submission", "revision", "counted", "elapsed_ms", "device"),
    *("comment", "leased_at", "submitted_at"),
)


def array_of(name: str, values: Iterable[Any]) -> pa.Array:
    kind = COLUMNS[name][0]
    # Arrow reads ISO 8601 itself, faster than Python makes dates.
    return pa.array(values, pa.string()).cast(kind) if kind == TIME else pa.array(values, kind)


def tables(tasks: Iterable[JudgedTask], rule: Rule) -> Iterator[pa.RecordBatch]:
    waiting = iter(tasks)
    while page := list(islice(waiting, TASKS_AT_ONCE)):
        yield table(page, rule)


@lru_cache(maxsize=256)
def read_json(text: str) -> Any:
    return json.loads(text)


def plain_rows(batch: pa.RecordBatch) -> Iterator[dict[str, Any]]:
    """Text, numbers, booleans; times as ISO 8601, settings as an object."""
    times = [name for name, (kind, _) in COLUMNS.items() if kind == TIME]
    for row in batch.to_pylist():
        for name in times:
            row[name] = row[name].isoformat()
        row["sampler_settings"] = read_json(row["sampler_settings"])
        yield row


def write_parquet(file: Path, batches: Iterable[pa.RecordBatch]) -> int:
    rows = 0
    with pyarrow.parquet.ParquetWriter(file, SCHEMA, compression="zstd") as writer:
        for batch in batches:
            writer.write_batch(batch)
            rows += batch.num_rows
    return rows


def write_json_lines(file: Path, batches: Iterable[pa.RecordBatch]) -> int:
    rows = 0
    with file.open("wb") as lines:
        for batch in batches:
            lines.writelines(map(json_line, plain_rows(batch)))
            rows += batch.num_rows
    return rows


def write_csv(file: Path, batches: Iterable[pa.RecordBatch]) -> int:
    rows = 0

    def counted() -> Iterator[dict[str, Any]]:
        nonlocal rows
        for batch in batches:
            yield from plain_rows(batch)
            rows += batch.num_rows

    with file.open("wb") as lines:
        lines.writelines(spreadsheets.in_pieces(spreadsheets.csv_lines(COLUMNS, counted())))
    return rows


WRITERS = {"jsonl": write_json_lines, "csv": write_csv, "parquet": write_parquet}


def write(ending: str, writing: Writing, tasks: Iterable[JudgedTask]) -> int:
    name = f"verdicts.{ending}"
    rows = WRITERS[ending](writing.drafts / name, tables(placed(writing, tasks), writing.rule))
    writing.archive.add_file(name, writing.drafts / name)
    return rows


def placed(writing: Writing, tasks: Iterable[JudgedTask]) -> Iterator[JudgedTask]:
    """The tasks; on their way, their clips come into the archive, where files are wanted."""
    for task in tasks:
        if writing.clips.kind != ClipFiles.NONE:
            for clip in task.clips:
                writing.clips.place(clip)
        yield task


def layout(ending: str, reading: str) -> LayoutKind:
    return LayoutKind(
        write=partial(write, ending),
        columns={name: meaning for name, (_, meaning) in COLUMNS.items()},
        data_files={"train": f"verdicts.{ending}"},
        reading=reading,
    )
