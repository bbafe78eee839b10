"""Lineage in the browser: from a release to its checkpoint and back; a prompt is withdrawn."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from annotator.accounts.models import Role, User
from annotator.accounts.people import create_person
from annotator.prompts.models import Prompt
from annotator.releases.models import Purpose
from annotator.releases.rule import Rule
from tests.annotator.judged import a_checkpoint
from tests.annotator.released import a_judging, frozen
from tests.annotator.test_lineage import trained
from tests.browser.conftest import Visit

Visitor = Callable[..., Visit]


@pytest.fixture
def adam(transactional_db: None) -> User:
    return create_person(username="adam", role=Role.ADMIN)


@pytest.mark.parametrize("phone", [False, True], ids=["laptop", "phone"])
def test_one_walks_from_a_release_to_its_checkpoint_and_back(visit: Visitor, adam: User, phone: bool) -> None:
    a_judging(adam)
    spring = frozen("spring", adam, Rule(), Purpose.TRAINING)
    trained(spring, a_checkpoint("general"), "student-1", adam)
    browser = visit(adam, phone=phone)
    page = browser.go(f"/releases/{spring.public_id}")
    page.get_by_role("link", name="Lineage").click()
    led_to = page.get_by_role("region", name="Led to")
    led_to.get_by_role("link", name="student-1").click()
    expect(page.get_by_role("heading", name="checkpoint: student-1")).to_be_visible()
    came_from = page.get_by_role("region", name="Came from")
    expect(came_from).to_contain_text("HITL finetune, which made student-1")
    came_from.get_by_role("link", name="spring").click()
    expect(page.get_by_role("heading", name="release: spring")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="As JSON").click()
    assert '"led_to"' in download.value.path().read_text()
    browser.check()


def test_a_prompt_is_withdrawn(visit: Visitor, adam: User) -> None:
    a_judging(adam)
    spring = frozen("spring", adam, Rule(), Purpose.TRAINING)
    trained(spring, a_checkpoint("general"), "student-1", adam)
    prompt = Prompt.objects.get(caption="@dog")
    browser = visit(adam)
    page = browser.go(f"/prompts/{prompt.prompt_set_id}")
    page.get_by_role("button", name="Withdraw @dog").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("link", name="spring")).to_be_visible()
    expect(dialog.get_by_role("link", name="student-1")).to_be_visible()
    dialog.get_by_label("Why").fill("its drawer asked")
    dialog.get_by_role("button", name="Withdraw").click()
    expect(page.get_by_text("withdrawn", exact=True)).to_be_visible()
    browser.check()
