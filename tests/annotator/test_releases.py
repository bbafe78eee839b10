"""Releases: what a rule selects, frozen for good, checked, compared, withdrawn."""

import hashlib
import json
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import IntegrityError
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from annotator.accounts.models import User
from annotator.annotation.models import Verdict
from annotator.generation.models import Clip
from annotator.jobs import GivenUpError
from annotator.media import store
from annotator.prompts.models import Split
from annotator.quality.setting_aside import set_aside
from annotator.quality.weighted_votes import share_probabilities
from annotator.releases import freezing
from annotator.releases.check_jobs import do_next_check
from annotator.releases.checking import check_release
from annotator.releases.comparing import compare
from annotator.releases.freezing import claim_release, freeze, freeze_next_release
from annotator.releases.manifest import opened
from annotator.releases.models import Purpose, Release, ReleasedPerson, ReleasedTask, ReleaseState
from annotator.releases.preview import preview
from annotator.releases.queries import blobs as blob_roots
from annotator.releases.releases import create_release
from annotator.releases.rule import Rule
from inference_worker.blobs import BlobStore
from tests.annotator.conftest import SignedIn
from tests.annotator.judged import Judging
from tests.annotator.released import BOTH, a_judging, current, frozen

pytestmark = pytest.mark.usefixtures("blobs")


@pytest.fixture
def judging(researcher: User, blobs: BlobStore) -> Judging:
    return a_judging(researcher)


def lines_of(release: Release) -> list[dict[str, Any]]:
    return [json.loads(line) for line in store.get(release.manifest).decode().splitlines()]


def test_a_release_holds_every_counted_verdict_and_its_sha256_is_over_its_manifest(
    researcher: User, judging: Judging
) -> None:
    release = frozen("all", researcher)
    assert release.state == ReleaseState.FROZEN
    assert hashlib.sha256(store.get(release.manifest)).hexdigest() == release.sha256
    with opened(release) as tasks:
        said = [
            (task.task, annotation.submission, task.clips[vote.clip].key, vote.slot, vote.shareable, vote.reasons)
            for task in tasks
            for annotation in task.annotations
            for vote in annotation.votes
        ]
    assert said == [
        (
            each.candidate.task_id,
            str(each.revision.submission),
            each.candidate.clip.key,
            each.slot,
            each.shareable,
            each.reasons,
        )
        for each in current()
    ]
    assert len(said) == 12


def test_the_same_labels_under_the_same_rule_make_the_same_manifest(researcher: User, judging: Judging) -> None:
    assert frozen("one", researcher).sha256 == frozen("another", researcher).sha256
    judging.judge(judging.task(), researcher, shareable=set())
    assert frozen("later", researcher).sha256 != frozen("one more", researcher, Rule()).sha256


