"""A batch's gallery: which clips it shows, in which order, and what annotators said of each."""

from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from annotator.annotation.models import FlagKind
from annotator.generation.models import Batch, Candidate, Clip, ClipState, Task
from tests.annotator import actors
from tests.annotator.actors import Actor, open_batch

pytestmark = pytest.mark.django_db


@pytest.fixture
def rosa() -> Actor:
    return actors.researcher("rosa")


def places(batch: Batch) -> list[Candidate]:
    return list(Candidate.objects.filter(task__batch=batch).order_by("id"))


def measure(candidate: Candidate, **metrics: Any) -> None:
    Clip.objects.filter(pk=candidate.clip_id).update(metrics=metrics)


def judge(batch: Batch, by: Actor, *shared: Candidate) -> None:
    """All tasks: of each, only the candidates among `shared` would be."""
    wanted = {candidate.pk for candidate in shared}
    for assignment in by.lease(batch)["assignments"]:
        slots = actors.row(assignment).slots
        by.submit(assignment, *(slot for slot, key in enumerate(slots, 1) if key in wanted))


def ids(answer: Any) -> list[int]:
    return [clip["id"] for clip in answer["results"]]


def test_each_filter_keeps_what_it_says(rosa: Actor) -> None:
    batch = open_batch(tasks=2, candidates=3, checkpoints=3, overlap=2)
    one, two, three, four, five, six = places(batch)
    measure(one, recognised=False, frozen=False)
    measure(two, recognised=True, frozen=True, seam_ratio=1.8)
    measure(six, seam_ratio=1.9)
    judge(batch, actors.annotator(), one, four)
    judge(batch, actors.annotator(), four)
    Clip.objects.filter(pk=three.clip_id).update(state=ClipState.FAILED, caption="a CAT, waving")
    path = f"batches/{batch.pk}/clips/"

    assert ids(rosa.get(path)) == [one.pk, two.pk, three.pk, four.pk, five.pk, six.pk]
    assert ids(rosa.get(path, finding="verb_missed")) == [one.pk]
    assert ids(rosa.get(path, finding="frozen")) == [two.pk]
    assert ids(rosa.get(path, finding="seam_jumps")) == [six.pk]
    assert ids(rosa.get(path, state="failed")) == [three.pk]
    assert ids(rosa.get(path, caption="cat, WAV")) == [three.pk]
    assert ids(rosa.get(path, caption="100%")) == []
    assert ids(rosa.get(path, checkpoint=two.clip.checkpoint_id)) == [two.pk, five.pk]
    assert ids(rosa.get(path, shared="some")) == [one.pk, four.pk]
    assert ids(rosa.get(path, shared="nobody")) == [two.pk, three.pk, five.pk, six.pk]
    assert ids(rosa.get(path, shared="unjudged")) == []
    assert ids(rosa.get(path, shared="some", finding="verb_missed", state="ready")) == [one.pk]
    said = {clip["id"]: (clip["shown"], clip["shareable"]) for clip in rosa.get(path)["results"]}
    assert (said[one.pk], said[four.pk], said[six.pk]) == ((2, 1), (2, 2), (2, 0))
    for name in ("state", "finding", "shared", "order"):
        rosa.get(path, status=400, **{name: "nonsense"})


def test_only_verdicts_that_count_make_a_clip_shared(rosa: Actor) -> None:
    batch, ann = open_batch(tasks=1, candidates=2), actors.annotator()
    one, two = places(batch)
    assignment = ann.take_one(batch)
    slots = actors.row(assignment).slots
    ann.submit(assignment, slots.index(one.pk) + 1)
    ann.submit(assignment, slots.index(two.pk) + 1, revision=2)
    path = f"batches/{batch.pk}/clips/"
    assert ids(rosa.get(path, shared="some")) == [two.pk]
    assert ids(rosa.get(path, shared="nobody")) == [one.pk]


def test_a_flag_marks_its_clip_or_all_of_its_task(rosa: Actor) -> None:
    batch, ann = open_batch(tasks=3, candidates=2, checkpoints=2), actors.annotator()
    first, second, third = ann.lease(batch)["assignments"]
    ann.flag(first, FlagKind.BROKEN, slot=2)
    ann.flag(second, FlagKind.UNCLEAR)
    path = f"batches/{batch.pk}/clips/"
    flagged = {clip["id"]: clip["flags"] for clip in rosa.get(path, finding="flagged")["results"]}
    broken = actors.row(first).slots[1]
    assert flagged == {broken: ["broken"], **{key: ["unclear"] for key in actors.row(second).slots}}
    assert {clip["id"] for clip in rosa.get(path)["results"] if not clip["flags"]} == {
        actors.row(first).slots[0],
        *actors.row(third).slots,
    }


def test_orders_put_what_could_not_be_said_last(rosa: Actor) -> None:
    batch = open_batch(tasks=2, candidates=2, checkpoints=2)
    one, two, three, four = places(batch)
    measure(one, motion_size=2.5, identity_db=30.0, seam_ratio=1.0)
    measure(two, motion_size=0, identity_db=None, seam_ratio=4.0)
    measure(three, motion_size=10.0, identity_db=9.5, seam_ratio=2.0)
    judge(batch, actors.annotator(), three)
    path = f"batches/{batch.pk}/clips/"

    def listed(order: str) -> list[int]:
        return ids(rosa.get(path, order=order))

    assert listed("most_motion") == [three.pk, one.pk, two.pk, four.pk]
    assert listed("by_checkpoint") == sorted(
        (one.pk, two.pk, three.pk, four.pk), key=lambda key: (Candidate.objects.get(pk=key).clip.checkpoint_id, key)
    )
    assert listed("least_motion") == [two.pk, one.pk, three.pk, four.pk]
    assert listed("best_identity") == [one.pk, three.pk, four.pk, two.pk]
    assert listed("worst_identity") == [three.pk, one.pk, two.pk, four.pk]
    assert listed("worst_seam") == [two.pk, three.pk, one.pk, four.pk]
    assert listed("most_shared") == [three.pk, four.pk, two.pk, one.pk]
    assert listed("least_shared") == [one.pk, two.pk, four.pk, three.pk]


