"""The loop's simulated annotators, through the API as it is served: all gets judged, and as their eyes say."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from pytest_django.live_server_helper import LiveServer

from annotator.annotation.models import Verdict
from annotator.generation.models import Clip, Task, TaskState
from annotator.media import media_url
from benchmarks.annotation_rows import session_of
from benchmarks.judges import SLIPS
from benchmarks.loop_people import judge_all
from sticker_diffusion.metrics.clip_metrics import ClipMetrics
from tests.annotator.actors import open_batch, person

GOOD = ClipMetrics(
    frames=8, frozen=False, motion_size=2.3, bucket=7, seam_ratio=1.0, flicker=0.2, identity_db=40.0, sharpness=0.95,
    verb_seen="jumping", verb_seen_probability=1.0, verb_asked="jumping", verb_asked_probability=1.0, recognised=True,
    nearest_motion="jumping",
)  # fmt: skip


@pytest.mark.django_db(transaction=True)
def test_every_task_is_judged_as_often_as_asked_and_by_what_the_clips_are(live_server: LiveServer) -> None:
    batch = open_batch(tasks=7, candidates=4, overlap=2)
    sheets = [media_url(sheet) for sheet in Clip.objects.order_by("id").values_list("sheet", flat=True)]
    eyes = {sheet: GOOD if place % 2 else replace(GOOD, frozen=True) for place, sheet in enumerate(sheets)}
    people = [session_of(person(f"simulated-b-{number}")) for number in range(3)]
    port = int(live_server.url.rpartition(":")[2])

    work = judge_all(port=port, batch=str(batch.public_id), sessions=people, kind="b", eyes=eyes)
    # In a thread: browser tests in the same process leave their event loop running in this one.
    with ThreadPoolExecutor(max_workers=1) as thread:
        judged, statuses = thread.submit(asyncio.run, work).result()

    assert judged == 7 * 2
    assert all(200 <= status < 300 for status in statuses)
    assert set(Task.objects.values_list("state", flat=True)) == {TaskState.DONE}
    shared = {True: 0, False: 0}
    for sheet, shareable in Verdict.objects.values_list("candidate__clip__sheet", "shareable"):
        shared[eyes[media_url(sheet)] == GOOD] += shareable
    assert shared[True] > 0.6 * 28 > 28 * 3 * SLIPS > shared[False]
