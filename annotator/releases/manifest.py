"""A release's manifest: canonical JSON Lines, the rule first, then a line a task, by task. Its sha256 is over the file,
and the same labels under the same rule make the same file."""

import hashlib
import json
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from annotator.media import store
from annotator.releases.judged import JudgedTask
from annotator.releases.models import Release
from inference_worker.messages import canonical

FORMAT = "stickerloop-release"
VERSION = 1


class ManifestError(ValueError):
    """A manifest that is not there or not what it was; the text says where."""


def write_manifest(file: Path, *, head: dict[str, Any], tasks: Iterable[JudgedTask]) -> None:
    with file.open("w", encoding="utf-8", newline="\n") as lines:
        lines.write(canonical({"format": FORMAT, "version": VERSION, **head}) + "\n")
        for task in tasks:
            lines.write(canonical(task.stored()) + "\n")


@contextmanager
def opened(release: Release) -> Iterator[Iterator[JudgedTask]]:
    """The tasks of a release, one by one; its file is here only meanwhile. Raises BlobError where it is gone."""
    with tempfile.TemporaryDirectory(prefix="stickerloop-manifest-") as folder:
        file = Path(folder) / "manifest.jsonl"
        store.fetch(release.manifest, file)
        with file.open(encoding="utf-8") as lines:
            yield tasks_in(lines, name=release.name)


def sha256_of_manifest(release: Release) -> str:
    """Of the file as it is now."""
    with tempfile.TemporaryDirectory(prefix="stickerloop-manifest-") as folder:
        file = Path(folder) / "manifest.jsonl"
        store.fetch(release.manifest, file)
        with file.open("rb") as manifest:
            return hashlib.file_digest(manifest, "sha256").hexdigest()


def tasks_in(lines: Iterable[str], *, name: str) -> Iterator[JudgedTask]:
    for number, line in enumerate(lines, start=1):
        try:
            row = json.loads(line)
            if number > 1:
                yield JudgedTask.of(row)
            elif (row.get("format"), row.get("version")) != (FORMAT, VERSION):
                raise ValueError
        except (ValueError, KeyError, TypeError, AttributeError):
            raise ManifestError(f"The manifest of {name} cannot be read at line {number}.") from None
