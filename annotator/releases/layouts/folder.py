"""A folder of clips with metadata.jsonl: Hugging Face's ImageFolder reads it where the clips are WebP or PNG frames,
VideoFolder where they are MP4, and our own finetuning where they are lossless masters."""

from collections.abc import Iterable
from typing import Any

from annotator.releases.judged import JudgedClip, JudgedTask
from annotator.releases.layouts.writing import LayoutKind, Writing, json_line
from annotator.releases.models import ClipFiles

FILE = "metadata.jsonl"


def write(writing: Writing, tasks: Iterable[JudgedTask]) -> int:
    rows, seen = 0, set[str]()
    with (writing.drafts / FILE).open("wb") as lines:
        for task in tasks:
            for clip, shares, shareable in writing.labelled(task):
                if clip.key in seen:
                    continue
                seen.add(clip.key)
                about = metadata(task, clip) | {"label": shareable, "shareable": shares, "shown": task.counted}
                about["sticker"] = writing.clips.place_sticker(task.sticker)
                for frame, path in enumerate(writing.clips.place(clip)):
                    row = {"file_name": path, **about}
                    if writing.clips.kind == ClipFiles.FRAMES:
                        row["frame"] = frame
                    lines.write(json_line(row))
                    rows += 1
    writing.archive.add_file(FILE, writing.drafts / FILE)
    return rows


def metadata(task: JudgedTask, clip: JudgedClip) -> dict[str, Any]:
    return {
        "text": task.caption,
        "split": task.split,
        "prompt_set": task.prompt_set,
        "prompt_external_id": task.prompt,
        "task_id": task.task,
        "clip_key": clip.key,
        "checkpoint": clip.checkpoint,
        "checkpoint_sha256": clip.checkpoint_sha256,
        "seed": clip.seed,
        "settings": clip.settings | {"frame_rate": clip.frame_rate},
    }


METADATA = {
    "text": "the caption",
    "label": "whether the rule of this selection makes it shareable",
    "shareable": "how many annotations would share it",
    "shown": "of how many",
    "sticker": "the static image",
    "split": "hitl or heldout",
    "prompt_set": "name of the prompt set",
    "prompt_external_id": "the prompt's id within its set",
    "task_id": "number of the task: the clips that were judged together",
    "clip_key": "sha256 of the request that made the clip",
    "checkpoint": "the model that made it",
    "checkpoint_sha256": "sha256 over the model's files",
    "seed": "of the noise it began from",
    "settings": "the sampler's, and the frame rate",
}
LAYOUT = LayoutKind(
    write=write,
    columns={
        "file_name": "the clip's file; with PNG frames, one of them a row",
        **METADATA,
        "frame": "with PNG frames: which one, from 0",
    },
    data_files={},
    clip_kinds=tuple(kind for kind in ClipFiles if kind != ClipFiles.NONE),
    reading='datasets.load_dataset("imagefolder", data_dir="…"), or "videofolder" where the clips are MP4',
)
