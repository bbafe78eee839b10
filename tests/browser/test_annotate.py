"""The annotate page: by keyboard, by mouse and by touch; back to change; offline and back."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from annotator.annotation.models import Revision, Verdict
from annotator.generation.models import Batch, Clip
from tests.annotator.actors import open_batch, person
from tests.browser.conftest import Visit

Visitor = Callable[..., Visit]


ALL_FETCHED = (
    "names => names.every(name => performance.getEntriesByType('resource')"
    ".some(entry => entry.name.endsWith(name) && entry.responseEnd > 0))"
)


def shown(page: Page) -> str:
    """The assignment that stands on the screen."""
    return page.locator("[data-assignment]").get_attribute("data-assignment") or ""


def submit(page: Page) -> None:
    """Presses Enter and waits for the next one to stand there."""
    before = shown(page)
    page.keyboard.press("Enter")
    expect(page.locator(f"[data-assignment='{before}']")).to_have_count(0)


def expect_picked(page: Page, *slots: int) -> None:
    """Waits until exactly the videos in `slots` are ticked."""
    boxes = page.get_by_role("checkbox", name=re.compile(r"^Video \d"))
    for slot in range(1, boxes.count() + 1):
        expect(boxes.nth(slot - 1)).to_be_checked(checked=slot in slots)


def shareable_slots(revision: Revision) -> list[int]:
    chosen = Verdict.objects.filter(revision=revision, shareable=True)
    return sorted(chosen.values_list("slot", flat=True))


@pytest.fixture
def batch(transactional_db: None, with_pictures: Callable[[Batch], Batch]) -> Batch:
    return with_pictures(open_batch(tasks=4, candidates=4))


def test_by_keyboard_alone_back_and_changed(batch: Batch, visit: Visitor, wait_until: Callable[..., None]):
    anna = visit(person("anna"))
    page = anna.go("/annotate")
    expect(page.get_by_text("Which would you share?")).to_be_visible()
    first = shown(page)
    page.keyboard.press("1")
    expect_picked(page, 1)
    page.keyboard.press("0")
    expect_picked(page)
    expect(page.get_by_role("checkbox", name="I wouldn’t share any of these")).to_be_checked()
    page.keyboard.press("2")
    page.keyboard.press("4")
    expect_picked(page, 2, 4)
    expect(page.get_by_role("checkbox", name="I wouldn’t share any of these")).not_to_be_checked()
    submit(page)
    page.keyboard.press("0")
    submit(page)
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    expect(page.locator(f"[data-assignment='{first}']")).to_be_visible()
    expect_picked(page, 2, 4)
    page.keyboard.press("4")
    page.keyboard.press("Enter")
    wait_until(lambda: Revision.objects.filter(annotation__assignment=first).count() == 2, what="the changed answer")
    old, new = Revision.objects.filter(annotation__assignment=first).order_by("number")
    assert (shareable_slots(old), old.current) == ([2, 4], False)
    assert (shareable_slots(new), new.current) == ([2], True)
    assert new.device == "keyboard"
    none = Revision.objects.exclude(annotation__assignment=first).get()
    assert none.none_shareable
    assert shareable_slots(none) == []
    anna.check()


def test_0_submits_at_once_where_a_person_chose_that_on_this_device(batch: Batch, visit: Visitor):
    page = visit(person("anna")).go("/annotate")
    expect(page.get_by_text("Which would you share?")).to_be_visible()
    page.keyboard.press("?")
    page.get_by_role("checkbox", name="submits at once").check()
    page.keyboard.press("Escape")
    for _ in range(2):
        before = shown(page)
        page.keyboard.press("0")
        expect(page.locator(f"[data-assignment='{before}']")).to_have_count(0)
        page.reload()
        expect(page.get_by_text("Which would you share?")).to_be_visible()


def test_clicking_a_loop_is_the_same_as_its_number(batch: Batch, visit: Visitor):
    anna = visit(person("anna"))
    page = anna.go("/annotate")
    expect(page.get_by_text("Which would you share?")).to_be_visible()
    page.locator("[data-slot='3']").click()
    expect_picked(page, 3)
    page.get_by_role("checkbox", name="Video 1").check()
    first = shown(page)
    page.get_by_role("button", name="Submit").click()
    expect(page.locator(f"[data-assignment='{first}']")).to_have_count(0)
    page.get_by_role("button", name="Back to an earlier one").click()
    expect(page.get_by_text("You judged this one.")).to_be_visible()
    expect_picked(page, 1, 3)


def test_on_a_phone_by_touch(batch: Batch, visit: Visitor, wait_until: Callable[..., None]):
    anna = visit(person("anna"), phone=True)
    page = anna.go("/annotate")
    page.locator("[data-slot='2']").tap()
    expect_picked(page, 2)
    anna.check()
    before = shown(page)
    page.get_by_role("button", name="Submit").tap()
    wait_until(lambda: Revision.objects.filter(annotation__assignment=before).exists(), what="the answer")
    assert Revision.objects.get(annotation__assignment=before).device == "touch"


def test_answers_given_offline_arrive_when_the_network_is_back(
    batch: Batch, visit: Visitor, wait_until: Callable[..., None]
):
    anna = visit(person("anna"))
    page = anna.go("/annotate")
    expect(page.get_by_text("Which would you share?")).to_be_visible()
    # All four tasks are in hand: from here on, no loop needs the network.
    page.wait_for_function(ALL_FETCHED, arg=list(Clip.objects.values_list("sheet", flat=True)))
    anna.context.set_offline(True)
    for _ in range(2):
        page.keyboard.press("1")
        submit(page)
    expect(page.get_by_text("2 answers waiting on this device")).to_be_visible()
    assert Revision.objects.count() == 0
    anna.context.set_offline(False)
    wait_until(lambda: Revision.objects.count() == 2, what="both answers")
    assert {tuple(shareable_slots(revision)) for revision in Revision.objects.all()} == {(1,)}


def test_skip_and_flag_ask_why(batch: Batch, visit: Visitor):
    anna = visit(person("anna"))
    page = anna.go("/annotate")
    expect(page.get_by_text("Which would you share?")).to_be_visible()
    before = shown(page)
    page.keyboard.press("s")
    page.get_by_role("dialog").get_by_role("button").first.wait_for()
    anna.check()
    page.keyboard.press("Escape")
    assert shown(page) == before
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_contain_text("Back to an earlier one")


def test_all_judged_says_so(visit: Visitor, transactional_db: None, with_pictures: Callable[[Batch], Batch]):
    with_pictures(open_batch(tasks=1, candidates=2))
    page = visit(person("anna")).go("/annotate")
    expect(page.get_by_text("Which would you share?")).to_be_visible()
    page.keyboard.press("1")
    submit(page)
    expect(page.get_by_role("heading", name="You have judged all of it")).to_be_visible()


def test_nothing_to_judge_says_so(visit: Visitor):
    anna = visit(person("anna"))
    expect(anna.go("/annotate").get_by_role("heading", name="Nothing to judge yet")).to_be_visible()
    anna.check()
