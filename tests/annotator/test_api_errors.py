import json
from typing import Any

import pytest
from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import IntegrityError
from django.test import Client, override_settings
from rest_framework import exceptions

from annotator.accounts.models import Role, User
from annotator.accounts.people import create_person
from annotator.api import errors
from annotator.prompts.models import PromptSet
from tests.annotator.conftest import SignedIn


def shown(exc: Exception) -> dict[str, Any]:
    response = errors.handle(exc, {})
    assert response is not None
    return {"status": response.status_code, **response.data}


def told(answer: Any) -> str:
    """The sentence of an error answer, whose shape is always the same."""
    body = json.loads(answer.content)
    assert answer["Content-Type"] == "application/json"
    assert set(body) == {"error", "fields"}
    assert isinstance(body["error"], str)
    return str(body["error"])


def test_a_stranger_is_asked_to_sign_in(client: Client, db: None) -> None:
    answer = client.get("/api/v1/tokens/")
    assert answer.status_code == 401
    assert told(answer) == "Sign in first, or send an API token."


@pytest.mark.parametrize("path", ["", "nowhere/", "people", "prompt-sets/x/", "../v2/"])
def test_an_unknown_address_answers_json(client: Client, db: None, path: str) -> None:
    for browser in (client, Client(enforce_csrf_checks=True)):
        for answer in (browser.get(f"/api/v1/{path}"), browser.post(f"/api/v1/{path}")):
            assert answer.status_code == 404
            assert told(answer) == errors.NOT_FOUND


def test_what_is_no_json_is_told(researcher: User, signed_in: SignedIn) -> None:
    answer = signed_in(researcher).post("/api/v1/tokens/", "{name: x", content_type="application/json")
    assert answer.status_code == 400
    assert "JSON parse error" in told(answer)


def test_another_content_type_is_told(researcher: User, signed_in: SignedIn) -> None:
    answer = signed_in(researcher).post("/api/v1/tokens/", "name=x", content_type="application/x-www-form-urlencoded")
    assert answer.status_code == 415
    assert "Unsupported media type" in told(answer)


def test_a_wrong_method_is_told(researcher: User, signed_in: SignedIn) -> None:
    answer = signed_in(researcher).put("/api/v1/tokens/", "{}", content_type="application/json")
    assert answer.status_code == 405
    assert "PUT" in told(answer)


def test_json_beyond_a_megabyte_is_refused_unread(researcher: User, signed_in: SignedIn) -> None:
    body = json.dumps({"name": "x" * 2**20})
    answer = signed_in(researcher).post("/api/v1/tokens/", body, content_type="application/json")
    assert answer.status_code == 413
    assert told(answer) == "The request has 1.0 MB: at most 1 MB are taken."


@pytest.mark.parametrize("name", ["nul\0byte", "\ud800 half a character"])
def test_text_that_no_database_takes_is_told(researcher: User, signed_in: SignedIn, name: str) -> None:
    body = json.dumps({"name": name})
    answer = signed_in(researcher).post("/api/v1/tokens/", body, content_type="application/json")
    assert answer.status_code == 400
    assert told(answer).startswith("name: ")


@pytest.mark.parametrize("body", ["[]", '"text"', "null", "7"])
def test_json_that_is_no_object_is_told(researcher: User, signed_in: SignedIn, body: str) -> None:
    answer = signed_in(researcher).post("/api/v1/tokens/", body, content_type="application/json")
    assert answer.status_code == 400
    told(answer)


def test_nested_faults_are_named_by_their_path() -> None:
    detail = {"sources": [{}, {"settings": {"steps": ["At most 50."]}}], "name": ["Too long.", "Taken."]}
    assert shown(exceptions.ValidationError(detail)) == {
        "status": 400,
        "error": "sources.1.settings.steps: At most 50.",
        "fields": {"sources.1.settings.steps": ["At most 50."], "name": ["Too long.", "Taken."]},
    }


def test_a_verbs_refusal_is_a_400() -> None:
    assert shown(DjangoValidationError({"caption": ["Empty."]})) == {
        "status": 400,
        "error": "caption: Empty.",
        "fields": {"caption": ["Empty."]},
    }
    assert shown(DjangoValidationError("This batch is closed.")) == {
        "status": 400,
        "error": "This batch is closed.",
        "fields": {},
    }


def test_two_who_take_a_name_at_once_get_a_sentence(researcher: User) -> None:
    PromptSet.objects.create(name="Spring", created_by=researcher)
    with pytest.raises(IntegrityError) as clash:
        PromptSet.objects.create(name="Spring", created_by=researcher)
    assert shown(clash.value) == {
        "status": 409,
        "error": "name: There is a prompt set of this name: choose another.",
        "fields": {"name": ["There is a prompt set of this name: choose another."]},
    }


def test_an_unknown_constraint_is_our_fault() -> None:
    assert errors.handle(IntegrityError("CHECK constraint failed: task_never_beyond_overlap"), {}) is None


def test_what_breaks_answers_json_without_the_details(
    admin: User, signed_in: SignedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(**given: object) -> None:
        raise RuntimeError("a secret detail")

    monkeypatch.setattr("annotator.accounts.invitations.invite", breaks)
    browser = signed_in(admin)
    browser.raise_request_exception = False
    answer = browser.post("/api/v1/invitations/", {"role": "admin"}, content_type="application/json")
    assert answer.status_code == 500
    assert "secret detail" not in told(answer)


@override_settings(ALLOWED_HOSTS=["stickers.example"])
def test_a_strange_host_is_refused(client: Client, db: None) -> None:
    answer = client.get("/api/v1/session/")
    assert answer.status_code == 400
    assert told(answer) == "The request is malformed."


def test_a_missing_right_is_told_with_who_can_give_it(annotator: User, signed_in: SignedIn) -> None:
    answer = signed_in(annotator).get("/api/v1/labels/summary/")
    assert answer.status_code == 403
    assert told(answer) == "This is for researchers: an admin can give you that role under People."


def test_a_taken_username_leaves_no_second_account(db: None) -> None:
    create_person(username="anna", role=Role.ANNOTATOR)
    with pytest.raises(DjangoValidationError, match="taken"):
        create_person(username="anna", role=Role.ANNOTATOR)
    assert User.objects.count() == 1
