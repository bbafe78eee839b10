"""Creating batches: what is made, what is shared with earlier ones, what is refused."""

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from pytest_django import DjangoAssertNumQueries

from annotator.generation import filling
from annotator.generation.batches import cancel_batch
from annotator.generation.choosing import PromptFilter
from annotator.generation.filling import fill_batch, fill_batches
from annotator.generation.models import Batch, Candidate, Clip, ClipState, Task, TaskState
from annotator.generation.planning import SourceRequest
from annotator.prompts.models import Prompt
from tests.annotator.actors import checkpoint
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


def test_every_prompt_becomes_a_task_with_the_clips_of_every_source() -> None:
    teacher, student = checkpoint(), checkpoint()
    batch = queued_batch(prompts=3, sources=[source(teacher, 2), source(student, 1, steps=4)], overlap=2)

    assert states(batch) == [TaskState.FILLING] * 3
    assert batch.filled_at is not None
    for task in tasks_of(batch):
        clips = Clip.objects.filter(candidates__task=task)
        assert task.missing_clips == 3
        assert task.overlap == 2
        assert task.open_slots == 0
        assert sorted(clip.checkpoint_id for clip in clips) == [teacher.pk, teacher.pk, student.pk]
        assert {clip.caption for clip in clips} == {task.prompt.caption}
        assert {clip.settings["steps"] for clip in clips.filter(checkpoint=student)} == {4}
        assert {clip.state for clip in clips} == {ClipState.QUEUED}


def test_models_start_from_equal_noise_and_batches_do_not() -> None:
    prompts = prompt_set(2)
    teacher, student = checkpoint(), checkpoint()
    batch = queued_batch(prompts=prompts, sources=[source(teacher, 2), source(student, 2)])
    other = queued_batch(prompts=prompts, sources=[source(teacher, 2)])

    def seeds(of: Batch, model: Any) -> set[int]:
        return {clip.seed for clip in clips_of(of) if clip.checkpoint_id == model.pk}

    assert seeds(batch, teacher) == seeds(batch, student)
    assert len(seeds(batch, teacher)) == 4
    assert not seeds(other, teacher) & seeds(batch, teacher)
    assert all(0 <= seed < 2**48 for seed in seeds(batch, teacher))


def test_clips_are_queued_prompt_after_prompt() -> None:
    batch = queued_batch(prompts=3, sources=[source(clips=2), source(clips=1)])
    captions = [clip.caption for clip in clips_of(batch)]
    assert captions == [task.prompt.caption for task in tasks_of(batch) for _ in range(3)]


def test_an_old_seed_base_gets_the_old_clips() -> None:
    prompts, model = prompt_set(2), checkpoint()
    first = queued_batch(prompts=prompts, sources=[source(model, 2)], seed_base=7)
    GpuWorker().finish(*clips_of(first)[:3])

    again = queued_batch(prompts=prompts, sources=[source(model, 2)], seed_base=7, overlap=3)

    assert clips_of(again) == clips_of(first)
    assert Clip.objects.count() == 4
    assert states(again) == [TaskState.OPEN, TaskState.FILLING]
    opened, filling_one = tasks_of(again)
    assert (opened.position, opened.open_slots) == (1, 3)
    assert filling_one.missing_clips == 1
    GpuWorker().finish(clips_of(first)[3])
    assert states(first) == states(again) == [TaskState.OPEN] * 2


def test_a_failed_clip_that_a_new_batch_asks_for_is_tried_again() -> None:
    prompts, model = prompt_set(1), checkpoint()
    first = queued_batch(prompts=prompts, sources=[source(model, 3)], seed_base=7)
    failed, *others = clips_of(first)
    GpuWorker().fail(failed, final=True)
    GpuWorker().finish(*others)
    assert states(first) == [TaskState.OPEN]

    again = queued_batch(prompts=prompts, sources=[source(model, 3)], seed_base=7)

    failed.refresh_from_db()
    assert (failed.state, failed.wanted_by, failed.attempt, failed.error) == (ClipState.QUEUED, again, 0, "")
    assert tasks_of(again)[0].missing_clips == 1
    books_balance()
    GpuWorker().finish(failed)
    assert states(again) == [TaskState.OPEN]
    assert Candidate.objects.filter(task__batch=first, dropped=True).count() == 1, "what people see stays as it was"


def test_the_checkpoints_own_settings_fill_the_gaps() -> None:
    model = checkpoint()
    model.default_settings = {"steps": 25, "text_scale": 5}
    model.save()
    batch = queued_batch(prompts=1, sources=[source(model, 2, text_scale=2)])
    settings = batch.sources.get().settings
    assert settings["steps"] == 25
    assert settings["text_scale"] == 2.0
    assert settings["size"] == 320
    assert {clip.settings["text_scale"] for clip in clips_of(batch)} == {2.0}


