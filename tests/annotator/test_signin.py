import re
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from annotator.accounts import signin
from annotator.accounts.models import Role, User
from annotator.accounts.people import create_person

SESSION = "/api/v1/session/"


def password_signin(client: Client, username: str, password: str, **headers: str) -> tuple[int, dict[str, object]]:
    answer = client.post(
        SESSION, {"username": username, "password": password}, content_type="application/json", headers=headers
    )
    return answer.status_code, answer.json()


def who(client: Client) -> str | None:
    user = client.get(SESSION).json()["user"]
    return user and user["username"]


def test_a_stranger_is_nobody_and_gets_a_csrf_token(client: Client, db: None) -> None:
    session = client.get(SESSION).json()
    assert session["user"] is None
    assert session["demo"] is False
    assert len(session["csrf"]) == 64


def test_password_opens_a_session_and_signing_out_ends_it(client: Client, annotator: User) -> None:
    status, body = password_signin(client, "anna", "judges-stickers")
    assert (status, body["user"]) == (200, {"username": "anna", "role": "annotator"})
    assert who(client) == "anna"
    assert client.delete(SESSION).status_code == 204
    assert who(client) is None


@pytest.mark.parametrize(("username", "password"), [("anna", "wrong"), ("nobody", "judges-stickers")])
def test_wrong_password_and_unknown_name_get_the_same_answer(
    client: Client, annotator: User, username: str, password: str
) -> None:
    status, body = password_signin(client, username, password)
    assert status == 401
    assert body == {
        "error": "Username and password do not match, or the account is switched off.",
        "fields": {},
    }


def test_signing_in_from_another_site_is_refused(annotator: User) -> None:
    browser = Client(enforce_csrf_checks=True)
    status, body = password_signin(browser, "anna", "judges-stickers")
    assert (status, who(browser)) == (403, None)
    assert "CSRF" in str(body["error"])
    token = browser.get(SESSION).json()["csrf"]
    assert password_signin(browser, "anna", "judges-stickers", **{"X-CSRFToken": token})[0] == 200


def test_guessing_is_slowed_for_the_name_guessed_only(client: Client, annotator: User, researcher: User) -> None:
    for _ in range(10):
        assert password_signin(client, "anna", "guess")[0] == 401
    status, body = password_signin(client, "anna", "judges-stickers")
    assert status == 429
    assert re.fullmatch(r"Too many attempts: try again in \d+ s\.", str(body["error"]))
    spoofed = {"X-Forwarded-For": "203.0.113.9"}
    assert password_signin(client, "anna", "judges-stickers", **spoofed)[0] == 429
    assert password_signin(client, "rosa", "trains-students")[0] == 200


def test_somebody_switched_off_loses_the_session_at_once(client: Client, annotator: User) -> None:
    password_signin(client, "anna", "judges-stickers")
    assert client.get("/api/v1/tokens/").status_code == 200
    User.objects.filter(pk=annotator.pk).update(is_active=False)
    assert client.get("/api/v1/tokens/").status_code == 401
    assert who(client) is None


def test_a_link_signs_in(client: Client, researcher: User) -> None:
    printed = StringIO()
    call_command("signin_link", "rosa", site="http://localhost:8123", stdout=printed)
    link = printed.getvalue().strip()
    assert link.startswith("http://localhost:8123/signin/")
    answer = client.get(link.removeprefix("http://localhost:8123"))
    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert who(client) == "rosa"


def test_a_look_at_a_link_does_not_sign_in(client: Client, researcher: User) -> None:
    client.head(signin.signin_path(user=researcher))
    assert who(client) is None


def test_a_link_ends_when_it_said(client: Client, researcher: User, monkeypatch: pytest.MonkeyPatch) -> None:
    link = signin.signin_path(user=researcher, hours=1)
    later = timezone.now() + timedelta(hours=1, seconds=5)
    monkeypatch.setattr(signin.time, "time", later.timestamp)
    answer = client.get(link)
    assert answer.status_code == 403
    assert "does not work any more" in answer.content.decode()
    assert who(client) is None


@pytest.mark.parametrize("change", ["x", ":x"])
def test_a_changed_link_signs_nobody_in(client: Client, researcher: User, change: str) -> None:
    assert client.get(signin.signin_path(user=researcher) + change).status_code == 403
    assert who(client) is None


def test_a_link_of_somebody_switched_off_signs_nobody_in(client: Client, researcher: User) -> None:
    link = signin.signin_path(user=researcher)
    User.objects.filter(pk=researcher.pk).update(is_active=False)
    assert client.get(link).status_code == 403
    with pytest.raises(CommandError, match="no active account 'rosa'"):
        call_command("signin_link", "rosa")


def test_the_demo_door_is_shut_where_there_is_no_demo(client: Client, db: None) -> None:
    answer = client.post(f"{SESSION}demo/", {"role": "admin"}, content_type="application/json")
    assert answer.status_code == 404
    assert User.objects.count() == 0


@pytest.mark.parametrize("role", Role.values)
def test_the_demo_offers_each_role(client: Client, db: None, settings: Settings, role: str) -> None:
    settings.DEMO = True
    for _ in range(2):
        answer = client.post(f"{SESSION}demo/", {"role": role}, content_type="application/json")
        assert answer.json()["user"] == {"username": role, "role": role}
    assert User.objects.count() == 1
    assert client.get(SESSION).json()["demo"] is True


def test_create_user_makes_an_account_without_a_password(db: None) -> None:
    call_command("create_user", "vera", role="researcher", stdout=StringIO())
    user = User.objects.get(username="vera")
    assert user.role == Role.RESEARCHER
    assert not user.has_usable_password()
    with pytest.raises(CommandError, match="taken"):
        call_command("create_user", "vera")
    with pytest.raises(CommandError, match="username"):
        call_command("create_user", "no spaces allowed")


def test_an_account_needs_a_password_worth_the_name(db: None) -> None:
    with pytest.raises(Exception, match="too common"):
        create_person(username="vera", role=Role.ANNOTATOR, password="password123")
    assert User.objects.count() == 0
