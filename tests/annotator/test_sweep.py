"""Only what nothing refers to goes, and only when it is old."""

import os
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from annotator.generation.models import Clip, ClipState
from annotator.prompts.models import CheckedRow, Import, ImportState, Prompt
from annotator.sweeping import Swept, sweep
from inference_worker.blobs import BlobStore
from tests.annotator.studio import GpuWorker, clips_of, owner, queued_batch

pytestmark = pytest.mark.django_db
NOW = timedelta(0)


def named(store: BlobStore) -> set[str]:
    return {name for prefix in range(256) for name, _ in store.names(f"{prefix:02x}")}


def test_what_rows_refer_to_stays_and_the_rest_goes(blobs: BlobStore) -> None:
    batch = queued_batch(prompts=1, clips=2)
    kept = {blobs.put(f"{n}".encode(), "webp") for n in range(6)}
    sticker, preview, sheet, animation, master, row = kept
    Prompt.objects.update(sticker=sticker)
    first, _ = clips_of(batch)
    GpuWorker().say(GpuWorker().ready(first))
    Clip.objects.filter(pk=first.pk).update(sticker=preview, sheet=sheet, animation=animation, master=master)
    zips = [blobs.put(state.value.encode(), "zip") for state in ImportState]
    for name, state in zip(zips, ImportState, strict=True):
        one = Import(file=name, file_name="a.zip", set_name="A", created_by=owner(), state=state)
        one.lease_until = batch.created_at
        one.save()
    CheckedRow.objects.create(of=one, external_id="1", caption="a", sticker=row, split="hitl")
    lost = {blobs.put(b"lost", "png"), *zips[2:]}

    assert sweep(older_than=NOW, dry=True) == Swept(blobs=len(lost), kept=len(kept) + 2)
    assert named(blobs) >= lost
    assert sweep(older_than=timedelta(days=7)) == Swept(kept=len(kept) + len(zips) + 1), "all is young"
    assert sweep(older_than=NOW) == Swept(blobs=len(lost), kept=len(kept) + 2)
    assert named(blobs) == kept | set(zips[:2])


def test_results_on_record_stay_where_a_clip_waits_for_them(blobs: BlobStore) -> None:
    waiting, running, ready = clips_of(queued_batch(prompts=1, clips=3))
    Clip.objects.filter(pk=running.pk).update(state=ClipState.RUNNING, lease_until=running.created_at)
    GpuWorker().say(GpuWorker().ready(ready))
    for key in (waiting.key, running.key, ready.key, "ab" * 32):
        blobs.put_record("results", key, {})
    assert sweep(older_than=NOW).records == 2
    left = [clip.key for clip in (waiting, running, ready) if blobs.get_record("results", clip.key) is not None]
    assert left == [waiting.key, running.key]


def test_what_is_put_again_is_young_again(blobs: BlobStore) -> None:
    name = blobs.put(b"again", "png")
    os.utime(blobs._path(name), (0, 0))
    blobs.put(b"again", "png")
    assert sweep(older_than=timedelta(days=7)) == Swept(kept=1)


def test_it_says_what_it_did(blobs: BlobStore) -> None:
    blobs.put(b"lost", "png")
    said = StringIO()
    call_command("sweep", "--days", "0", "--dry-run", stdout=said)
    call_command("sweep", "--days", "0", stdout=said)
    assert said.getvalue().splitlines() == [
        "1 blobs and 0 records would go; 0 blobs stay.",
        "1 blobs and 0 records are gone; 0 blobs stay.",
    ]
    with pytest.raises(CommandError, match="0 or more"):
        call_command("sweep", "--days", "-1")