def test_only_the_chosen_splits_are_used() -> None:
    with_both = prompt_set(2)
    Prompt.objects.filter(prompt_set=with_both, external_id="p1").update(split="heldout")
    assert len(tasks_of(queued_batch(prompts=with_both))) == 1
    both = PromptFilter(splits=["heldout", "hitl"])
    assert len(tasks_of(queued_batch(prompts=with_both, chosen=both))) == 2


@pytest.mark.parametrize(
    ("clips", "field", "says"),
    [
        ([1], "sources", "2 to 9 candidates"),
        ([5, 5], "sources", "these sources make 10"),
        ([0, 3], "sources.0.clips_per_prompt", "1 to 9 are expected"),
        ([10], "sources.0.clips_per_prompt", "10 clips a prompt"),
    ],
)
def test_too_few_or_too_many_candidates_are_refused(clips: list[int], field: str, says: str) -> None:
    with pytest.raises(ValidationError) as refused:
        queued_batch(sources=[source(clips=count) for count in clips])
    assert says in refused.value.message_dict[field][0]
    assert not Batch.objects.exists()


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"step": 8}, "Unknown sampler setting 'step'; the known ones are steps, text_scale"),
        ({"steps": 51}, "steps is 51: a whole number from 1 to 50 is expected"),
        ({"steps": True}, "steps is True: a whole number"),
        ({"steps": None}, "steps is None: a whole number"),
        ({"bucket": 17}, "a whole number from 1 to 16 or null"),
        ({"text_scale": float("nan")}, "a number from 0 to 10"),
        ({"rescale": "much"}, "rescale is 'much': a number from 0 to 1"),
        ({"dtype": "float64"}, "one of bfloat16, float16, float32"),
        ({"compile": 1}, "true or false"),
    ],
)
def test_settings_out_of_range_are_refused_with_what_would_be_right(settings: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError) as refused:
        queued_batch(sources=[source(clips=2, **settings)])
    assert says in refused.value.message_dict["sources.0.settings"][0]


def test_equal_settings_written_differently_are_the_same_request() -> None:
    prompts, model = prompt_set(1), checkpoint()
    first = queued_batch(prompts=prompts, sources=[source(model, 2, text_scale=2, steps=8.0)], seed_base=1)
    again = queued_batch(prompts=prompts, sources=[source(model, 2, text_scale=2.0, steps=8)], seed_base=1)
    assert clips_of(first) == clips_of(again)


def test_the_same_source_twice_is_refused() -> None:
    model = checkpoint()
    with pytest.raises(ValidationError) as refused:
        queued_batch(sources=[source(model, 2), source(model, 1, steps=8)])
    assert "raise clips_per_prompt instead" in refused.value.message_dict["sources.1"][0]


def test_unknown_checkpoints_and_empty_sets_are_refused() -> None:
    with pytest.raises(ValidationError) as refused:
        queued_batch(sources=[SourceRequest(checkpoint_id=999, settings={}, clips_per_prompt=2)])
    assert "There is no checkpoint 999" in refused.value.message_dict["sources.0.checkpoint"][0]
    with pytest.raises(ValidationError) as refused:
        queued_batch(prompts=prompt_set(0))
    assert "has no hitl prompts" in refused.value.message_dict["prompt_set"][0]


def test_a_large_batch_is_made_in_chunks_by_whoever_finds_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filling, "CLIPS_A_CHUNK", 6)
    batch = queued_batch(prompts=10, clips=2)
    assert len(tasks_of(batch)) == 3
    assert batch.filled_at is None
    late = Prompt.objects.create(prompt_set=batch.prompt_set, external_id="late", caption="late", sticker="0" * 68)

    while fill_batches():
        pass

    batch.refresh_from_db()
    assert batch.filled_at is not None
    assert len(tasks_of(batch)) == 10
    assert not Task.objects.filter(prompt=late).exists()
    assert Clip.objects.count() == 20
    assert fill_batch(batch.pk) == 0


def test_a_chunk_that_breaks_off_leaves_nothing_half_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filling, "CLIPS_A_CHUNK", 6)
    batch = queued_batch(prompts=4, clips=2)

    def broken(*args: Any) -> None:
        raise ConnectionError("the database went away")

    with monkeypatch.context() as patched:
        patched.setattr(filling, "open_tasks", broken)
        with pytest.raises(ConnectionError):
            fill_batch(batch.pk)
    assert (Task.objects.count(), Clip.objects.count()) == (3, 6)
    assert fill_batch(batch.pk) == 1
    assert (Task.objects.count(), Clip.objects.count()) == (4, 8)


def test_a_cancelled_batch_is_made_no_further(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filling, "CLIPS_A_CHUNK", 6)
    batch = queued_batch(prompts=4, clips=2)
    cancel_batch(batch.pk)
    assert fill_batches() == 0
    assert len(tasks_of(batch)) == 3


def test_a_chunk_costs_the_same_queries_whatever_its_size(
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    """Few, that is: SQLite's inserts take some tens of rows each."""
    prompts, model = prompt_set(100), checkpoint()
    with django_assert_max_num_queries(40):
        queued_batch(prompts=prompts, sources=[source(model, 2)])
