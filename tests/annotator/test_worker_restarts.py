"""A worker that was killed comes back: what it held is queued at once, and what it was sent since is its own."""

from datetime import timedelta

import pytest
from django.utils import timezone

from annotator.generation.models import Clip, ClipState
from annotator.generation.silence import collect_silent_clips
from inference_worker.messages import LEASE_SECONDS, Heartbeat
from tests.annotator.studio import GpuWorker, clips_of, queued_batch

pytestmark = pytest.mark.django_db


def running(clip: Clip, *, seconds_ago: float, worker: str = "gpu-1") -> None:
    """Its lease was made, or last extended, so long ago."""
    lease_until = timezone.now() + timedelta(seconds=LEASE_SECONDS - seconds_ago)
    Clip.objects.filter(pk=clip.pk).update(state=ClipState.RUNNING, worker=worker, attempt=1, lease_until=lease_until)


def beat(*held: Clip, up_seconds: float | None) -> None:
    GpuWorker().say(
        Heartbeat(
            worker="gpu-1",
            worker_version="1",
            device="test",
            micro_batch=4,
            held=[clip.key for clip in held],
            up_seconds=up_seconds,
        )
    )


def queued() -> set[int]:
    return set(Clip.objects.filter(state=ClipState.QUEUED).values_list("pk", flat=True))


def test_a_restarted_worker_lets_go_of_what_it_held_before() -> None:
    lost, sent_since, held, others = clips_of(queued_batch(prompts=2, clips=2))
    running(lost, seconds_ago=5)
    running(sent_since, seconds_ago=1)
    running(held, seconds_ago=5)
    running(others, seconds_ago=5, worker="gpu-2")
    beat(held, up_seconds=3)
    assert collect_silent_clips() == 1
    assert queued() == {lost.pk}
    lost.refresh_from_db()
    assert lost.attempt == 1, "a clip that kills its worker may not be tried for ever"


@pytest.mark.parametrize("up_seconds", [None, 5.0, LEASE_SECONDS + 1.0], ids=["not said", "since before", "long ago"])
def test_a_worker_that_went_on_keeps_what_is_on_its_way(up_seconds: float | None) -> None:
    for clip in clips_of(queued_batch(prompts=1, clips=2)):
        running(clip, seconds_ago=2)
    beat(up_seconds=up_seconds)
    assert collect_silent_clips() == 0
    assert queued() == set()
