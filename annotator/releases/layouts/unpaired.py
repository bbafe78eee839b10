"""Single clips with a label, in the unpaired layout that KTO trains on (Ethayarajh et al., arXiv 2402.01306): prompt,
completion, label. What nobody chose, as in "none shareable", is a negative."""

from collections.abc import Iterable

from annotator.releases.judged import JudgedTask
from annotator.releases.layouts.writing import LayoutKind, Writing, json_line

FILE = "unpaired.jsonl"


def write(writing: Writing, tasks: Iterable[JudgedTask]) -> int:
    rows = 0
    with (writing.drafts / FILE).open("wb") as lines:
        for task in tasks:
            for clip, shares, shareable in writing.labelled(task):
                row = {
                    "prompt": task.caption,
                    "completion": (writing.clips.place(clip) or [clip.key])[0],
                    "label": shareable,
                    "shares": shares,
                    "annotations": task.counted,
                    "model": clip.checkpoint,
                    "split": task.split,
                    "prompt_set": task.prompt_set,
                    "prompt_external_id": task.prompt,
                    "task_id": task.task,
                }
                lines.write(json_line(row))
                rows += 1
    writing.archive.add_file(FILE, writing.drafts / FILE)
    return rows


LAYOUT = LayoutKind(
    write=write,
    columns={
        "prompt": "the caption",
        "completion": "the clip's file, or its key where no files were asked for",
        "label": "whether the rule of this selection makes it shareable",
        "shares": "how many annotations would share it",
        "annotations": "of how many",
        "model": "the checkpoint that made it",
        "split": "hitl or heldout",
        "prompt_set": "name of the prompt set",
        "prompt_external_id": "the prompt's id within its set",
        "task_id": "number of the task: the clips that were judged together",
    },
    data_files={"train": FILE},
    reading=f'datasets.load_dataset("json", data_files="{FILE}")',
)
