"""What is said of a batch before it is queued: how much, how much of it is there, how long workers take."""

from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from annotator.checkpoints.models import Checkpoint
from annotator.generation.estimates import Estimate, estimate_batch
from annotator.generation.models import Batch, Clip
from annotator.generation.pace import CLIPS_MEASURED
from annotator.prompts.models import PromptSet
from tests.annotator.actors import checkpoint
from tests.annotator.studio import GpuWorker, clips_of, prompt_set, queued_batch, source

pytestmark = pytest.mark.django_db

DEFAULT_STEPS = 8


def measured(model: Checkpoint, *, seconds: float, worker: str = "gpu-1", clips: int = 2, **more: Any) -> None:
    """The worker has made clips of the model, each in so many seconds; `more` are settings, and other stages."""
    stages = {name: more.pop(name) for name in ("encode", "store", "measure") if name in more}
    batch = queued_batch(prompts=1, sources=[source(model, clips, **more)])
    for clip in clips_of(batch):
        GpuWorker(worker).finish(clip)
        Clip.objects.filter(pk=clip.pk).update(
            timings={"load": 9.0, "sample": seconds, **stages}, provenance={"micro_batch": 4}
        )


def estimated(model: Checkpoint, prompts: PromptSet | None = None, **settings: Any) -> Estimate:
    return estimate_batch(prompt_set_id=(prompts or prompt_set(10)).pk, sources=[source(model, 2, **settings)])


def test_nothing_is_made_and_what_is_there_is_known() -> None:
    prompts, model = prompt_set(3), checkpoint()
    first = queued_batch(prompts=prompts, sources=[source(model, 2)], seed_base=7)
    GpuWorker().finish(*clips_of(first)[:4])
    request: dict[str, Any] = {"prompt_set_id": prompts.pk, "sources": [source(model, 3), source(clips=1)]}

    fresh = estimate_batch(**request)
    assert (fresh.clips, fresh.already_there, fresh.tasks) == (12, 0, 3)
    again = estimate_batch(**request, seed_base=7)
    assert [(each.clips, each.already_there) for each in again.sources] == [(9, 4), (3, 0)]
    assert [prompt.external_id for prompt in again.prompts] == ["p0", "p1", "p2"]
    assert Batch.objects.count() == 1


def test_time_follows_from_what_workers_recorded_of_the_same_settings() -> None:
    model = checkpoint()
    measured(model, seconds=3.0)
    measured(model, seconds=50.0, steps=40)
    GpuWorker("gpu-1").beat()
    estimate = estimated(model)
    (of_model,) = estimate.sources
    assert (of_model.seconds_a_clip, of_model.same_settings) == (3.0, True), "a clip's own share of its micro-batch"
    assert (estimate.worker_seconds, estimate.seconds) == (60.0, 60.0)


def test_other_settings_count_by_their_steps_and_it_is_said() -> None:
    model = checkpoint()
    measured(model, seconds=3.0)
    (of_model,) = estimated(model, steps=2 * DEFAULT_STEPS).sources
    assert (of_model.seconds_a_clip, of_model.same_settings) == (6.0, False)


def test_what_goes_on_beside_the_sampling_counts_where_it_is_slower() -> None:
    model = checkpoint()
    measured(model, seconds=0.5, encode=0.75, store=0.25, measure=0.25)
    assert estimated(model).sources[0].seconds_a_clip == 1.25


def test_each_live_worker_counts_with_its_own_pace() -> None:
    model = checkpoint()
    measured(model, seconds=2.0, worker="fast", clips=2)
    measured(model, seconds=6.0, worker="slow", clips=2)
    measured(model, seconds=100.0, worker="gone", clips=2)
    for name in ("fast", "slow"):
        GpuWorker(name).beat()
    estimate = estimated(model)
    assert estimate.workers == 2
    assert estimate.seconds == pytest.approx(20 / (1 / 2 + 1 / 6)), "20 clips, by both at once"


def test_nothing_measured_and_no_worker_are_said_as_they_are() -> None:
    known, unknown = checkpoint(), checkpoint()
    measured(known, seconds=3.0)
    assert (estimated(known).worker_seconds, estimated(known).seconds) == (60.0, None), "no worker runs"
    GpuWorker().beat()
    both = estimate_batch(prompt_set_id=prompt_set(1).pk, sources=[source(known, 1), source(unknown, 1)])
    assert [each.seconds_a_clip for each in both.sources] == [3.0, None]
    assert (both.worker_seconds, both.seconds, both.workers) == (None, None, 1)


def test_what_is_there_takes_no_time() -> None:
    prompts, model = prompt_set(2), checkpoint()
    first = queued_batch(prompts=prompts, sources=[source(model, 2)], seed_base=7)
    GpuWorker().finish(*clips_of(first))
    again = estimate_batch(prompt_set_id=prompts.pk, sources=[source(model, 2)], seed_base=7)
    assert (again.worker_seconds, again.seconds) == (0, 0)


def test_only_the_latest_clips_count() -> None:
    model = checkpoint()
    for _ in range(2):
        measured(model, seconds=90.0, clips=9)
    for _ in range(-(-CLIPS_MEASURED // 9)):
        measured(model, seconds=1.0, clips=9)
    assert estimated(model).sources[0].seconds_a_clip == 1.0


def test_an_estimate_costs_the_same_queries_whatever_the_set(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    model = checkpoint()
    measured(model, seconds=1.0)
    for size in (3, 40):
        prompts = prompt_set(size)
        with django_assert_num_queries(6):
            estimated(model, prompts)
