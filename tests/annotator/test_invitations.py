from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from annotator.accounts import invitations
from annotator.accounts.invitations import SPENT, invite
from annotator.accounts.models import Invitation, Role, User
from annotator.accounts.people import create_person
from tests.annotator.conftest import SignedIn

INVITATIONS = "/api/v1/invitations/"


def accept(client: Client, secret: str, username: str, password: str = "a-long-password") -> Any:
    body = {"secret": secret, "username": username, "password": password}
    return client.post(f"{INVITATIONS}accept/", body, content_type="application/json")


def test_an_invitation_makes_one_account_with_its_role(client: Client, admin: User, signed_in: SignedIn) -> None:
    body = {"role": "researcher", "note": "for Vera"}
    made = signed_in(admin).post(INVITATIONS, body, content_type="application/json").json()
    assert made["link"] == f"http://testserver/join/{made['secret']}"
    assert made["secret"] not in str(Invitation.objects.values().get())
    answer = accept(client, made["secret"], "vera")
    assert answer.json()["user"] == {"username": "vera", "role": "researcher"}
    assert client.get("/api/v1/session/").json()["user"]["username"] == "vera"
    listed = signed_in(admin).get(INVITATIONS).json()["results"]
    assert [(entry["note"], entry["accepted_by"], "secret" in entry) for entry in listed] == [
        ("for Vera", "vera", False)
    ]


def test_an_invitation_works_once(admin: User) -> None:
    _, secret = invite(role=Role.ANNOTATOR, by=admin)
    assert accept(Client(), secret, "first").status_code == 200
    second = accept(Client(), secret, "second")
    assert (second.status_code, second.json()["fields"]) == (400, {"secret": [SPENT]})
    assert not User.objects.filter(username="second").exists()


def test_an_invitation_expires_after_seven_days(client: Client, admin: User) -> None:
    invitation, secret = invite(role=Role.ANNOTATOR, by=admin)
    assert timedelta(days=6, hours=23) < invitation.expires_at - timezone.now() < timedelta(days=7, minutes=1)
    Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert accept(client, secret, "late").json()["fields"] == {"secret": [SPENT]}
    assert User.objects.count() == 1


@pytest.mark.parametrize(
    ("username", "password", "field"),
    [
        ("adam", "a-long-password", "username"),
        ("with space", "a-long-password", "username"),
        ("vera", "short", "password"),
        ("vera", "12345678", "password"),
    ],
)
def test_a_bad_name_or_password_leaves_the_invitation_open(
    client: Client, admin: User, username: str, password: str, field: str
) -> None:
    _, secret = invite(role=Role.ANNOTATOR, by=admin)
    answer = accept(client, secret, username, password)
    assert (answer.status_code, list(answer.json()["fields"])) == (400, [field])
    assert accept(client, secret, "vera").status_code == 200


def test_who_is_signed_in_signs_out_first(annotator: User, admin: User, signed_in: SignedIn) -> None:
    _, secret = invite(role=Role.ADMIN, by=admin)
    assert accept(signed_in(annotator), secret, "second-self").status_code == 403
    assert Invitation.objects.get().accepted_by is None


def test_only_admins_invite(annotator: User, researcher: User, signed_in: SignedIn) -> None:
    for outsider in (annotator, researcher):
        browser = signed_in(outsider)
        assert browser.get(INVITATIONS).status_code == 403
        assert browser.post(INVITATIONS, {"role": "admin"}, content_type="application/json").status_code == 403
    assert Invitation.objects.count() == 0


def test_an_open_invitation_can_be_withdrawn(client: Client, admin: User, signed_in: SignedIn) -> None:
    invitation, secret = invite(role=Role.ANNOTATOR, by=admin)
    assert signed_in(admin).delete(f"{INVITATIONS}{invitation.pk}/").status_code == 204
    assert accept(client, secret, "vera").json()["fields"] == {"secret": [SPENT]}
    spent, secret = invite(role=Role.ANNOTATOR, by=admin)
    accept(client, secret, "vera")
    answer = signed_in(admin).delete(f"{INVITATIONS}{spent.pk}/")
    assert (answer.status_code, "was accepted" in answer.json()["error"]) == (400, True)


def test_the_list_costs_the_same_however_long_it_is(
    admin: User, signed_in: SignedIn, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    browser = signed_in(admin)
    for number in range(12):
        _, secret = invite(role=Role.ANNOTATOR, by=admin)
        invitations.accept_invitation(secret=secret, username=f"guest{number}", password="a-long-password")
    with django_assert_num_queries(2):  # the session's user, the list
        assert len(browser.get(INVITATIONS).json()["results"]) == 12


@pytest.mark.django_db(transaction=True)
def test_of_two_who_accept_at_once_one_gets_in(monkeypatch: pytest.MonkeyPatch) -> None:
    admin = create_person(username="adam", role=Role.ADMIN)
    _, secret = invite(role=Role.ANNOTATOR, by=admin)
    at_once = Barrier(2)

    def entering(username: str) -> str:
        at_once.wait(timeout=10)
        try:
            return invitations.accept_invitation(secret=secret, username=username, password="a-long-password").username
        except ValidationError as error:
            return error.messages[0]
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(entering, ["first", "second"]))
    assert sorted(answers, key=lambda answer: answer == SPENT)[1] == SPENT
    guests = User.objects.exclude(pk=admin.pk)
    assert [guest.username for guest in guests] == [answer for answer in answers if answer != SPENT]


def test_who_finds_it_taken_in_between_leaves_no_account(admin: User, monkeypatch: pytest.MonkeyPatch) -> None:
    invitation, secret = invite(role=Role.ANNOTATOR, by=admin)
    make: Callable[..., User] = create_person

    def overtaken(**given: Any) -> User:
        Invitation.objects.filter(pk=invitation.pk).update(accepted_by=admin)
        return make(**given)

    monkeypatch.setattr(invitations, "create_person", overtaken)
    with pytest.raises(ValidationError, match="used already"):
        invitations.accept_invitation(secret=secret, username="late", password="a-long-password")
    assert not User.objects.filter(username="late").exists()
