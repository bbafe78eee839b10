"""Writes exports, one after the other, in the process of `manage.py work`."""

import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.db.models import F
from django.db.models.functions import Coalesce
from django.utils import timezone

from annotator.jobs import MOST_ATTEMPTS, GivenUpError, Hold, claim, collecting_rarely
from annotator.media import store
from annotator.prompts.models import PromptSet
from annotator.releases.archive import Archive
from annotator.releases.card import Card
from annotator.releases.clip_files import ClipFolder
from annotator.releases.judged import JudgedTask
from annotator.releases.layouts import LAYOUTS
from annotator.releases.layouts.writing import Writing
from annotator.releases.manifest import ManifestError, opened
from annotator.releases.models import ClipFiles, Export, ExportState, Layout
from annotator.releases.rule import Rule, probabilities
from annotator.releases.selecting import judged_tasks, pin
from inference_worker.blobs import BlobError
from inference_worker.formats.clip import FormatError

README = "README.md"


def write_next_export(stopping: Callable[[], bool] = lambda: False) -> bool:
    """Writes the oldest export that waits, or whose writer fell silent. False where there is none."""
    hold = claim_export(stopping)
    if hold is None:
        return False
    try:
        if hold.attempt > MOST_ATTEMPTS:
            raise ManifestError(f"Writing it was begun {MOST_ATTEMPTS} times and never ended: ask for less at once.")
        write_held(hold)
    except GivenUpError:
        hold.let_go()
    except (ManifestError, BlobError, FormatError) as error:
        hold.end(ExportState.FAILED, error=f"{str(error).rstrip('.')}.", ended_at=timezone.now())
    return True


def claim_export(stopping: Callable[[], bool] = lambda: False) -> Hold[Export] | None:
    begin = {"started_at": timezone.now(), "tasks_done": 0}
    return claim(Export, waiting=ExportState.QUEUED, working=ExportState.WRITING, stopping=stopping, **begin)


def write_held(hold: Hold[Export]) -> None:
    with tempfile.TemporaryDirectory(prefix="stickerloop-export-") as folder:
        file = Path(folder) / "export.zip"
        rows = write_export(
            hold.row, file=file, tell=lambda done, of: hold.tell(tasks_done=done, tasks_to_do=of)
        )  # fmt: skip
        hold.tell(at_once=True, tasks_done=Coalesce(F("tasks_to_do"), 0))
        name, size = store.put_file(file, "zip"), file.stat().st_size
    hold.end(ExportState.READY, file=name, bytes=size, rows=rows, ended_at=timezone.now())


@collecting_rarely()
def write_export(export: Export, *, file: Path, tell: Callable[[int, int], None]) -> int:
    """Writes the zip of an export, stored or not, and returns how many rows are in it. `tell` is told of each task how
    many are done, and of how many. Raises ManifestError, BlobError and FormatError, and leaves half a file then."""
    kind = LAYOUTS[Layout(export.layout)]
    card = Card(export, kind)
    seen = 0

    def told(tasks: Iterable[JudgedTask], of: int) -> Iterator[JudgedTask]:
        nonlocal seen
        for task in tasks:
            seen += 1
            yield card.heard(task)
            tell(seen, of)

    with tempfile.TemporaryDirectory(prefix="stickerloop-drafts-") as drafts, Archive(file) as archive:
        writing = Writing(
            archive=archive,
            drafts=Path(drafts),
            clips=ClipFolder(archive, ClipFiles(export.clips)),
            rule=Rule.of(export.rule),
            only_shareable=export.only_shareable,
        )
        with tasks_of(export) as (tasks, in_all):
            rows = kind.write(writing, told(tasks, in_all))
        counts: dict[str, Any] = {"rows": rows, "tasks": seen, "splits": set(archive.sums)}
        archive.add(README, card.text(counts=counts, licences=licences_of(card.prompt_sets)).encode())
    return rows


@contextmanager
def tasks_of(export: Export) -> Iterator[tuple[Iterator[JudgedTask], int]]:
    """The tasks to lay out, and how many they are."""
    if export.release is not None:
        with opened(export.release) as tasks:
            yield tasks, export.release.counts["tasks"]
        return
    rule = Rule.of(export.rule)
    pins = pin(rule)
    selected = (rule.select(task) for task in judged_tasks(pins, probabilities(rule)))
    yield (task for task in selected if task is not None), pins.tasks_in_all


def licences_of(prompt_sets: Iterable[str]) -> dict[str, str]:
    return dict(PromptSet.objects.filter(name__in=prompt_sets).values_list("name", "licence"))
