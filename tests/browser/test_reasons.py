"""Quick reasons: by keyboard, by touch, kept over a reload, and chosen by the researcher while the batch is open."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from annotator.accounts.models import Role
from annotator.annotation.models import Revision
from annotator.generation.models import Batch
from tests.annotator.actors import open_batch, person
from tests.browser.conftest import Visit
from tests.browser.test_annotate import expect_picked, shown, submit

Visitor = Callable[..., Visit]
OFFERED = ["wrong_motion", "hardly_moves", "seam_pops", "identity_drifts", "artefacts", "edges"]


@pytest.fixture
def batch(transactional_db: None, with_pictures: Callable[[Batch], Batch]) -> Batch:
    return with_pictures(open_batch(tasks=3, candidates=4, reasons=OFFERED, reasons_ever=OFFERED))


def said(assignment: str) -> dict[int, list[str]]:
    current = Revision.objects.get(annotation__assignment=assignment, current=True)
    return {each.slot: each.reasons for each in current.verdicts.all() if each.reasons}


def marked(page: Page, *words: str) -> None:
    pressed = page.get_by_role("group", name="Why not video").get_by_role("button", pressed=True)
    expect(pressed).to_have_text([re.compile(word) for word in words])


def test_by_keyboard_kept_over_a_reload_and_shown_again_for_editing(
    batch: Batch, visit: Visitor, wait_until: Callable[..., None]
):
    anna = visit(person("anna"))
    page = anna.go("/annotate")
    expect(page.get_by_text("Which would you share?")).to_be_visible()
    first = shown(page)
    page.keyboard.press("2")
    page.keyboard.press("r")
    expect(page.get_by_role("group", name="Why not video 1?")).to_be_visible()
    page.keyboard.press("3")
    page.keyboard.press("6")
    marked(page, "seam pops", "edges")
    page.keyboard.press("r")
    expect(page.get_by_role("group", name="Why not video 3?")).to_be_visible()
    page.keyboard.press("1")
    expect_picked(page, 2)
    anna.check()
    page.reload()
    expect(page.get_by_role("button", name="Why not video 1? seam pops, edges")).to_be_visible()
    submit(page)
    wait_until(Revision.objects.exists, what="the answer")
    assert said(first) == {1: ["seam_pops", "edges"], 3: ["wrong_motion"]}
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("r")
    marked(page, "seam pops", "edges")
    page.keyboard.press("6")
    page.keyboard.press("Escape")
    page.keyboard.press("1")
    expect_picked(page, 1, 2)
    page.keyboard.press("Enter")
    wait_until(lambda: Revision.objects.count() == 2, what="the changed answer")
    assert said(first) == {3: ["wrong_motion"]}, "what is picked now has no reasons any more"
    anna.check()


def test_by_touch_on_a_phone(batch: Batch, visit: Visitor, wait_until: Callable[..., None]):
    anna = visit(person("anna"), phone=True)
    page = anna.go("/annotate")
    page.locator("[data-slot='2']").tap()
    before = shown(page)
    page.get_by_role("button", name="Why not video 1?").tap()
    panel = page.get_by_role("group", name="Why not video 1?")
    chip = panel.get_by_role("button", name="hardly moves")
    box = chip.bounding_box()
    assert box is not None
    assert box["height"] >= 44
    chip.tap()
    marked(page, "hardly moves")
    expect_picked(page, 2)
    anna.check()
    panel.get_by_role("button", name="Done").tap()
    expect(panel).to_have_count(0)
    page.get_by_role("button", name="Submit").tap()
    wait_until(Revision.objects.exists, what="the answer")
    assert said(before) == {1: ["hardly_moves"]}


def test_a_batch_without_reasons_asks_nothing(
    visit: Visitor, transactional_db: None, with_pictures: Callable[[Batch], Batch]
):
    with_pictures(open_batch(tasks=1, candidates=2))
    page = visit(person("anna")).go("/annotate")
    expect(page.get_by_text("Which would you share?")).to_be_visible()
    page.keyboard.press("r")
    expect(page.get_by_text("Why not")).to_have_count(0)


def test_a_researcher_changes_what_is_offered(batch: Batch, visit: Visitor):
    browser = visit(person("rosa", Role.RESEARCHER))
    page = browser.go(f"/batches/{batch.pk}")
    page.get_by_role("button", name="Change").click()
    page.get_by_label("edges").uncheck()
    page.get_by_role("dialog").get_by_role("button", name="Save").click()
    # Exactly: what stood there before begins with the same words.
    left = "asks why not: wrong motion, hardly moves, seam pops, identity drifts, artefacts"
    expect(page.get_by_text(left, exact=True)).to_be_visible()
    browser.check()
    batch.refresh_from_db()
    assert batch.reasons == OFFERED[:-1]
