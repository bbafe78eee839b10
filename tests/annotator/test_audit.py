"""The audit: every change of batches, people, releases and labels leaves one entry, which nothing changes."""

import csv
import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, connection, transaction
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from annotator.accounts.invitations import accept_invitation, invite, withdraw_invitation
from annotator.accounts.models import Role, User
from annotator.accounts.people import change_person, create_person
from annotator.accounts.tokens import create_token, revoke_token
from annotator.annotation.enrolments import locked_enrolment
from annotator.annotation.pool import change_place, let_in
from annotator.annotation.withdrawing import withdraw_prompt
from annotator.audit.models import AppendOnlyError, Entry
from annotator.audit.recording import record
from annotator.audit.sentences import VERBS, sentence
from annotator.generation.batches import cancel_batch, close_batch, create_batch, steer_batch
from annotator.generation.choosing import PromptFilter
from annotator.generation.extending import extend_batch
from annotator.generation.models import Batch
from annotator.generation.planning import SourceRequest
from annotator.prompts.models import Prompt
from annotator.quality.adjudications import adjudicate
from annotator.quality.setting_aside import set_aside, take_back
from annotator.releases.exports import ask_export
from annotator.releases.models import Layout, Purpose, Release
from annotator.releases.releases import create_release, give_up_release, withdraw_release
from annotator.releases.rule import Rule
from annotator.training.models import Recipe
from annotator.training.runs import ask_run
from inference_worker.blobs import BlobStore
from tests.annotator.actors import checkpoint, open_batch
from tests.annotator.conftest import SignedIn
from tests.annotator.released import a_judging, frozen
from tests.annotator.studio import prompt_set


def last() -> Entry:
    return Entry.objects.order_by("-id")[0]


def told(verb: str, by: User | None, does: Callable[[], Any]) -> Entry:
    """What was done left exactly one entry of this verb, and this person's name in it."""
    before = Entry.objects.filter(verb=verb).count()
    does()
    assert Entry.objects.filter(verb=verb).count() == before + 1
    entry = Entry.objects.filter(verb=verb).order_by("-id")[0]
    assert entry.actor == by
    return entry


def a_queued_batch(by: User) -> Batch:
    source = SourceRequest(checkpoint_id=checkpoint().pk, clips_per_prompt=2)
    return create_batch(name="Spring", prompt_set_id=prompt_set(2).pk, sources=[source], created_by=by)


def test_of_batches(researcher: User, annotator: User) -> None:
    told("batch.created", researcher, lambda: a_queued_batch(researcher))
    batch = Batch.objects.get(name="Spring")
    entry = told(
        "batch.changed", researcher,
        lambda: steer_batch(batch_id=batch.pk, changes={"priority": 5, "name": "Spring"}, by=researcher),
    )  # fmt: skip
    assert (entry.before, entry.after) == ({"priority": 0}, {"priority": 5}), "only what changed"
    told("batch.people", researcher, lambda: let_in(batch=batch, usernames=["anna"], by=researcher))
    with transaction.atomic():
        place = locked_enrolment(batch=batch, user=annotator)
    entry = told("batch.people", researcher, lambda: change_place(enrolment=place, changes={"limit": 7}, by=researcher))
    assert entry.after == {"person": "anna", "limit": 7}
    Prompt.objects.create(prompt_set=batch.prompt_set, external_id="new", caption="a new one", sticker="s.png")
    batch.refresh_from_db()
    told(
        "batch.extended", researcher,
        lambda: extend_batch(batch=batch, chosen=PromptFilter(splits=["hitl"]), by=researcher),
    )  # fmt: skip
    told("batch.closed", researcher, lambda: close_batch(batch.pk, by=researcher))
    close_batch(batch.pk, by=researcher)
    assert Entry.objects.filter(verb="batch.closed").count() == 1, "done twice is the same as once"
    other = open_batch()
    told("batch.cancelled", None, lambda: cancel_batch(other.pk))


def test_of_people(admin: User) -> None:
    entry = told("person.created", None, lambda: create_person(username="gina", role=Role.ANNOTATOR))
    assert (entry.subject_name, entry.after) == ("gina", {"role": "annotator"})
    gina = User.objects.get(username="gina")
    entry = told("person.changed", admin, lambda: change_person(user=gina, by=admin, role=Role.RESEARCHER))
    assert (entry.before, entry.after) == ({"role": "annotator"}, {"role": "researcher"})
    _, secret = invite(role=Role.ANNOTATOR, by=admin, note="Hugo")
    assert (last().verb, last().subject_name) == ("invitation.made", "Hugo, as annotator")
    told(
        "person.joined", None,
        lambda: accept_invitation(secret=secret, username="hugo", password="judges-stickers"),
    )  # fmt: skip
    invitation, _ = invite(role=Role.ANNOTATOR, by=admin)
    told("invitation.withdrawn", admin, lambda: withdraw_invitation(invitation=invitation, by=admin))
    token, secret = create_token(user=admin, name="laptop")
    assert last().verb == "token.made"
    assert secret not in str(last().after)
    told("token.revoked", admin, lambda: revoke_token(token=token))


