"""Which prompts of a set a batch takes, and that it says so afterwards."""

import pytest
from django.core.exceptions import ValidationError

from annotator.generation import filling
from annotator.generation.batches import cancel_batch
from annotator.generation.choosing import PromptFilter
from annotator.generation.filling import fill_batch, fill_batches
from annotator.generation.models import Batch, Task
from annotator.prompts.models import Prompt, PromptSet
from tests.annotator.studio import prompt_set, queued_batch, tasks_of

pytestmark = pytest.mark.django_db


def captions(batch: Batch) -> list[str]:
    return [task.prompt.caption for task in tasks_of(batch)]


def names(batch: Batch) -> set[str]:
    return set(Task.objects.filter(batch=batch).values_list("prompt__external_id", flat=True))


def said(made: PromptSet, *texts: str) -> PromptSet:
    for prompt, text in zip(made.prompts.order_by("id"), texts, strict=True):
        Prompt.objects.filter(pk=prompt.pk).update(caption=text)
    return made


def test_any_of_the_words_in_any_case() -> None:
    prompts = said(prompt_set(4), "a dog Jumping", "a cat dancing", "a cow asleep", "jumping beans")
    batch = queued_batch(prompts=prompts, chosen=PromptFilter(words=["jumping", " DANCING ", ""]))
    assert captions(batch) == ["a dog Jumping", "a cat dancing", "jumping beans"]
    assert (batch.prompt_count, batch.words) == (3, ["jumping", "DANCING"])


def test_only_prompts_that_no_batch_has_had_cancelled_ones_aside() -> None:
    prompts = said(prompt_set(3), "a dog", "a cat", "a cow")
    queued_batch(prompts=prompts, chosen=PromptFilter(words=["dog"]))
    cancel_batch(queued_batch(prompts=prompts, chosen=PromptFilter(words=["cow"])).pk)
    fresh = queued_batch(prompts=prompts, chosen=PromptFilter(unused_only=True))
    assert captions(fresh) == ["a cat", "a cow"]
    with pytest.raises(ValidationError, match="every one has been in a batch: widen the filter"):
        queued_batch(prompts=prompts, chosen=PromptFilter(unused_only=True))


def test_a_later_batch_takes_no_prompt_away_from_one_that_is_being_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filling, "CLIPS_A_CHUNK", 4)
    prompts = prompt_set(6)
    early = queued_batch(prompts=prompts, chosen=PromptFilter(unused_only=True))
    assert len(tasks_of(early)) == 2
    late = queued_batch(prompts=prompts)
    while fill_batch(late.pk):
        pass
    while fill_batches():
        pass
    assert (len(tasks_of(early)), len(tasks_of(late))) == (6, 6)


def test_a_sample_is_the_same_everywhere_and_part_of_a_larger_one() -> None:
    one, other = prompt_set(40), prompt_set(40)
    ten = queued_batch(prompts=one, chosen=PromptFilter(sample=10))
    assert ten.prompt_count == len(tasks_of(ten)) == 10
    assert names(ten) == names(queued_batch(prompts=other, chosen=PromptFilter(sample=10)))
    assert names(ten) < names(queued_batch(prompts=one, chosen=PromptFilter(sample=25)))
    assert names(ten) != {f"p{index}" for index in range(10)}, "drawn, not the first ones"
    all_of_them = queued_batch(prompts=one, chosen=PromptFilter(sample=100))
    assert (all_of_them.prompt_count, all_of_them.sample) == (40, 100)


def test_a_sample_is_drawn_of_what_the_rest_of_the_filter_leaves() -> None:
    prompts = prompt_set(20)
    first = queued_batch(prompts=prompts, chosen=PromptFilter(sample=8))
    second = queued_batch(prompts=prompts, chosen=PromptFilter(sample=8, unused_only=True))
    assert len(names(second)) == 8
    assert not names(first) & names(second)


def test_prompts_that_go_before_their_task_is_made_are_not_counted_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filling, "CLIPS_A_CHUNK", 4)
    prompts = prompt_set(5)
    batch = queued_batch(prompts=prompts)
    assert batch.prompt_count == 5
    prompts.prompts.get(external_id="p4").delete()
    while fill_batches():
        pass
    batch.refresh_from_db()
    assert (batch.prompt_count, len(tasks_of(batch))) == (4, 4)


@pytest.mark.parametrize(
    ("chosen", "field", "says"),
    [
        (PromptFilter(splits=[]), "splits", "Name one or more of the splits hitl, heldout."),
        (PromptFilter(words=[str(number) for number in range(21)]), "words", "at most 20"),
        (PromptFilter(sample=0), "sample", "1 or more are expected"),
        (PromptFilter(words=["zebra"]), "prompt_set", "No prompt of .* matches the words"),
        (PromptFilter(splits=["heldout"]), "prompt_set", "has no heldout prompts: add some first"),
    ],
)
def test_a_filter_that_cannot_be_is_refused_in_words(chosen: PromptFilter, field: str, says: str) -> None:
    with pytest.raises(ValidationError, match=says) as refused:
        queued_batch(prompts=prompt_set(2), chosen=chosen)
    assert list(refused.value.message_dict) == [field]
    assert not Batch.objects.exists()