@pytest.mark.parametrize("order", ["most_motion", "least_motion"])
def test_an_ordered_gallery_comes_in_pages_that_miss_nothing(rosa: Actor, order: str) -> None:
    """Many clips move equally, and some were not measured."""
    batch = open_batch(tasks=60, candidates=2)
    for place, candidate in enumerate(places(batch)[:110]):
        measure(candidate, motion_size=place % 7 / 3)
    seen: list[int] = []
    cursor: str | None = ""
    while cursor is not None:
        page = rosa.get(f"batches/{batch.pk}/clips/", order=order, **({"cursor": cursor} if cursor else {}))
        seen += ids(page)
        cursor = page["next"]
    assert len(seen) == len(set(seen)) == 120
    sizes = [Candidate.objects.get(pk=key).clip.metrics.get("motion_size") for key in seen]
    assert sizes[110:] == [None] * 10
    assert sizes[:110] == sorted(sizes[:110], reverse=order == "most_motion")


def test_a_cursor_of_another_order_is_refused_in_words(rosa: Actor) -> None:
    batch = open_batch(tasks=60, candidates=2)
    path = f"batches/{batch.pk}/clips/"
    by_place, by_motion = rosa.get(path)["next"], rosa.get(path, order="most_motion")["next"]
    for cursor, query in ((by_motion, {}), (by_place, {"order": "most_motion"}), ("bmFuOjE", {"order": "most_motion"})):
        refused = rosa.get(path, status=400, cursor=cursor, **query)
        assert "not one that a list here gave" in refused["error"]


def test_prompts_come_with_their_clips_side_by_side(rosa: Actor) -> None:
    batch = open_batch(tasks=3, candidates=4, checkpoints=2)
    first, *_ = places(batch)
    measure(first, recognised=False)
    path = f"batches/{batch.pk}/prompts/"
    rows = rosa.get(path)["results"]
    tasks = list(Task.objects.filter(batch=batch).order_by("id"))
    assert [row["id"] for row in rows] == [task.pk for task in tasks]
    assert rows[0]["caption"] == tasks[0].prompt.caption
    assert rows[0]["sticker"] == f"/media/{tasks[0].prompt.sticker}"
    models = [clip["checkpoint"] for clip in rows[0]["clips"]]
    assert models == sorted(models)
    assert len(models) == 4

    (row,) = rosa.get(path, finding="verb_missed")["results"]
    assert {clip["id"]: clip["fits"] for clip in row["clips"]} == {
        clip["id"]: clip["id"] == first.pk for clip in rows[0]["clips"]
    }
    of_one = rosa.get(path, checkpoint=models[-1])["results"]
    assert [len(row["clips"]) for row in of_one] == [2, 2, 2]
    alone = rosa.get(f"{path}{tasks[1].pk}/")
    assert alone == rows[1]
    elsewhere = open_batch(tasks=1)
    rosa.get(f"batches/{elsewhere.pk}/prompts/{tasks[1].pk}/", status=404)


def test_prompts_come_in_pages_that_miss_nothing(rosa: Actor) -> None:
    batch = open_batch(tasks=45, candidates=2)
    path = f"batches/{batch.pk}/prompts/"
    first = rosa.get(path)
    second = rosa.get(path, cursor=first["next"])
    third = rosa.get(path, cursor=second["next"])
    assert third["next"] is None
    assert ids(first) + ids(second) + ids(third) == [
        task.pk for task in Task.objects.filter(batch=batch).order_by("id")
    ]


def test_lists_cost_the_same_queries_whatever_their_length(
    rosa: Actor, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    """One of them is for the person who asks, one for the batch, two for what was said."""
    for size in (1, 6):
        batch = open_batch(tasks=size, candidates=3)
        actors.annotator().judge_all(batch)
        path, task = f"batches/{batch.pk}", Task.objects.filter(batch=batch)[0].pk
        with django_assert_num_queries(5):
            rosa.get(f"{path}/clips/")
        with django_assert_num_queries(5):
            rosa.get(f"{path}/clips/", order="most_shared", shared="some")
        with django_assert_num_queries(6):
            rosa.get(f"{path}/prompts/")
        with django_assert_num_queries(7):
            rosa.get(f"{path}/prompts/", shared="some")
        with django_assert_num_queries(6):
            rosa.get(f"{path}/prompts/{task}/")


@pytest.mark.parametrize("path", ["clips/", "prompts/", "prompts/1/", "checkpoints/", "motion/", "over_time/"])
def test_what_a_researcher_sees_of_a_batch_nobody_else_does(rosa: Actor, path: str) -> None:
    batch = open_batch(tasks=1)
    actors.annotator().get(f"batches/{batch.pk}/{path}", status=403)
    rosa.get(f"batches/987654/{path}", status=404)
