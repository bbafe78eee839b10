"""Lineage: from a clip, a label, a release or a checkpoint to what it came from and what came from it."""

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from annotator.accounts.models import User
from annotator.annotation.models import Assignment, AssignmentState, Revision
from annotator.checkpoints.models import Checkpoint, CheckpointRole
from annotator.generation.choosing import PromptFilter, matching_prompts
from annotator.generation.models import Clip, Task, TaskState
from annotator.prompts.models import Prompt
from annotator.quality.answer import summary
from annotator.releases.checking import check_release
from annotator.releases.models import Purpose, Release
from annotator.releases.preview import preview
from annotator.releases.rule import Rule
from annotator.training.models import Recipe, TrainingRun, TrainingState
from annotator.training.runs import packed
from inference_worker.blobs import BlobStore
from tests.annotator.conftest import SignedIn
from tests.annotator.judged import Judging, a_checkpoint
from tests.annotator.released import BOTH, a_judging, frozen


@pytest.fixture
def judging(researcher: User, blobs: BlobStore) -> Judging:
    return a_judging(researcher)


@pytest.fixture
def spring(researcher: User, judging: Judging) -> Release:
    return frozen("spring", researcher, Rule(), Purpose.TRAINING)


def trained(release: Release, initial: Checkpoint, name: str, by: User) -> Checkpoint:
    """As a trainer's word would have left it."""
    made = a_checkpoint(name, CheckpointRole.STUDENT)
    made.parent = initial
    made.save()
    TrainingRun.objects.create(
        name=name, recipe=Recipe.FINETUNE, initial=initial, release=release, export=packed(release, by=by),
        state=TrainingState.DONE, output=made, created_by=by, ended_at=timezone.now(),
    )  # fmt: skip
    return made


def names(nodes: list[dict[str, Any]], kind: str) -> list[str]:
    return [node["name"] for node in nodes if node["kind"] == kind]


def asked(client: Client, kind: str, key: object) -> dict[str, Any]:
    answer = client.get(f"/api/v1/lineage/{kind}/{key}/")
    assert answer.status_code == 200, answer.content
    found: dict[str, Any] = answer.json()
    return found


def test_which_labels_made_this_checkpoint(researcher: User, judging: Judging, spring: Release, signed_in: SignedIn):
    base = a_checkpoint("general")
    first = trained(spring, base, "student-1", researcher)
    autumn = frozen("autumn", researcher, Rule(least_annotations=2), Purpose.TRAINING)
    second = trained(autumn, first, "student-2", researcher)
    found = asked(signed_in(researcher), "checkpoint", second.pk)
    assert names(found["came_from"], "release") == ["autumn", "spring"], "the nearest first"
    assert names(found["came_from"], "checkpoint") == ["student-1", "general"]
    assert names(found["came_from"], "training run") == ["student-2", "student-1"]
    assert names(asked(signed_in(researcher), "checkpoint", base.pk)["led_to"], "checkpoint") == [
        "student-1",
        "student-2",
    ]


def test_of_a_release(researcher: User, judging: Judging, spring: Release, signed_in: SignedIn):
    trained(spring, a_checkpoint("general"), "student-1", researcher)
    found = asked(signed_in(researcher), "release", spring.public_id)
    assert names(found["came_from"], "batch") == [judging.batch.name]
    assert names(found["came_from"], "checkpoint") == ["student", "teacher"]
    assert names(found["came_from"], "annotators") == ["2 annotators"]
    assert names(found["led_to"], "checkpoint") == ["student-1"]
    assert len(names(found["led_to"], "export")) == 1


def test_of_a_clip_and_of_a_label(
    researcher: User, admin: User, judging: Judging, spring: Release, signed_in: SignedIn
):
    trained(spring, a_checkpoint("general"), "student-1", researcher)
    clip = Clip.objects.filter(caption="@dog").order_by("id")[0]
    found = asked(signed_in(researcher), "clip", clip.key)
    assert names(found["came_from"], "checkpoint") == [clip.checkpoint.name]
    assert names(found["came_from"], "prompt") == ["@dog"]
    assert (names(found["led_to"], "release"), names(found["led_to"], "checkpoint")) == (["spring"], ["student-1"])

    old, new = Revision.objects.filter(annotation__assignment__user__username="first").order_by("id")[:2]
    task = old.annotation.assignment.task
    judging.judge(task, old.annotation.assignment.user, shareable=set())
    autumn = frozen("autumn", researcher, Rule(splits=BOTH))
    latest = Revision.objects.get(annotation=old.annotation, current=True)
    rosa = signed_in(researcher)
    assert names(asked(rosa, "label", old.submission)["led_to"], "release") == [], "superseded before it was frozen"
    assert names(asked(rosa, "label", new.submission)["led_to"], "release") == ["spring"]
    assert names(asked(rosa, "label", latest.submission)["led_to"], "release") == [autumn.name]
    assert "first" not in str(asked(rosa, "label", new.submission)["of"])
    assert names(asked(signed_in(admin), "label", new.submission)["came_from"], "person") == ["first"]


