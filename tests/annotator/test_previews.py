"""Previews: clips that somebody waits for in front of a page go before all batches, and go away with the page."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from annotator.accounts.models import Role, User
from annotator.checkpoints.models import Checkpoint
from annotator.generation.batches import cancel_batch, retry_batch, steer_batch
from annotator.generation.dispatch import fill_workers
from annotator.generation.filling import join_clips
from annotator.generation.models import Batch, Candidate, Clip, ClipState, Preview, TaskState
from annotator.generation.previews import (
    KEPT,
    LOOKED_AT,
    Scene,
    TooManyWaitingError,
    ask_preview,
    cancel_preview,
    forget_previews,
    give_up_previews,
)
from annotator.generation.requests import clip_seed
from annotator.generation.silence import collect_silent_clips
from annotator.media import store
from inference_worker.messages import DROP_TASK, GENERATE_TASK, Generate
from tests.annotator.actors import checkpoint, person
from tests.annotator.studio import (
    GpuWorker,
    books_balance,
    clips_of,
    prompt_set,
    queued_batch,
    source,
    states,
    tasks_of,
)

pytestmark = pytest.mark.django_db
Sent = list[tuple[str, str, dict[str, Any]]]
DOG = store.put(b"a dog", "png")


@pytest.fixture
def rosa(researcher: User) -> User:
    return researcher


@pytest.fixture
def model() -> Checkpoint:
    return checkpoint()


def ask(by: User, model: Checkpoint, *captions: str, seed: int = 1, **settings: Any) -> Preview:
    scenes = [Scene(caption=caption, sticker=DOG) for caption in captions or ("a dog jumping",)]
    return ask_preview(by=by, scenes=scenes, sources=[source(model, clips=1, **settings)], seed=seed)


def sent_captions(sent: Sent) -> list[str]:
    messages = [Generate.from_json(body) for task, _, body in sent if task == GENERATE_TASK]
    return [request.caption for message in messages for request in message.requests]


def unseen(*previews: Preview) -> None:
    Preview.objects.filter(pk__in=[preview.pk for preview in previews]).update(seen_at=timezone.now() - 2 * LOOKED_AT)


def test_a_preview_goes_before_a_batch_of_five_hundred(sent: Sent, rosa: User, model: Checkpoint) -> None:
    queued_batch(prompts=250, clips=2, priority=100)
    assert Clip.objects.filter(state=ClipState.QUEUED).count() == 500
    ask(rosa, model, "first", "second")
    GpuWorker(micro_batch=4).beat()
    fill_workers()
    assert sent_captions(sent)[:2] == ["first", "second"]
    assert len(sent_captions(sent)) > 2, "the batch goes on after it"


def test_people_take_turns_however_much_one_asks_for(sent: Sent, rosa: User, model: Checkpoint) -> None:
    ben = person("ben", Role.RESEARCHER)
    for number in range(3):
        ask(rosa, model, f"rosa {number}")
    ask(ben, model, "ben 0")
    ask(ben, model, "ben 1")
    gpu = GpuWorker(micro_batch=1)
    for _ in range(5):
        gpu.beat()
        fill_workers()
        gpu.finish(*Clip.objects.filter(state=ClipState.RUNNING))
    assert sent_captions(sent) == ["rosa 0", "ben 0", "rosa 1", "ben 1", "rosa 2"]


def test_the_same_request_is_answered_at_once(sent: Sent, rosa: User, model: Checkpoint) -> None:
    first = ask(rosa, model)
    gpu = GpuWorker()
    gpu.beat()
    fill_workers()
    gpu.finish(first.clips.get())
    again = ask(person("ben", Role.RESEARCHER), model)
    assert again.clips.get() == first.clips.get()
    assert again.clips.get().state == ClipState.READY
    assert fill_workers() == 0
    assert ask(rosa, model, seed=2).clips.get().state == ClipState.QUEUED


def test_a_person_may_wait_for_so_many_clips(rosa: User, model: Checkpoint) -> None:
    for number in range(8):
        ask(rosa, model, f"a {number}", f"b {number}", f"c {number}")
    before = (Preview.objects.count(), Clip.objects.count())
    with pytest.raises(TooManyWaitingError, match="more than 24 clips"):
        ask(rosa, model, "one more")
    assert (Preview.objects.count(), Clip.objects.count()) == before
    ask(rosa, model, "a 1")  # is waited for already
    ask(person("ben", Role.RESEARCHER), model, "one more")


def test_an_abandoned_preview_gives_up_its_queued_clips_and_lets_running_ones_finish(
    sent: Sent, rosa: User, model: Checkpoint
) -> None:
    preview = ask(rosa, model, "running", "queued")
    gpu = GpuWorker(micro_batch=1)
    Clip.objects.filter(caption="running").update(
        state=ClipState.RUNNING, worker="gpu-1", lease_until=timezone.now() + timedelta(seconds=30)
    )
    assert give_up_previews() == 0
    unseen(preview)
    assert give_up_previews() == 2
    preview.refresh_from_db()
    assert preview.ended_at is not None
    running = Clip.objects.get()
    gpu.finish(running)
    assert preview.clips.get().state == ClipState.READY
    assert not [task for task, _, _ in sent if task == DROP_TASK]


def test_a_running_clip_of_an_abandoned_preview_whose_worker_dies_is_not_made_again(
    sent: Sent, rosa: User, model: Checkpoint
) -> None:
    preview = ask(rosa, model)
    GpuWorker().beat()
    fill_workers()
    unseen(preview)
    give_up_previews()
    Clip.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert collect_silent_clips() == 1
    assert give_up_previews() == 1
    assert not Clip.objects.exists()


def test_a_silent_worker_and_failures_cost_a_preview_attempts_as_they_do_a_batch(
    sent: Sent, rosa: User, model: Checkpoint
) -> None:
    preview = ask(rosa, model)
    gpu = GpuWorker()
    gpu.beat()
    for attempt in (1, 2, 3):
        assert fill_workers() == 1
        gpu.fail(preview.clips.get(), attempt=attempt, error="not a number")
    failed = preview.clips.get()
    assert (failed.state, failed.error) == (ClipState.FAILED, "not a number")
    assert fill_workers() == 0
    again = ask(rosa, model).clips.get()
    assert (again.pk, again.state, again.attempt) == (failed.pk, ClipState.QUEUED, 0)


def test_cancelling_stops_running_clips_too_but_none_that_others_wait_for(
    sent: Sent, rosa: User, model: Checkpoint
) -> None:
    mine = ask(rosa, model, "shared", "mine", "queued")
    ask(person("ben", Role.RESEARCHER), model, "shared")
    GpuWorker(micro_batch=1).beat()
    fill_workers()
    dropped = Clip.objects.get(caption="mine")
    assert dropped.state == ClipState.RUNNING
    cancel_preview(mine.pk)
    assert [clip.caption for clip in Clip.objects.all()] == ["shared"]


@pytest.mark.django_db(transaction=True)
def test_cancelling_tells_the_worker(sent: Sent, rosa: User, model: Checkpoint) -> None:
    preview = ask(rosa, model)
    GpuWorker().beat()
    fill_workers()
    key = preview.clips.get().key
    cancel_preview(preview.pk)
    assert sent[-1] == (DROP_TASK, "generate.gpu-1", {**sent[-1][2], "keys": [key]})


def as_candidate(clip: Clip, model: Checkpoint) -> Batch:
    """A batch in which this very clip is a candidate."""
    batch = queued_batch(prompts=1, sources=[source(model, clips=2)])
    task = tasks_of(batch)[0]
    old = task.candidates.order_by("id")[0]
    join_clips(batch=batch, asked=[clip])
    Candidate.objects.filter(pk=old.pk).update(clip=clip)
    Clip.objects.filter(pk=old.clip_id).delete()
    return batch


def test_a_batch_takes_over_what_a_preview_waits_for_and_gives_it_back(
    sent: Sent, rosa: User, model: Checkpoint
) -> None:
    preview = ask(rosa, model)
    batch = as_candidate(preview.clips.get(), model)
    assert preview.clips.get().wanted_by == batch
    unseen(preview)
    give_up_previews()
    assert Clip.objects.filter(pk=preview.clips.get().pk).exists(), "the batch waits for it"
    again = ask(rosa, model)
    cancel_batch(batch.pk)
    clip = again.clips.get()
    assert (clip.wanted_by, clip.state) == (None, ClipState.QUEUED)
    assert not Candidate.objects.filter(clip=clip).exists()
    assert [each.pk for each in Clip.objects.all()] == [clip.pk]
    GpuWorker().beat()
    assert fill_workers() == 1


def test_a_preview_is_made_though_the_batch_that_wants_its_clip_is_paused(
    sent: Sent, rosa: User, model: Checkpoint
) -> None:
    preview = ask(rosa, model)
    batch = as_candidate(preview.clips.get(), model)
    steer_batch(batch_id=batch.pk, changes={"generation_paused": True})
    gpu = GpuWorker()
    gpu.beat()
    assert fill_workers() == 1
    gpu.finish(preview.clips.get())
    assert tasks_of(batch)[0].missing_clips == 1
    books_balance()


def test_a_clip_that_failed_in_a_batch_and_was_asked_for_again_in_vain_has_failed_as_before(
    sent: Sent, rosa: User, model: Checkpoint
) -> None:
    preview = ask(rosa, model)
    batch = as_candidate(preview.clips.get(), model)
    gpu = GpuWorker()
    gpu.beat()
    fill_workers()
    for clip in clips_of(batch):
        gpu.fail(clip, final=True)
    assert states(batch) == [TaskState.VOID]
    again = ask(rosa, model)
    assert again.clips.get().state == ClipState.QUEUED
    unseen(preview, again)
    give_up_previews()
    clip = again.clips.get()
    assert (clip.state, clip.error) == (ClipState.FAILED, "out of memory")
    books_balance()
    assert retry_batch(batch.pk) == 2
    assert states(batch) == [TaskState.FILLING]


def test_a_week_later_previews_go_with_the_clips_that_nothing_else_refers_to(
    sent: Sent, rosa: User, model: Checkpoint
) -> None:
    old = ask(rosa, model, "forgotten", "in a batch", "asked for again")
    gpu = GpuWorker()
    gpu.beat()
    fill_workers()
    gpu.finish(*old.clips.all())
    as_candidate(Clip.objects.get(caption="in a batch"), model)
    new = ask(rosa, model, "asked for again")
    assert forget_previews() == 0
    Preview.objects.filter(pk=old.pk).update(asked_at=timezone.now() - KEPT - timedelta(seconds=1))
    assert forget_previews() == 1
    assert set(Clip.objects.filter(state=ClipState.READY).values_list("caption", flat=True)) == {
        "in a batch",
        "asked for again",
    }
    assert list(Preview.objects.all()) == [new]


def test_a_batch_finds_the_clips_of_a_preview(rosa: User, model: Checkpoint) -> None:
    made = prompt_set(prompts=1)
    made.prompts.update(sticker=DOG)
    prompt = made.prompts.get()
    seeds = [clip_seed(seed_base=7, prompt_id=prompt.pk, index=index) for index in (0, 1)]
    previewed = [ask(rosa, model, prompt.caption, seed=seed).clips.get() for seed in seeds]
    batch = queued_batch(prompts=made, sources=[source(model, clips=2)], seed_base=7)
    assert clips_of(batch) == previewed
