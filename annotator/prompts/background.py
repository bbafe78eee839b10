"""Reads imports, one after the other, in the process of `manage.py work`."""

import logging
import tempfile
from collections.abc import Callable
from pathlib import Path

from django.db import transaction
from django.utils import timezone

from annotator.jobs import MOST_ATTEMPTS, GivenUpError, Hold, claim
from annotator.media import store
from annotator.prompts.imports import ROWS_AT_ONCE
from annotator.prompts.models import CheckedRow, Import, ImportProblem, ImportState
from annotator.prompts.reading import Choices, Reading, read_source
from annotator.prompts.sources.rows import ImportRefusedError
from inference_worker.blobs import BlobError

log = logging.getLogger(__name__)


def read_next_import(stopping: Callable[[], bool] = lambda: False) -> bool:
    """Reads the oldest import that waits, or whose reader fell silent. False where there is none."""
    hold = claim_import(stopping)
    if hold is None:
        return False
    try:
        if hold.attempt > MOST_ATTEMPTS:
            raise ImportRefusedError([f"Reading it was begun {MOST_ATTEMPTS} times and never ended: try smaller parts"])
        keep(hold, reading=read(hold))
    except GivenUpError:
        hold.let_go()
    except (ImportRefusedError, BlobError) as error:
        hold.end(ImportState.REFUSED, error=str(error))
    return True


def claim_import(stopping: Callable[[], bool] = lambda: False) -> Hold[Import] | None:
    begin = {"started_at": timezone.now(), "rows_read": 0}
    return claim(Import, waiting=ImportState.UPLOADED, working=ImportState.READING, stopping=stopping, **begin)


def read(hold: Hold[Import]) -> Reading:
    one = hold.row
    with tempfile.TemporaryDirectory(prefix="stickerloop-import-") as folder:
        file = Path(folder) / Path(one.file_name).name
        store.fetch(one.file, file)
        choices = Choices(accept_photos=one.accept_photos, heldout_share=one.heldout_share)
        return read_source(
            file=file,
            set_name=one.set_name,
            choices=choices,
            progress=lambda rows_read, rows: hold.tell(at_once=rows_read == rows, rows_read=rows_read, rows=rows),
        )


def keep(hold: Hold[Import], *, reading: Reading) -> None:
    """Writes down what was found, all of it or nothing."""
    one = hold.row
    with transaction.atomic():
        checked = hold.end(
            ImportState.CHECKED,
            good_rows=len(reading.prompts),
            bad_rows=reading.bad_rows,
            rows_there=reading.there,
            captions_from_names=reading.captions_from_names,
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