def test_whose_labels_are_where_is_told_to_admins(
    researcher: User, admin: User, judging: Judging, spring: Release, signed_in: SignedIn
):
    trained(spring, a_checkpoint("general"), "student-1", researcher)
    second = User.objects.get(username="second")
    found = asked(signed_in(admin), "person", second.pk)
    assert (names(found["led_to"], "release"), names(found["led_to"], "checkpoint")) == (["spring"], ["student-1"])
    assert names(asked(signed_in(admin), "person", User.objects.get(username="third").pk)["led_to"], "release") == []
    assert signed_in(researcher).get(f"/api/v1/lineage/person/{second.pk}/").status_code == 404


def test_a_withdrawn_prompt_leaves_everything_to_come_and_its_past_is_listed(
    researcher: User, admin: User, judging: Judging, spring: Release, signed_in: SignedIn
):
    trained(spring, a_checkpoint("general"), "student-1", researcher)
    prompt = Prompt.objects.get(caption="@dog")
    task = prompt.tasks.get()
    Task.objects.filter(pk=task.pk).update(state=TaskState.OPEN, position=99)
    lease = Assignment.objects.create(
        task=task, user=researcher, slots=[], leased_at=timezone.now(), lease_until=timezone.now()
    )
    before = preview(Rule())["tasks"], summary()["annotations"]
    send: dict[str, Any] = {"data": {"reason": "its drawer asked"}, "content_type": "application/json"}
    path = f"/api/v1/prompts/{prompt.pk}/withdraw/"
    assert signed_in(researcher).post(path, **send).status_code == 403
    assert signed_in(admin).post(path, {"reason": " "}, content_type="application/json").status_code == 400
    found = signed_in(admin).post(path, **send).json()
    assert (names(found["led_to"], "release"), names(found["led_to"], "checkpoint")) == (["spring"], ["student-1"])
    assert found["of"]["withdrawn"]
    assert (preview(Rule())["tasks"], summary()["annotations"]) == (before[0] - 1, before[1] - 1)
    assert "@dog" not in {each.caption for each in still_there(prompt)}
    lease.refresh_from_db()
    assert (prompt.tasks.get().state, lease.state) == (TaskState.VOID, AssignmentState.RETURNED)
    assert check_release(spring) == [], "what was frozen stays"
    assert signed_in(admin).post(path, **send).status_code == 200, "again changes nothing"


def still_there(prompt: Prompt) -> list[Prompt]:
    chosen = PromptFilter(splits=list(BOTH))
    return list(matching_prompts(prompt_set_id=prompt.prompt_set_id, chosen=chosen, at=timezone.now()))


def test_what_is_not_there_is_told(researcher: User, signed_in: SignedIn):
    rosa = signed_in(researcher)
    for path in ("checkpoint/77", "checkpoint/x", "release/x", "clip/none", "label/x", "planet/1", "prompt/77"):
        assert rosa.get(f"/api/v1/lineage/{path}/").status_code == 404, path


def test_a_lineage_costs_the_same_however_much_was_judged(
    researcher: User,
    judging: Judging,
    spring: Release,
    signed_in: SignedIn,
    django_assert_num_queries: DjangoAssertNumQueries,
):
    rosa = signed_in(researcher)
    with django_assert_num_queries(7):
        asked(rosa, "release", spring.public_id)
    for _ in range(5):
        judging.judge(judging.task(), researcher, shareable=set())
    more = frozen("more", researcher, Rule(), Purpose.TRAINING)
    with django_assert_num_queries(7):
        asked(rosa, "release", more.public_id)


def test_annotators_and_strangers_see_none(annotator: User, signed_in: SignedIn, client: Client):
    assert signed_in(annotator).get("/api/v1/lineage/checkpoint/1/").status_code == 403
    assert client.get("/api/v1/lineage/checkpoint/1/").status_code == 401
