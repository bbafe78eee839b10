"""Choices among k clips of one prompt, in the layout of HPDv2 (Wu et al., arXiv 2306.09341): an array of objects, in a
file a split. "None shareable" is a row of zeros."""

from collections.abc import Iterable
from typing import Any

from annotator.prompts.models import Split
from annotator.releases.judged import JudgedAnnotation, JudgedTask
from annotator.releases.layouts.writing import LayoutKind, Writing, json_line

FILES = {Split.HITL.value: "train.json", Split.HELDOUT.value: "test.json"}


def write(writing: Writing, tasks: Iterable[JudgedTask]) -> int:
    rows = dict.fromkeys(FILES, 0)
    drafts = {split: (writing.drafts / name).open("wb") for split, name in FILES.items()}
    try:
        for task in tasks:
            for clip in task.clips:
                writing.clips.place(clip)
            drafts[task.split].write((b",\n" if rows[task.split] else b"[\n") + json_line(row(writing, task)).rstrip())
            rows[task.split] += 1
    finally:
        for draft in drafts.values():
            draft.write(b"\n]\n")
            draft.close()
    for split, name in FILES.items():
        if rows[split]:
            writing.archive.add_file(name, writing.drafts / name)
    return sum(rows.values())


def row(writing: Writing, task: JudgedTask) -> dict[str, Any]:
    return {
        "prompt": task.caption,
        "file_path": [(writing.clips.place(clip) or [clip.key])[0] for clip in task.clips],
        "human_preference": [int(label) for label in writing.rule.shareable(task)],
        "shares": task.shares,
        "annotations": task.counted,
        "raw_annotations": [
            {"human_preference": preference(task, said), "user_hash": said.annotator}
            for said in task.annotations
            if said.counted
        ],
        "models": [clip.checkpoint for clip in task.clips],
        "task_id": task.task,
    }


def preference(task: JudgedTask, said: JudgedAnnotation) -> list[int | None]:
    found: list[int | None] = [None] * len(task.clips)
    for vote in said.votes:
        found[vote.clip] = int(vote.shareable)
    return found


LAYOUT = LayoutKind(
    write=write,
    columns={
        "prompt": "the caption",
        "file_path": "the clips that were shown together; their keys, where no files were asked for",
        "human_preference": "by clip: 1 where the rule of this selection makes it shareable, else 0",
        "shares": "by clip: how many annotations would share it",
        "annotations": "of how many",
        "raw_annotations": "by annotation: the same list as one person chose (null: not shown), and their pseudonym",
        "models": "by clip: the checkpoint that made it",
        "task_id": "number of the task",
    },
    data_files={"train": "train.json", "test": "test.json"},
    reading='datasets.load_dataset("json", data_files="train.json")',
)
