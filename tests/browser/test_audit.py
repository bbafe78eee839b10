"""The audit in the browser: read, filtered, exported."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from annotator.accounts.models import Role, User
from annotator.accounts.people import change_person, create_person
from annotator.generation.batches import steer_batch
from tests.annotator.actors import open_batch
from tests.browser.conftest import Visit

Visitor = Callable[..., Visit]


@pytest.fixture
def adam(transactional_db: None) -> User:
    return create_person(username="adam", role=Role.ADMIN)


@pytest.mark.parametrize("phone", [False, True], ids=["laptop", "phone"])
def test_an_admin_finds_who_changed_what(visit: Visitor, adam: User, phone: bool) -> None:
    gina = create_person(username="gina", role=Role.ANNOTATOR)
    change_person(user=gina, by=adam, role=Role.RESEARCHER)
    batch = open_batch()
    steer_batch(batch_id=batch.pk, changes={"priority": 7}, by=gina)
    browser = visit(adam, phone=phone)
    page = browser.go("/people")
    page.get_by_role("link", name="Audit").click()
    expect(page.get_by_text(f"gina changed the batch {batch.name}")).to_be_visible()
    expect(page.get_by_text("priority: 0 → 7")).to_be_visible()
    page.get_by_label("About").select_option("Accounts")
    expect(page.get_by_text("adam changed the account of gina")).to_be_visible()
    expect(page.get_by_text(f"gina changed the batch {batch.name}")).to_have_count(0)
    with page.expect_download() as download:
        page.get_by_role("link", name="Export CSV").click()
    assert "batch.changed" not in download.value.path().read_text()
    page.get_by_label("Who").fill("gina")
    page.get_by_label("Who").press("Enter")
    expect(page.get_by_text("Nothing like that was changed.")).to_be_visible()
    browser.check()
