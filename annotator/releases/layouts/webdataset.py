"""WebDataset shards: tar files in which the files of one clip stand side by side, under its key."""

import json
import tarfile
from collections.abc import Iterable, Iterator
from io import BytesIO
from itertools import chain, count, islice

from annotator.media import store
from annotator.releases.clip_files import clip_files
from annotator.releases.judged import JudgedTask
from annotator.releases.layouts.folder import METADATA, metadata
from annotator.releases.layouts.writing import LayoutKind, Writing
from annotator.releases.models import ClipFiles

CLIPS_A_SHARD = 1000


def write(writing: Writing, tasks: Iterable[JudgedTask]) -> int:
    waiting, clips = samples(writing, tasks), 0
    for number in count():
        first = next(waiting, None)
        if first is None:
            break
        file = writing.drafts / f"clips-{number:06}.tar"
        with tarfile.open(file, "w", format=tarfile.USTAR_FORMAT) as shard:
            for key, files in chain([first], islice(waiting, CLIPS_A_SHARD - 1)):
                for ending, data in files.items():
                    about = tarfile.TarInfo(f"{key}{ending}")
                    about.size = len(data)
                    shard.addfile(about, BytesIO(data))
                clips += 1
        writing.archive.add_file(f"shards/{file.name}", file)
        file.unlink()
    return clips


def samples(writing: Writing, tasks: Iterable[JudgedTask]) -> Iterator[tuple[str, dict[str, bytes]]]:
    """Each clip once: its key, and its files by ending."""
    seen = set[str]()
    for task in tasks:
        for clip, shares, shareable in writing.labelled(task):
            if clip.key in seen:
                continue
            seen.add(clip.key)
            about = metadata(task, clip) | {"label": shareable, "shareable": shares, "shown": task.counted}
            about["sticker"] = task.sticker
            files = clip_files(clip, writing.clips.kind)
            yield (
                clip.key,
                {
                    # A key ends at its first dot: frames are 000.png, 001.png, … of one sample.
                    **{ending.replace("/", "."): data for ending, data in files.items()},
                    ".sticker.png": store.get(task.sticker),
                    ".txt": task.caption.encode(),
                    ".cls": str(int(shareable)).encode(),
                    ".json": json.dumps(about, ensure_ascii=False).encode(),
                },
            )


LAYOUT = LayoutKind(
    write=write,
    columns={
        "__key__": "the clip's key",
        "webp, mp4 or 000.png, 001.png, …": "the clip",
        "sticker.png": "the static image",
        "txt": "the caption",
        "cls": "1 where the rule of this selection makes it shareable, else 0",
        **{f"json: {name}": meaning for name, meaning in METADATA.items()},
    },
    data_files={},
    clip_kinds=tuple(kind for kind in ClipFiles if kind != ClipFiles.NONE),
    reading='webdataset.WebDataset("shards/clips-{000000..….}.tar")',
)
