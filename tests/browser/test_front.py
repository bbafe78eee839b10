"""The first page: what this is, signing in, looking around as a role, joining by invitation."""

from collections.abc import Callable

import pytest
from django.conf import global_settings
from django.test import override_settings
from playwright.sync_api import expect

from annotator.accounts.invitations import invite
from annotator.accounts.models import Role, User
from annotator.accounts.people import create_person
from tests.browser.conftest import Visit

Visitor = Callable[..., Visit]
PASSWORD = "three plain stickers"


@pytest.mark.parametrize("phone", [False, True], ids=["laptop", "phone"])
def test_says_what_this_is_and_offers_three_roles(visit: Visitor, phone: bool):
    stranger = visit(None, phone=phone)
    page = stranger.go("/")
    expect(page.get_by_role("heading", level=1)).to_contain_text("stickers they would share")
    for role in Role:
        expect(page.get_by_role("button", name=role.value)).to_be_visible()
    stranger.check()


@pytest.mark.parametrize(
    ("role", "sees"),
    [
        ("annotator", {"Annotate"}),
        (
            "researcher",
            {"Annotate", "Batches", "Playground", "Prompts", "Queue", "Labels", "Releases", "Training", "Checkpoints"},
        ),
        (
            "admin",
            {
                *("Annotate", "Batches", "Playground", "Prompts", "Queue", "Labels", "Releases", "Training"),
                *("Checkpoints", "People"),
            },
        ),
    ],
)
def test_each_role_sees_what_is_theirs(visit: Visitor, role: str, sees: set[str]):
    somebody = visit(None)
    page = somebody.go("/")
    page.get_by_role("button", name=role).click()
    links = page.get_by_role("navigation", name="Main").get_by_role("list").get_by_role("link")
    expect(links.last).to_contain_text(role)
    assert {name for name in links.all_inner_texts() if role not in name} == sees
    somebody.check()


def test_password_signs_in_and_a_wrong_one_says_so(visit: Visitor):
    # The server checks with the product's own hasher, not with the tests' quick one.
    with override_settings(PASSWORD_HASHERS=global_settings.PASSWORD_HASHERS):
        create_person(username="rosa", role=Role.RESEARCHER, password=PASSWORD)
    rosa = visit(None)
    page = rosa.go("/signin")
    page.get_by_label("Username").fill("rosa")
    page.get_by_label("Password").fill("guessed")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("Username and password do not match")).to_be_visible()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("link", name="rosa")).to_be_visible()
    rosa.check()


def test_an_annotator_is_not_shown_the_researchers_pages(visit: Visitor):
    anna = visit(create_person(username="anna", role=Role.ANNOTATOR))
    for path in ("/batches", "/people"):
        page = anna.go(path)
        expect(page.get_by_role("link", name="anna")).to_be_visible()
        expect(page.get_by_role("button", name="New batch")).to_have_count(0)
        expect(page.get_by_role("link", name="New batch")).to_have_count(0)
    anna.check()


def test_joins_by_invitation(visit: Visitor):
    admin = create_person(username="adam", role=Role.ADMIN)
    secret = invite(by=admin, role=Role.ANNOTATOR)[1]
    guest = visit(None)
    page = guest.go(f"/join/{secret}")
    page.get_by_label("Username").fill("bela")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Join").click()
    expect(page.get_by_role("link", name="bela")).to_be_visible()
    assert User.objects.get(username="bela").role == Role.ANNOTATOR
    guest.check()


def test_signing_out(visit: Visitor):
    anna = visit(create_person(username="anna", role=Role.ANNOTATOR))
    page = anna.go("/account")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    anna.check()


@pytest.mark.parametrize("phone", [False, True], ids=["laptop", "phone"])
def test_the_api_is_described_on_a_page_that_fetches_nothing_from_elsewhere(visit: Visitor, site: str, phone: bool):
    browser = visit(create_person(username="rosa", role=Role.RESEARCHER), phone=phone)
    asked: list[str] = []
    browser.page.on("request", lambda request: asked.append(request.url))
    page = browser.go("/account")
    expect(page.get_by_role("link", name="All that the API does")).to_have_attribute("href", "/api/v1/docs/")
    browser.go("/api/v1/docs/")
    expect(page.get_by_role("heading", name="Stickerloop")).to_be_visible()
    expect(page.get_by_role("link", name="batches", exact=True)).to_be_visible()
    assert [url for url in asked if not url.startswith((site, "data:"))] == []
    browser.check()
