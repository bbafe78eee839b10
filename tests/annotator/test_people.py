import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from annotator.accounts.models import Role, User
from annotator.accounts.people import create_person
from tests.annotator.conftest import SignedIn

PEOPLE = "/api/v1/people/"


def change(client: Client, user: User, **body: object) -> tuple[int, dict[str, object]]:
    answer = client.patch(f"{PEOPLE}{user.pk}/", body, content_type="application/json")
    return answer.status_code, answer.json()


def test_an_admin_gives_a_role_and_it_holds_at_once(admin: User, annotator: User, signed_in: SignedIn) -> None:
    teammate = signed_in(annotator)
    assert teammate.get("/api/v1/prompt-sets/").status_code == 403
    status, body = change(signed_in(admin), annotator, role="researcher")
    assert (status, body["role"]) == (200, "researcher")
    assert teammate.get("/api/v1/prompt-sets/").status_code == 200


def test_an_admin_switches_an_account_off(admin: User, annotator: User, signed_in: SignedIn) -> None:
    teammate = signed_in(annotator)
    assert change(signed_in(admin), annotator, is_active=False)[0] == 200
    assert teammate.get("/api/v1/tokens/").status_code == 401


def test_nobody_changes_themselves(admin: User, signed_in: SignedIn) -> None:
    status, body = change(signed_in(admin), admin, role="annotator")
    assert (status, "another admin" in str(body["error"])) == (400, True)
    admin.refresh_from_db()
    assert admin.role == Role.ADMIN


@pytest.mark.parametrize("body", [{"role": "owner"}, {"is_active": "perhaps"}])
def test_an_unknown_role_changes_nothing(
    admin: User, annotator: User, signed_in: SignedIn, body: dict[str, object]
) -> None:
    status, answer = change(signed_in(admin), annotator, **body)
    assert (status, list(answer["fields"])) == (400, list(body))
    annotator.refresh_from_db()
    assert (annotator.role, annotator.is_active) == (Role.ANNOTATOR, True)


def test_others_do_not_see_people(annotator: User, researcher: User, signed_in: SignedIn, client: Client) -> None:
    for outsider in (annotator, researcher):
        assert signed_in(outsider).get(PEOPLE).status_code == 403
        assert change(signed_in(outsider), annotator, role="admin")[0] == 403
    assert client.get(PEOPLE).status_code == 401


def test_an_unknown_person_is_not_there(admin: User, signed_in: SignedIn) -> None:
    answer = signed_in(admin).patch(f"{PEOPLE}{2**80}/", {"role": "admin"}, content_type="application/json")
    assert answer.status_code == 404


def test_people_come_in_pages_newest_first(
    admin: User, signed_in: SignedIn, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(60):
        create_person(username=f"guest{number}", role=Role.ANNOTATOR)
    browser = signed_in(admin)
    with django_assert_num_queries(2):
        first = browser.get(PEOPLE).json()
    second = browser.get(PEOPLE, {"cursor": first["next"]}).json()
    names = [person["username"] for person in first["results"] + second["results"]]
    assert names == [*(f"guest{number}" for number in reversed(range(60))), "adam"]
    assert (len(first["results"]), second["next"]) == (50, None)
    wrong = browser.get(PEOPLE, {"cursor": "bananas"})
    assert (wrong.status_code, list(wrong.json()["fields"])) == (400, ["cursor"])
