"""More prompts for a batch that people judge already."""

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from pytest_django import DjangoAssertNumQueries

from annotator.generation import extending, filling
from annotator.generation.batches import StaleError, cancel_batch
from annotator.generation.choosing import PromptFilter, filter_of
from annotator.generation.extending import estimate_extension, extend_batch
from annotator.generation.filling import fill_batches
from annotator.generation.models import Batch, Clip, TaskState
from annotator.generation.planning import SourceRequest
from annotator.prompts.models import Prompt, PromptSet
from tests.annotator import actors
from tests.annotator.actors import blob
from tests.annotator.studio import GpuWorker, books_balance, clips_of, prompt_set, queued_batch, states, tasks_of

pytestmark = pytest.mark.django_db


def more(made: PromptSet, *captions: str, split: str = "hitl") -> None:
    for caption in captions:
        made.prompts.create(external_id=caption, caption=caption, sticker=blob(caption, "png"), split=split)


def captions(batch: Batch) -> list[str]:
    return [task.prompt.caption for task in tasks_of(batch)]


def extended(batch: Batch, **chosen: Any) -> Batch:
    """Extended by its own filter, but for what is `chosen`."""
    batch.refresh_from_db()
    own = filter_of(batch)
    extend_batch(batch=batch, chosen=PromptFilter(**{**vars(own), **chosen}))
    while fill_batches():
        pass
    batch.refresh_from_db()
    return batch


def test_prompts_added_to_the_set_since_follow_and_what_is_judged_stays() -> None:
    batch = queued_batch(prompts=2, person_share=1.0)
    GpuWorker().finish(*clips_of(batch))
    anna = actors.annotator()
    assert anna.judge_all(batch) == 2
    before = tasks_of(batch)
    more(batch.prompt_set, "a cat waving", "an owl asleep")

    extended(batch)

    assert states(batch) == [TaskState.DONE] * 2 + [TaskState.FILLING] * 2
    assert [task.pk for task in tasks_of(batch)[:2]] == [task.pk for task in before]
    assert (batch.prompt_count, batch.filled_at is not None) == (4, True)
    assert [task.counted for task in tasks_of(batch)] == [1, 1, 0, 0]
    GpuWorker().finish(*clips_of(batch)[4:])
    positions = [task.position for task in tasks_of(batch)]
    assert positions[2:] == [3, 4], "behind every cursor's end"
    assert anna.judge_all(batch) == 2
    books_balance()


def test_a_wider_filter_takes_earlier_prompts_too_each_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filling, "CLIPS_A_CHUNK", 4)
    prompts = prompt_set(0)
    more(prompts, "a dog jumping", "a cat jumping", "a dog asleep", "a cow jumping", "an owl asleep", "a dog waving")
    batch = queued_batch(prompts=prompts, chosen=PromptFilter(words=["jumping"]))
    while fill_batches():
        pass
    assert len(tasks_of(batch)) == 3
    extended(batch, words=["jumping", "dog"])
    assert sorted(captions(batch)) == sorted(
        ["a dog jumping", "a cat jumping", "a cow jumping", "a dog asleep", "a dog waving"]
    )
    assert batch.words == ["jumping", "dog"]
    extended(batch, words=[])
    assert len(captions(batch)) == len(set(captions(batch))) == 6


def test_a_larger_sample_adds_just_as_many_as_are_missing() -> None:
    prompts = prompt_set(20)
    batch = queued_batch(prompts=prompts, chosen=PromptFilter(sample=5))
    first = {task.prompt_id for task in tasks_of(batch)}
    more(prompts, *(f"number {number}" for number in range(20)))
    extended(batch, sample=12)
    now = {task.prompt_id for task in tasks_of(batch)}
    assert len(now) == len(tasks_of(batch)) == batch.prompt_count == 12
    assert first < now
    with pytest.raises(ValidationError, match="has 12 prompts already"):
        extended(batch, sample=12)


def test_unused_ones_are_those_of_no_other_batch_up_to_now() -> None:
    prompts = prompt_set(2)
    batch = queued_batch(prompts=prompts, chosen=PromptFilter(unused_only=True))
    more(prompts, "a cat waving", "an owl asleep")
    queued_batch(prompts=prompts, chosen=PromptFilter(words=["owl"]))
    extended(batch)
    assert captions(batch)[2:] == ["a cat waving"]


def test_what_would_leave_out_prompts_that_are_there_is_refused() -> None:
    prompts = prompt_set(3)
    more(prompts, "a cat waving", split="heldout")
    batch = queued_batch(prompts=prompts)
    with pytest.raises(ValidationError, match="3 of the batch's prompts do not match this: widen it") as refused:
        extended(batch, splits=["heldout"])
    assert list(refused.value.message_dict) == ["splits"]
    with pytest.raises(ValidationError, match="2 of the batch's prompts") as refused:
        extended(batch, words=["number 1"])
    assert list(refused.value.message_dict) == ["words"]
    with pytest.raises(ValidationError, match="No prompt is left to add"):
        extended(batch)
    assert len(extended(batch, splits=["hitl", "heldout"]).splits) == 2


def test_an_ended_batch_and_one_that_is_still_made_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filling, "CLIPS_A_CHUNK", 4)
    batch = queued_batch(prompts=3)
    with pytest.raises(ValidationError, match="still being made"):
        extend_batch(batch=batch, chosen=PromptFilter())
    cancel_batch(batch.pk)
    batch.refresh_from_db()
    with pytest.raises(ValidationError, match="cancelled: only an open one can be extended"):
        extend_batch(batch=batch, chosen=PromptFilter())


def test_of_two_people_at_once_one_extends_it_and_the_other_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    batch = queued_batch(prompts=1)
    more(batch.prompt_set, "a cat waving")
    planned = extending.plan_extension(batch, chosen=PromptFilter())
    extended(Batch.objects.get(pk=batch.pk))
    monkeypatch.setattr(extending, "plan_extension", lambda *_, **__: planned)
    with pytest.raises(StaleError, match="Somebody else has ended or extended"):
        extend_batch(batch=batch, chosen=PromptFilter())
    assert len(tasks_of(batch)) == 2


def test_clips_are_taken_for_added_prompts_as_for_the_others() -> None:
    lender = queued_batch(prompts=1)
    GpuWorker().finish(*clips_of(lender))
    taken = SourceRequest(clips_of=lender.sources.get().pk, clips_per_prompt=2)
    taker = queued_batch(prompts=lender.prompt_set, sources=[taken], chosen=PromptFilter(words=["happy"]))
    more(lender.prompt_set, "a happy cat", "a happy owl")
    extended(lender)
    GpuWorker().finish(*clips_of(lender)[2:4])
    extended(taker)
    assert captions(taker) == ["a happy dog, number 0, jumping", "a happy cat"]
    assert Clip.objects.count() == 6


def test_the_estimate_is_of_the_added_ones_alone(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    batch = queued_batch(prompts=2)
    for added in (2, 30):
        more(batch.prompt_set, *(f"{added} and {number}" for number in range(added)))
        with django_assert_num_queries(7):
            estimate = estimate_extension(batch=batch, chosen=PromptFilter())
        assert estimate.tasks == Prompt.objects.count() - 2
        assert estimate.clips == 2 * estimate.tasks
    assert len(tasks_of(batch)) == 2