def test_of_labels_releases_and_training(researcher: User, admin: User, blobs: BlobStore) -> None:
    judging = a_judging(researcher)
    first = User.objects.get(username="first")
    entry = told("set_aside.made", admin, lambda: set_aside(person=first, reason="clicked at random", by=admin))
    assert (entry.subject_name, entry.after) == ("first", {"reason": "clicked at random"})
    set_aside(person=first, reason="again", by=admin)
    assert Entry.objects.filter(verb="set_aside.made").count() == 1
    told("set_aside.taken_back", admin, lambda: take_back(person=first, by=admin))
    task = judging.batch.tasks.order_by("id")[0]
    told("task.adjudicated", admin, lambda: adjudicate(task=task, shareable=[], comment="", by=admin))
    told("release.frozen", None, lambda: frozen("spring", researcher, Rule(), Purpose.TRAINING))
    spring = Release.objects.get(name="spring")
    assert last().after == {"sha256": spring.sha256}
    assert Entry.objects.get(verb="release.asked").actor == researcher
    told(
        "export.asked", researcher, lambda: ask_export(release=spring, rule=Rule(), layout=Layout.KWISE, by=researcher)
    )
    told(
        "training.asked", researcher,
        lambda: ask_run(
            name="student-1", recipe=Recipe.FINETUNE, initial=checkpoint("general"), config={"clips": 1},
            release=spring, created_by=researcher,
        ),
    )  # fmt: skip
    told("release.withdrawn", admin, lambda: withdraw_release(spring, reason="a test", by=admin))
    mistake = create_release(name="mistake", purpose=Purpose.TRAINING, rule=Rule(), by=researcher)
    told("release.given_up", researcher, lambda: give_up_release(mistake, by=researcher))
    prompt = Prompt.objects.get(caption="@dog")
    told("prompt.withdrawn", admin, lambda: withdraw_prompt(prompt, reason="its drawer asked", by=admin))


def test_what_is_refused_leaves_none(researcher: User, admin: User) -> None:
    batch = a_queued_batch(researcher)
    close_batch(batch.pk, by=researcher)
    before = Entry.objects.count()
    with pytest.raises(ValidationError):
        steer_batch(batch_id=batch.pk, changes={"priority": 5}, by=researcher)
    with pytest.raises(ValidationError):
        change_person(user=admin, by=admin, role=Role.ANNOTATOR)
    with transaction.atomic():
        create_person(username="gina", role=Role.ANNOTATOR)
        transaction.set_rollback(True)
    assert Entry.objects.count() == before


def test_an_entry_never_changes(admin: User) -> None:
    entry = last()
    entry.verb = "batch.closed"
    with pytest.raises(AppendOnlyError):
        entry.save()
    with pytest.raises(AppendOnlyError):
        entry.delete()
    with pytest.raises(AppendOnlyError):
        Entry.objects.all().delete()
    with pytest.raises(AppendOnlyError):
        Entry.objects.update(verb="batch.closed")
    with pytest.raises(DatabaseError, match="never changes"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE audit_entry SET verb = 'batch.closed'")


def test_a_verb_without_a_sentence_is_refused(admin: User) -> None:
    with pytest.raises(ValueError, match="has no sentence"):
        record(verb="batch.forgotten", by=admin, subject=admin)


def test_admins_read_filter_and_export_it(
    researcher: User, admin: User, signed_in: SignedIn, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    batch = a_queued_batch(researcher)
    steer_batch(batch_id=batch.pk, changes={"name": "=Autumn"}, by=researcher)
    adam = signed_in(admin)
    with django_assert_num_queries(2):
        found = adam.get("/api/v1/audit/").json()["results"]
    assert [each["sentence"] for each in found[:2]] == ["rosa changed the batch Spring", "rosa queued the batch Spring"]
    of_batches = adam.get("/api/v1/audit/", {"verb": "batch.", "actor": "rosa"}).json()["results"]
    assert {each["subject"] for each in of_batches} == {"batch"}
    mine = adam.get("/api/v1/audit/", {"subject": "batch", "subject_key": str(batch.pk)}).json()["results"]
    assert len(mine) == 2
    assert adam.get("/api/v1/audit/", {"since": "2099-01-01T00:00:00Z"}).json()["results"] == []
    assert adam.get("/api/v1/audit/", {"since": "soon"}).status_code == 400
    text = b"".join(adam.get("/api/v1/audit/export/")).decode()  # type: ignore[arg-type]
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert len(rows) == Entry.objects.count()
    assert json.loads(rows[-1]["after"]) == {"name": "=Autumn"}
    lines = b"".join(adam.get("/api/v1/audit/export/", {"format": "jsonl", "verb": "batch."}))  # type: ignore[arg-type]
    assert [json.loads(line)["verb"] for line in lines.splitlines()] == ["batch.created", "batch.changed"]


def test_every_sentence_reads(admin: User) -> None:
    for verb in VERBS:
        record(verb=verb, by=admin, subject=admin)
        assert sentence(last()) == f"adam {VERBS[verb]} adam"


def test_others_see_none(researcher: User, signed_in: SignedIn, client: Client) -> None:
    for path in ("/api/v1/audit/", "/api/v1/audit/export/"):
        assert signed_in(researcher).get(path).status_code == 403
        assert client.get(path).status_code == 401