def test_a_manifest_is_canonical_and_names_no_person(researcher: User, judging: Judging) -> None:
    text = store.get(frozen("all", researcher).manifest).decode()
    head, *rows = text.splitlines()
    assert json.loads(head)["rule"] == Rule(splits=BOTH).stored()
    assert [json.loads(row)["task"] for row in rows] == sorted(json.loads(row)["task"] for row in rows)
    for line in text.splitlines():
        assert line == json.dumps(json.loads(line), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert "first" not in text
    assert "second" not in text


@pytest.mark.parametrize(
    "rule",
    [
        Rule(splits=BOTH),
        Rule(),
        Rule(least_annotations=2),
        Rule(least_annotations=2, least_shares=2),
        Rule(splits=BOTH, reasons_excluded=("edges",)),
    ],
)
def test_the_preview_says_what_is_frozen(researcher: User, judging: Judging, rule: Rule) -> None:
    seen = preview(rule)
    left_out = seen.pop("left_out")
    assert frozen("previewed", researcher, rule).counts == seen
    assert left_out["tasks_with_too_few"] == (1 if rule.least_annotations == 2 else 0)
    assert left_out["clips_for_reasons"] == (1 if rule.reasons_excluded else 0)


def test_the_rule_says_what_is_shareable(researcher: User, judging: Judging) -> None:
    teacher, student = (each.name for each in judging.checkpoints)
    release = frozen("two of two", researcher, Rule(least_annotations=2, least_shares=2))
    assert release.counts["checkpoints"] == [
        {"name": student, "clips": 2, "shareable": 1},
        {"name": teacher, "clips": 2, "shareable": 0},
    ]
    assert (release.counts["people"], release.counts["annotations"], release.counts["prompts"]) == (2, 4, 2)


def test_votes_can_be_weighed(researcher: User, judging: Judging) -> None:
    pytest.importorskip("crowdkit")
    rule = Rule(splits=BOTH, least_probability=0.5)
    seen = preview(rule)
    seen.pop("left_out")
    release = frozen("weighed", researcher, rule)
    assert release.counts == seen
    with opened(release) as tasks:
        clips = [clip for task in tasks for clip in task.clips]
    chances = share_probabilities()
    assert [clip.probability for clip in clips] == [
        chances[pk] for pk in sorted(chances) if pk in {verdict.candidate_id for verdict in current()}
    ]
    assert release.counts["shareable"] == sum((clip.probability or 0) >= 0.5 for clip in clips)
    assert check_release(release) == []


def test_without_its_library_a_weighed_rule_is_told(
    researcher: User, judging: Judging, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("annotator.releases.releases.is_installed", lambda: False)
    with pytest.raises(ValidationError, match="need crowd-kit"):
        create_release(name="odd", purpose=Purpose.TRAINING, rule=Rule(least_probability=0.5), by=researcher)


def test_who_is_set_aside_is_in_no_release_from_then_on(researcher: User, admin: User, judging: Judging) -> None:
    before = frozen("before", researcher)
    second = User.objects.get(username="second")
    set_aside(person=second, reason="clicked at random", by=admin)
    after = frozen("after", researcher)
    assert (before.counts["people"], after.counts["people"]) == (2, 1)
    assert preview(Rule(splits=BOTH))["left_out"]["annotations_set_aside"] == 3
    assert not ReleasedPerson.objects.filter(release=after, person=second).exists()
    assert ReleasedPerson.objects.get(release=before, person=second).annotations == 3
    assert check_release(before) == [], "what is frozen stays as it is"


def test_a_training_release_refuses_heldout_prompts(researcher: User, judging: Judging) -> None:
    with pytest.raises(ValidationError, match="holds no heldout prompts"):
        create_release(name="greedy", purpose=Purpose.TRAINING, rule=Rule(splits=BOTH), by=researcher)
    release = frozen("training", researcher, Rule(), Purpose.TRAINING)
    with opened(release) as tasks:
        assert {task.split for task in tasks} == {Split.HITL}


def test_impossible_rules_are_told(researcher: User, judging: Judging) -> None:
    for rule, sentence in [
        (Rule(least_shares=3, least_annotations=2), "At least 3 is expected"),
        (Rule(batches=(987654,)), "no batch 987654"),
        (Rule(splits=()), "at least one split"),
    ]:
        with pytest.raises(ValidationError, match=sentence):
            create_release(name="odd", purpose=Purpose.MEASURING, rule=rule, by=researcher)
    frozen("taken", researcher)
    with pytest.raises(ValidationError, match="named taken already"):
        create_release(name="taken", purpose=Purpose.MEASURING, rule=Rule(), by=researcher)


def test_a_rule_that_selects_nothing_fails_and_says_so(researcher: User, judging: Judging) -> None:
    release = frozen("empty", researcher, Rule(least_annotations=9))
    assert (release.state, release.manifest) == (ReleaseState.FAILED, "")
    assert "selects no labels" in release.error


def test_later_work_changes_nothing_of_a_release(researcher: User, judging: Judging) -> None:
    release = frozen("before", researcher)
    bytes_before = store.get(release.manifest)
    task = judging.batch.tasks.order_by("id")[0]
    judging.judge(task, User.objects.get(username="first"), shareable=set())
    assert check_release(release) == [], "the pinned revision is superseded, not gone"
    assert store.get(Release.objects.get(name="before").manifest) == bytes_before


def test_tampering_is_found(researcher: User, judging: Judging, blobs: BlobStore) -> None:
    release = frozen("checked", researcher)
    assert check_release(release) == []
    verdict = current()[0]
    Verdict.objects.filter(pk=verdict.pk).update(shareable=not verdict.shareable, reasons=[])
    assert [sentence for sentence in check_release(release) if "says otherwise in the database" in sentence]
    Verdict.objects.filter(pk=verdict.pk).update(shareable=verdict.shareable, reasons=verdict.reasons)
    assert check_release(release) == []

    clip = verdict.candidate.clip
    whole = blobs.get(clip.master)
    place = blobs._path(clip.master)
    with open(place, "wb") as file:
        file.write(whole[:-1] + b"!")
    assert [sentence for sentence in check_release(release) if "damaged" in sentence and clip.master in sentence]
    with open(place, "wb") as file:
        file.write(whole)
    Clip.objects.filter(pk=clip.pk).update(master=clip.animation)
    assert [sentence for sentence in check_release(release) if f"the clip {clip.key} has other files" in sentence]
    Clip.objects.filter(pk=clip.pk).update(master=clip.master)

    manifest = store.get(release.manifest)
    with open(blobs._path(release.manifest), "wb") as file:
        file.write(manifest.replace(b'"split":"hitl"', b'"split":"hitl" ', 1))
    assert "not what was frozen: its sha256 is" in check_release(release)[0]
    blobs.delete(release.manifest)
    assert "is not in" in check_release(release)[0]


def test_counts_that_were_changed_are_found(researcher: User, judging: Judging) -> None:
    release = frozen("checked", researcher)
    release.counts["shareable"] += 1
    assert check_release(release) == ["The manifest adds up to other counts than those on record."]
    ReleasedTask.objects.filter(release=release).first().delete()  # type: ignore[union-attr]
    assert any("are on record" in sentence for sentence in check_release(release))


def test_two_are_compared(researcher: User, judging: Judging) -> None:
    one = frozen("one", researcher, Rule(least_annotations=2))
    judging.judge(judging.task(), researcher, shareable=set())
    other = frozen("other", researcher, Rule(least_annotations=2, least_shares=2))
    found = compare(one, other)
    assert (found["tasks_in_both"], found["tasks_only_here"], found["tasks_only_there"]) == (2, 0, 0)
    assert found["labels_changed"] == 1, "the teacher's clip had one share of two"
    assert found["changes"][0]["shareable_here"]
    assert not found["changes"][0]["shareable_there"]
    everything = compare(one, frozen("everything", researcher))
    assert everything["tasks_only_there"] == 3
    assert compare(one, one)["labels_changed"] == 0


def test_withdrawal_marks_and_never_edits(researcher: User, admin: User, judging: Judging, signed_in: SignedIn) -> None:
    release = frozen("old", researcher)
    path = f"/api/v1/releases/{release.public_id}/withdraw/"
    send: dict[str, Any] = {"data": {"reason": "someone asked for it"}, "content_type": "application/json"}
    assert signed_in(researcher).post(path, **send).status_code == 403, "this is for admins"
    assert signed_in(admin).post(path, data={"reason": " "}, content_type="application/json").status_code == 400
    answer = signed_in(admin).post(path, **send)
    assert answer.status_code == 200
    assert (answer.json()["withdrawn_by"], answer.json()["withdrawal"]) == ("adam", "someone asked for it")
    assert answer.json()["sha256"] == release.sha256
    assert signed_in(admin).post(path, **send).status_code == 409
    assert check_release(Release.objects.get(pk=release.pk)) == []


def test_a_frozen_release_cannot_lose_its_manifest(researcher: User, judging: Judging) -> None:
    release = frozen("kept", researcher)
    with pytest.raises(IntegrityError):
        Release.objects.filter(pk=release.pk).update(manifest="")


def test_what_only_a_release_refers_to_is_kept(researcher: User, judging: Judging) -> None:
    release = frozen("kept", researcher)
    assert release.manifest in set(blob_roots())


def test_a_silent_freezer_is_taken_over_and_changes_nothing(researcher: User, judging: Judging) -> None:
    create_release(name="slow", purpose=Purpose.MEASURING, rule=Rule(), by=researcher)
    slow = claim_release()
    assert slow is not None
    assert claim_release() is None, "it is held"
    Release.objects.update(lease_until=timezone.now())
    assert freeze_next_release()
    with pytest.raises(GivenUpError):
        freeze(slow)
    release = Release.objects.get()
    assert (release.state, release.attempt) == (ReleaseState.FROZEN, 2)
    assert ReleasedTask.objects.count() == release.counts["tasks"]


def test_told_to_stop_it_goes_back_in_line(researcher: User, judging: Judging) -> None:
    create_release(name="stopped", purpose=Purpose.MEASURING, rule=Rule(), by=researcher)
    assert freeze_next_release(lambda: True)
    assert Release.objects.values_list("state", "attempt").get() == (ReleaseState.QUEUED, 0)
    assert freeze_next_release()
    assert Release.objects.get().state == ReleaseState.FROZEN


def test_freezing_costs_queries_by_page_and_not_by_row(
    researcher: User, judging: Judging, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(30):
        judging.judge(judging.task(), researcher, shareable=set())
    create_release(name="counted", purpose=Purpose.MEASURING, rule=Rule(), by=researcher)
    with django_assert_max_num_queries(25):
        assert freezing.freeze_next_release()


def test_over_http_from_preview_to_check(researcher: User, judging: Judging, signed_in: SignedIn) -> None:
    rosa = signed_in(researcher)
    rule = {"splits": ["hitl"], "least_shares": 1, "least_annotations": 1}
    seen = rosa.post("/api/v1/releases/preview/", rule, content_type="application/json").json()
    assert (seen["tasks"], seen["clips"]) == (3, 6)
    made = rosa.post("/api/v1/releases/", {"name": "spring", "rule": rule}, content_type="application/json")
    assert (made.status_code, made.json()["state"], made.json()["counts"]) == (201, "queued", None)
    path = f"/api/v1/releases/{made.json()['public_id']}/"
    assert rosa.post(f"{path}check/").status_code == 409
    freeze_next_release()
    release = rosa.get(path).json()
    assert (release["state"], release["counts"]["clips"], release["check"]) == ("frozen", 6, None)
    assert rosa.post(f"{path}check/").status_code == 202
    assert rosa.post(f"{path}check/").status_code == 202, "one at a time"
    assert do_next_check()
    assert not do_next_check()
    checked = rosa.get(path).json()["check"]
    assert (checked["state"], checked["problems"], checked["asked_by"]) == ("done", [], "rosa")
    assert rosa.delete(path).status_code == 409
    assert rosa.get(f"{path}compare/{release['public_id']}/").json()["tasks_in_both"] == 3


def test_wrong_rules_are_told_over_http(researcher: User, signed_in: SignedIn) -> None:
    rosa = signed_in(researcher)
    for rule, field in [
        ({"splits": ["heldout"]}, "splits"),
        ({"least_shares": 0}, "least_shares"),
        ({"least_shares": 2}, "least_annotations"),
        ({"batches": [77]}, "batches"),
        ({"reasons_excluded": ["boredom"]}, "reasons_excluded.0"),
    ]:
        answer = rosa.post("/api/v1/releases/preview/", rule, content_type="application/json")
        assert (answer.status_code, list(answer.json()["fields"])) == (400, [field]), rule


def test_one_that_was_never_frozen_can_be_given_up(researcher: User, signed_in: SignedIn) -> None:
    release = create_release(name="mistake", purpose=Purpose.TRAINING, rule=Rule(), by=researcher)
    assert signed_in(researcher).delete(f"/api/v1/releases/{release.public_id}/").status_code == 204
    assert not Release.objects.exists()


def test_the_list_costs_the_same_however_long(
    researcher: User, judging: Judging, signed_in: SignedIn, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    rosa = signed_in(researcher)
    frozen("first", researcher)
    with django_assert_num_queries(3):
        assert len(rosa.get("/api/v1/releases/").json()["results"]) == 1
    for number in range(4):
        frozen(f"more {number}", researcher)
    with django_assert_num_queries(3):
        assert len(rosa.get("/api/v1/releases/").json()["results"]) == 5


def test_annotators_and_strangers_see_none(annotator: User, signed_in: SignedIn, client: Client) -> None:
    assert signed_in(annotator).get("/api/v1/releases/").status_code == 403
    assert client.get("/api/v1/releases/").status_code == 401


def test_the_command_makes_lists_verifies_and_compares(
    researcher: User, judging: Judging, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("release", "make", "spring", least_annotations=2)
    call_command("release", "make", "all", purpose="measuring", split=["hitl", "heldout"])
    call_command("release", "list")
    call_command("release", "verify", "spring")
    call_command("release", "compare", "spring", "all")
    said = capsys.readouterr().out
    assert "spring is frozen. 4 clips, 2 of them shareable, of 2 tasks; sha256 " in said
    assert "spring is what was frozen." in said
    assert "tasks only there: 2" in said
    Verdict.objects.update(shareable=False)
    with pytest.raises(CommandError, match="spring is not what was frozen"):
        call_command("release", "verify", "spring")
    with pytest.raises(CommandError, match=r"no frozen release 'autumn'; there are: all, spring\."):
        call_command("release", "verify", "autumn")
