"""What every layout is given, and what it says of itself."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from annotator.releases.archive import Archive
from annotator.releases.clip_files import ClipFolder
from annotator.releases.judged import JudgedClip, JudgedTask
from annotator.releases.models import ClipFiles
from annotator.releases.rule import Rule


@dataclass(frozen=True, kw_only=True)
class Writing:
    """`drafts` is a folder for what is not yet in the archive: of that, one file can be written at a time."""

    archive: Archive
    drafts: Path
    clips: ClipFolder
    rule: Rule
    only_shareable: bool

    def labelled(self, task: JudgedTask) -> Iterator[tuple[JudgedClip, int, bool]]:
        """The clips that are wanted, each with its shares and its label."""
        for clip, shares, shareable in zip(task.clips, task.shares, self.rule.shareable(task), strict=True):
            if shareable or not self.only_shareable:
                yield clip, shares, shareable


@dataclass(frozen=True, kw_only=True)
class LayoutKind:
    """`write` puts all tasks into the archive and returns how many rows that were. `columns`: what each means.
    `data_files`: by split, as the dataset card tells them; `needs_clips`: it is nothing without files of clips."""

    write: Callable[[Writing, Iterable[JudgedTask]], int]
    columns: Mapping[str, str]
    data_files: Mapping[str, str]
    clip_kinds: tuple[ClipFiles, ...] = tuple(ClipFiles)
    reading: str


def json_line(row: Mapping[str, Any]) -> bytes:
    return json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
