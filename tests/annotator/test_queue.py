"""The queue in words, and that its turns are fair."""

from collections import Counter
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from annotator.accounts.models import Role
from annotator.generation.batches import steer_batch
from annotator.generation.by_minute import MINUTES, clips_by_minute
from annotator.generation.dispatch import fill_workers, hand_out
from annotator.generation.models import Batch, Clip, ClipState, Worker
from annotator.generation.outlook import outlook
from annotator.generation.previews import Scene, ask_preview
from annotator.media import store
from tests.annotator.actors import annotator, person, researcher
from tests.annotator.studio import GpuWorker, checkpoint, clips_of, prompt_set, queued_batch, source

pytestmark = pytest.mark.django_db


def named(name: str, *, priority: int = 0, prompts: int = 3) -> Batch:
    batch = queued_batch(prompts=prompts, clips=2)
    Batch.objects.filter(pk=batch.pk).update(name=name, priority=priority)
    batch.refresh_from_db()
    return batch


def test_it_says_what_goes_next_and_why(sent: object) -> None:
    model = checkpoint("small")
    low, urgent, other, resting = named("low"), named("urgent", priority=5), named("other"), named("resting")
    steer_batch(batch_id=resting.pk, changes={"generation_paused": True})
    ask_preview(
        by=person("rosa", Role.RESEARCHER),
        scenes=[Scene(caption="a dog jumping", sticker=store.put(b"a dog", "png"))],
        sources=[source(model, clips=1)],
        seed=1,
    )
    seen = researcher("adam").get("queue/")
    assert [(row["name"], row["batch"], row["clips"], row["why"]) for row in seen["next"]] == [
        ("Preview of rosa", None, 1, "somebody waits in front of it: previews go before all batches"),
        ("urgent", urgent.pk, 6, "its priority, 5, is the highest"),
        ("low", low.pk, 6, "after what has priority 5, then takes turns with 1 other of its priority"),
        ("other", other.pk, 6, "after what has priority 5, then takes turns with 1 other of its priority"),
    ]
    assert [(row["name"], row["why"]) for row in seen["held"]] == [("resting", "its generation is paused")]
    assert (seen["workers"], seen["running"]) == (0, [])

    GpuWorker(micro_batch=2).beat()
    fill_workers()
    seen = researcher("bea").get("queue/")
    assert seen["workers"] == 1
    running = {(row["worker"], row["checkpoint"], row["batch_name"], row["clips"]) for row in seen["running"]}
    assert running == {
        ("gpu-1", "small", None, 1),
        ("gpu-1", urgent.sources.get().checkpoint.name, "urgent", 2),
    }


def test_it_says_why_a_batch_takes_no_turn() -> None:
    prompts, made_by = prompt_set(2), [source(checkpoint("small"), clips=2)]
    first = queued_batch(prompts=prompts, sources=made_by, seed_base=7)
    same = queued_batch(prompts=prompts, sources=made_by, seed_base=7, priority=3)
    planned = named("planned")
    planned.tasks.all().delete()
    planned.wanted_clips.all().delete()
    Batch.objects.filter(pk=planned.pk).update(filled_at=None)

    def held() -> dict[str, tuple[int, str]]:
        return {row["name"]: (row["clips"], row["why"]) for row in researcher().get("queue/")["held"]}

    planning = (0, "its clips are being planned, which is the dispatcher's work")
    assert held() == {"planned": planning, same.name: (4, f"its clips come with those of {first.name}")}
    steer_batch(batch_id=first.pk, changes={"generation_paused": True})
    assert held() == {
        first.name: (4, "its generation is paused"),
        "planned": planning,
        same.name: (4, f"its clips come with those of {first.name}, whose generation is paused"),
    }
    Clip.objects.filter(wanted_by=first).update(state=ClipState.FAILED)
    assert held() == {"planned": planning}


def test_its_cost_does_not_grow_with_the_queue() -> None:
    def statements() -> int:
        with CaptureQueriesContext(connection) as queries:
            outlook()
        return len(queries)

    named("one")
    few = statements()
    clips_of(named("two", prompts=9))
    assert statements() == few + 1
    assert few <= 9


def test_it_is_for_researchers() -> None:
    annotator("anna").get("queue/", status=403)
    annotator("bela").get("workers/pace/", status=403)


def test_clips_of_each_worker_minute_by_minute() -> None:
    batch, gpu = named("one"), GpuWorker()
    now = timezone.now().replace(second=30)
    ages = [0, 0, 1, MINUTES - 1, MINUTES]
    for clip, age in zip(clips_of(batch), ages, strict=False):
        gpu.say(gpu.ready(clip))
        Clip.objects.filter(pk=clip.pk).update(ready_at=now - timedelta(minutes=age))
    minutes = researcher("rosa").get("workers/pace/")["workers"]["gpu-1"]
    assert minutes == clips_by_minute()["gpu-1"]
    assert (len(minutes), minutes[-1], minutes[-2], minutes[0], sum(minutes)) == (MINUTES, 2, 1, 1, 4)


def test_the_pace_costs_one_query_and_is_sent_again_only_when_it_changed(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    batch, gpu, rosa = named("one"), GpuWorker(), researcher("rosa")
    long_ago = timezone.now() - timedelta(minutes=3)
    for clip in clips_of(batch)[:4]:
        gpu.say(gpu.ready(clip))
        Clip.objects.filter(pk=clip.pk).update(ready_at=long_ago)
    address = "/api/v1/workers/pace/"
    with django_assert_num_queries(2):
        tag = rosa.client.get(address)["ETag"]
    known = {"If-None-Match": tag}
    assert rosa.client.get(address, headers=known).status_code == 304
    gpu.say(gpu.ready(clips_of(batch)[4]))
    assert rosa.client.get(address, headers=known).status_code == 200


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    batches=st.lists(st.tuples(st.integers(-2, 2), st.integers(1, 5)), min_size=1, max_size=5),
    at_once=st.integers(1, 3),
)
def test_no_batch_waits_while_a_lower_priority_is_served_and_equal_ones_get_equal_turns(
    sent: object, batches: list[tuple[int, int]], at_once: int
) -> None:
    with transaction.atomic():
        made = [
            named(f"b{place}", priority=priority, prompts=prompts) for place, (priority, prompts) in enumerate(batches)
        ]
        worker = Worker(name="gpu", micro_batch=at_once)
        turns: Counter[int] = Counter()
        while True:
            waiting = {
                batch.pk: batch.priority
                for batch in made
                if Clip.objects.filter(wanted_by=batch, state=ClipState.QUEUED).exists()
            }
            given_out = hand_out(worker)
            if not waiting:
                assert not given_out
                break
            (served,) = {clip.wanted_by_id for clip in given_out}
            assert served is not None
            assert waiting[served] == max(waiting.values())
            turns[served] += 1
            alike = [turns[pk] for pk, priority in waiting.items() if priority == waiting[served]]
            assert max(alike) - min(alike) <= 1
        transaction.set_rollback(True)
