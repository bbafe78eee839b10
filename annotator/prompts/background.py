"""Reads imports, one after the other, in the process of `manage.py work`."""

import logging
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from annotator.media import store
from annotator.prompts.imports import ROWS_AT_ONCE
from annotator.prompts.models import CheckedRow, Import, ImportProblem, ImportState
from annotator.prompts.reading import Choices, Reading, read_source
from annotator.prompts.sources.rows import ImportRefusedError
from inference_worker.blobs import BlobError

LEASE = timedelta(seconds=60)
TELL_EVERY_SECONDS = 0.5
MOST_ATTEMPTS = 3

log = logging.getLogger(__name__)


class GivenUpError(Exception):
    """Nobody wants this reading any more: it was cancelled, taken over, or the process shall end."""


def read_next_import(stopping: Callable[[], bool] = lambda: False) -> bool:
    """Reads the oldest import that waits, or whose reader fell silent. False where there is none."""
    one = claim()
    if one is None:
        return False
    try:
        if one.attempt > MOST_ATTEMPTS:
            raise ImportRefusedError([f"Reading it was begun {MOST_ATTEMPTS} times and never ended: try smaller parts"])
        keep(one, reading=read(one, stopping))
    except GivenUpError:
        mine(one).update(state=ImportState.UPLOADED, attempt=F("attempt") - 1, lease_until=None)
    except (ImportRefusedError, BlobError) as error:
        mine(one).update(state=ImportState.REFUSED, error=str(error), lease_until=None)
    return True


def claim() -> Import | None:
    now = timezone.now()
    free = Q(state=ImportState.UPLOADED) | Q(state=ImportState.READING, lease_until__lt=now)
    for pk in list(Import.objects.filter(free).order_by("id").values_list("pk", flat=True)[:8]):
        claimed = Import.objects.filter(free, pk=pk).update(
            state=ImportState.READING, attempt=F("attempt") + 1, started_at=now, lease_until=now + LEASE, rows_read=0
        )
        if claimed:
            return Import.objects.get(pk=pk)
    return None


def mine(one: Import) -> QuerySet[Import]:
    """The row, as long as this reading holds it."""
    return Import.objects.filter(pk=one.pk, state=ImportState.READING, attempt=one.attempt)


def read(one: Import, stopping: Callable[[], bool]) -> Reading:
    told = 0.0

    def progress(rows_read: int, rows: int) -> None:
        nonlocal told
        if stopping():
            raise GivenUpError
        if rows_read < rows and time.monotonic() - told < TELL_EVERY_SECONDS:
            return
        told = time.monotonic()
        if not mine(one).update(rows_read=rows_read, rows=rows, lease_until=timezone.now() + LEASE):
            raise GivenUpError

    with tempfile.TemporaryDirectory(prefix="stickerloop-import-") as folder:
        file = Path(folder) / Path(one.file_name).name
        store.fetch(one.file, file)
        choices = Choices(accept_photos=one.accept_photos, heldout_share=one.heldout_share)
        return read_source(file=file, set_name=one.set_name, choices=choices, progress=progress)


def keep(one: Import, *, reading: Reading) -> None:
    """Writes down what was found, all of it or nothing."""
    with transaction.atomic():
        checked = mine(one).update(
            state=ImportState.CHECKED,
            good_rows=len(reading.prompts),
            bad_rows=reading.bad_rows,
            rows_there=reading.there,
            captions_from_names=reading.captions_from_names,
            lease_until=None,
        )
        if not checked:
            log.info("import %s: what was read is not wanted any more", one.pk)
            return
        CheckedRow.objects.bulk_create(
            [
                CheckedRow(
                    of=one,
                    external_id=prompt.external_id,
                    caption=prompt.caption,
                    sticker=prompt.sticker,
                    split=prompt.split,
                )
                for prompt in reading.prompts
            ],
            batch_size=ROWS_AT_ONCE,
        )
        ImportProblem.objects.bulk_create(
            [
                ImportProblem(of=one, place=problem.place, column=problem.column, sentence=problem.sentence)
                for problem in reading.problems
            ],
            batch_size=ROWS_AT_ONCE,
        )
