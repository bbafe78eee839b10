"""Pairs of clips in the columns of pickapic (Kirstain et al., arXiv 2305.01569): a clip that somebody would share, and
one that the same person passed over in the same task. Never across prompts."""

from collections.abc import Iterable, Iterator
from itertools import product
from typing import Any

import pyarrow as pa
import pyarrow.parquet

from annotator.releases.clip_files import clip_files
from annotator.releases.judged import JudgedAnnotation, JudgedTask, Vote
from annotator.releases.layouts.writing import LayoutKind, Writing
from annotator.releases.models import ClipFiles

FILE = "pairs.parquet"
ROWS_AT_ONCE = 512
COLUMNS: dict[str, tuple[pa.DataType, str]] = {
    "caption": (pa.string(), "the prompt of both clips"),
    "image_0_uid": (pa.string(), "key of the clip that stood in the earlier slot"),
    "image_1_uid": (pa.string(), "key of the other"),
    "jpg_0": (pa.binary(), "the clip itself, an animated WebP; null where no files were asked for"),
    "jpg_1": (pa.binary(), "the other"),
    "label_0": (pa.float64(), "1 where the first was chosen, else 0"),
    "label_1": (pa.float64(), "1 where the second was chosen, else 0"),
    "has_label": (pa.bool_(), "always true: one of the two was chosen"),
    "are_different": (pa.bool_(), "always true"),
    "best_image_uid": (pa.string(), "key of the one that was chosen"),
    "model_0": (pa.string(), "checkpoint that made the first"),
    "model_1": (pa.string(), "checkpoint that made the second"),
    "user_id": (pa.string(), "the annotator's pseudonym"),
    "ranking_id": (pa.string(), "the submission: all pairs of one choice share it"),
    "num_example_per_prompt": (pa.int32(), "how many pairs that choice gives"),
    "created_at": (pa.string(), "when it was submitted, ISO 8601"),
    "split": (pa.string(), "hitl or heldout"),
}
SCHEMA = pa.schema([(name, kind) for name, (kind, _) in COLUMNS.items()])


def write(writing: Writing, tasks: Iterable[JudgedTask]) -> int:
    written = 0
    with pyarrow.parquet.ParquetWriter(writing.drafts / FILE, SCHEMA, compression="zstd") as writer:
        waiting: list[dict[str, Any]] = []
        for task in tasks:
            waiting += pairs_of(writing, task)
            if len(waiting) >= ROWS_AT_ONCE:
                writer.write_batch(pa.RecordBatch.from_pylist(waiting, SCHEMA))
                written, waiting = written + len(waiting), []
        writer.write_batch(pa.RecordBatch.from_pylist(waiting, SCHEMA))
    writing.archive.add_file(FILE, writing.drafts / FILE)
    return written + len(waiting)


def pairs_of(writing: Writing, task: JudgedTask) -> Iterator[dict[str, Any]]:
    kind = writing.clips.kind
    pictures = [clip_files(clip, kind).get(".webp") for clip in task.clips]
    for said in task.annotations:
        if not said.counted:
            continue
        chosen = [vote for vote in said.votes if vote.shareable]
        passed_over = [vote for vote in said.votes if not vote.shareable]
        for won, lost in product(chosen, passed_over):
            first, second = sorted((won, lost), key=lambda vote: vote.slot)
            row = pair(task, said, first, second)
            row["jpg_0"], row["jpg_1"] = pictures[first.clip], pictures[second.clip]
            row["num_example_per_prompt"] = len(chosen) * len(passed_over)
            yield row


def pair(task: JudgedTask, said: JudgedAnnotation, first: Vote, second: Vote) -> dict[str, Any]:
    clips = task.clips[first.clip], task.clips[second.clip]
    return {
        "caption": task.caption,
        "image_0_uid": clips[0].key,
        "image_1_uid": clips[1].key,
        "label_0": float(first.shareable),
        "label_1": float(second.shareable),
        "has_label": True,
        "are_different": True,
        "best_image_uid": clips[0 if first.shareable else 1].key,
        "model_0": clips[0].checkpoint,
        "model_1": clips[1].checkpoint,
        "user_id": said.annotator,
        "ranking_id": said.submission,
        "created_at": said.submitted_at,
        "split": task.split,
    }


LAYOUT = LayoutKind(
    write=write,
    columns={name: meaning for name, (_, meaning) in COLUMNS.items()},
    data_files={"train": FILE},
    clip_kinds=(ClipFiles.NONE, ClipFiles.WEBP, ClipFiles.MASTER),
    reading=f'datasets.load_dataset("parquet", data_files="{FILE}")',
)
