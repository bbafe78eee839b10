from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from annotator.accounts.models import ApiToken, User
from annotator.accounts.tokens import create_token, digest
from tests.annotator.conftest import SignedIn

TOKENS = "/api/v1/tokens/"


def bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


def test_a_token_is_shown_once_and_opens_the_api(client: Client, researcher: User, signed_in: SignedIn) -> None:
    made = signed_in(researcher).post(TOKENS, {"name": "notebook"}, content_type="application/json").json()
    assert made["secret"].startswith("slp_")
    assert made["prefix"] == made["secret"][:8]
    stored = ApiToken.objects.get()
    assert stored.digest == digest(made["secret"])
    assert made["secret"] not in str(ApiToken.objects.values().get())
    listed = client.get(TOKENS, headers=bearer(made["secret"])).json()["results"]
    assert [(token["name"], "secret" in token) for token in listed] == [("notebook", False)]


def test_a_token_needs_no_csrf_token(researcher: User) -> None:
    _, secret = create_token(user=researcher, name="script")
    script = Client(enforce_csrf_checks=True)
    answer = script.post(TOKENS, {"name": "second"}, content_type="application/json", headers=bearer(secret))
    assert answer.status_code == 201


def test_a_session_needs_a_csrf_token(researcher: User) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(researcher)
    answer = browser.post(TOKENS, {"name": "forged"}, content_type="application/json")
    assert answer.status_code == 403
    assert ApiToken.objects.count() == 0


def test_a_revoked_token_opens_nothing(client: Client, researcher: User, signed_in: SignedIn) -> None:
    token, secret = create_token(user=researcher, name="script")
    assert signed_in(researcher).delete(f"{TOKENS}{token.pk}/").status_code == 204
    answer = client.get(TOKENS, headers=bearer(secret))
    assert answer.status_code == 401
    assert answer.json()["error"] == "This API token was revoked: make a new one under Account."
    assert answer["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("secret", ["slp_unknown", "", "späm", "a b c"])
def test_an_unknown_token_opens_nothing_even_with_a_session(researcher: User, signed_in: SignedIn, secret: str) -> None:
    answer = signed_in(researcher).get(TOKENS, headers=bearer(secret))
    assert answer.status_code == 401
    assert "not known" in answer.json()["error"]


def test_a_token_of_somebody_switched_off_opens_nothing(client: Client, researcher: User) -> None:
    _, secret = create_token(user=researcher, name="script")
    User.objects.filter(pk=researcher.pk).update(is_active=False)
    answer = client.get(TOKENS, headers=bearer(secret))
    assert (answer.status_code, "switched off" in answer.json()["error"]) == (401, True)


def test_others_tokens_are_not_there(annotator: User, researcher: User, signed_in: SignedIn) -> None:
    token, secret = create_token(user=researcher, name="script")
    outsider = signed_in(annotator)
    assert outsider.get(TOKENS).json()["results"] == []
    assert outsider.delete(f"{TOKENS}{token.pk}/").status_code == 404
    assert Client().get(TOKENS, headers=bearer(secret)).status_code == 200


def test_use_is_noted_at_most_once_a_minute(
    client: Client, researcher: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    _, secret = create_token(user=researcher, name="script")
    with django_assert_num_queries(3):  # token and user, note, list
        client.get(TOKENS, headers=bearer(secret))
    first = ApiToken.objects.get().last_used_at
    assert first is not None
    with django_assert_num_queries(2):
        client.get(TOKENS, headers=bearer(secret))
    assert ApiToken.objects.get().last_used_at == first
    ApiToken.objects.update(last_used_at=timezone.now() - timedelta(minutes=2))
    client.get(TOKENS, headers=bearer(secret))
    assert ApiToken.objects.get().last_used_at > first - timedelta(minutes=1)


def test_a_token_has_its_owners_rights_and_no_more(client: Client, annotator: User) -> None:
    _, secret = create_token(user=annotator, name="script")
    answer = client.get("/api/v1/people/", headers=bearer(secret))
    assert (answer.status_code, answer.json()["error"]) == (403, "This is for admins.")
