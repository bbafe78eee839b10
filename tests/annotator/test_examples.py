"""Examples: researchers say what they would share and why; annotators see it, and not what made the clip."""

import json
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from annotator.annotation.models import Annotation
from annotator.examples.models import Example
from annotator.generation.batches import close_batch
from annotator.generation.models import Batch, Clip, ClipState
from tests.annotator.actors import Actor, Json, annotator, open_batch, researcher
from tests.annotator.test_leases import data_queries

pytestmark = pytest.mark.django_db


@pytest.fixture
def spring() -> Batch:
    return open_batch(tasks=2)


@pytest.fixture
def earlier() -> list[Clip]:
    """The clips of another batch."""
    return list(Clip.objects.filter(wanted_by=open_batch(tasks=4)).order_by("id"))


@pytest.fixture
def rosa() -> Actor:
    return researcher("rosa")


def mark(actor: Actor, batch: Batch, clip: Clip, status: int = 201, **more: Any) -> Json:
    body = {"clip": clip.key, "good": True, "note": "It closes without a jump.", **more}
    marked: Json = actor.post(f"batches/{batch.pk}/examples/", body, status=status)
    return marked


def guide(actor: Actor, batch: Batch) -> Json:
    shown: Json = actor.get(f"annotate/batches/{batch.public_id}/guide/")
    return shown


def test_annotators_see_examples_and_practice_apart_field_by_field(
    rosa: Actor, spring: Batch, earlier: list[Clip]
) -> None:
    mark(rosa, spring, earlier[0])
    mark(rosa, spring, earlier[1], good=False, note="The tail comes off.")
    mark(rosa, spring, earlier[2], practice=True)
    shown = guide(annotator("ann"), spring)
    assert [(each["good"], each["note"]) for each in shown["examples"]] == [
        (True, "It closes without a jump."),
        (False, "The tail comes off."),
    ]
    assert [each["animation"] for each in shown["practice"]] == [f"/media/{earlier[2].animation}"]
    for each in shown["examples"] + shown["practice"]:
        assert set(each) == {"caption", "sticker", "animation", "good", "note"}
    sent = json.dumps(shown)
    for clip in earlier[:3]:
        assert clip.key not in sent
        assert clip.checkpoint.name not in sent
        assert clip.master not in sent


def test_a_clip_marked_again_has_the_later_word(rosa: Actor, spring: Batch, earlier: list[Clip]) -> None:
    mark(rosa, spring, earlier[0])
    mark(rosa, spring, earlier[0], good=False, note="On second thought, it hardly moves.", practice=True)
    example = Example.objects.get()
    assert (example.good, example.note, example.practice) == (False, "On second thought, it hardly moves.", True)


def test_a_clip_that_the_batch_itself_asks_about_is_refused(rosa: Actor, spring: Batch) -> None:
    own = Clip.objects.filter(wanted_by=spring).first()
    assert own is not None
    assert spring.name in mark(rosa, spring, own, status=400)["fields"]["clip"][0]
    assert Example.objects.count() == 0


def test_what_cannot_be_an_example_is_refused_in_words(rosa: Actor, spring: Batch, earlier: list[Clip]) -> None:
    Clip.objects.filter(pk=earlier[1].pk).update(state=ClipState.FAILED)
    assert "clip" in mark(rosa, spring, earlier[1], status=400)["fields"]
    assert "note" in mark(rosa, spring, earlier[0], status=400, note="  ")["fields"]
    assert "note" in mark(rosa, spring, earlier[0], status=400, note="x" * 201)["fields"]
    close_batch(spring.pk)
    assert "closed" in mark(rosa, spring, earlier[0], status=400)["error"]


def test_there_are_no_more_than_people_read(rosa: Actor, spring: Batch, earlier: list[Clip]) -> None:
    for clip in earlier[:8]:
        mark(rosa, spring, clip)
    assert "remove one first" in mark(rosa, spring, earlier[8], status=400)["fields"]["practice"][0]
    mark(rosa, spring, earlier[0], note="Saying it otherwise takes no more room.")
    for clip in earlier[8:13]:
        mark(rosa, spring, clip, practice=True)
    assert "practise" in mark(rosa, spring, earlier[13], status=400, practice=True)["fields"]["practice"][0]


def test_a_removed_example_is_shown_no_more_and_its_clip_stays(rosa: Actor, spring: Batch, earlier: list[Clip]) -> None:
    marked = mark(rosa, spring, earlier[0])
    assert rosa.client.delete(f"/api/v1/examples/{marked['id']}/").status_code == 204
    assert guide(rosa, spring) == {"examples": [], "practice": []}
    assert Clip.objects.filter(pk=earlier[0].pk).exists()
    assert rosa.client.delete(f"/api/v1/examples/{marked['id']}/").status_code == 404


def test_examples_are_marked_by_researchers_only(rosa: Actor, spring: Batch, earlier: list[Clip]) -> None:
    ann = annotator("ann")
    mark(ann, spring, earlier[0], status=403)
    ann.get(f"batches/{spring.pk}/examples/", status=403)
    marked = mark(rosa, spring, earlier[0])
    assert ann.client.delete(f"/api/v1/examples/{marked['id']}/").status_code == 403


def test_examples_are_no_tasks_and_count_nowhere(rosa: Actor, spring: Batch, earlier: list[Clip]) -> None:
    for clip in earlier[:3]:
        mark(rosa, spring, clip, practice=True)
    ann = annotator("ann")
    guide(ann, spring)
    assert Annotation.objects.count() == 0
    assert spring.tasks.count() == 2
    assert ann.lease(spring)["progress"] == {"judged": 0, "total": 2, "limit": None}


@pytest.mark.parametrize("marked", [1, 8])
def test_lists_of_examples_cost_the_same_however_many_there_are(
    rosa: Actor, spring: Batch, earlier: list[Clip], marked: int
) -> None:
    for clip in earlier[:marked]:
        mark(rosa, spring, clip)
    with CaptureQueriesContext(connection) as queries:
        assert len(rosa.get(f"batches/{spring.pk}/examples/")["results"]) == marked
    assert len(data_queries(queries)) == 3  # who it is, the batch, the examples with their clips
    with CaptureQueriesContext(connection) as queries:
        guide(rosa, spring)
    assert len(data_queries(queries)) == 3
