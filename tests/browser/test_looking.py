"""Ways to look at loops: over their seam, and in a chat at the size that people will see them."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from annotator.generation.models import Batch
from tests.annotator.actors import open_batch, person
from tests.browser.conftest import Visit

Visitor = Callable[..., Visit]
PICTURE = "document.querySelector('[data-slot=\"1\"] canvas').toDataURL()"
CORNER_ALPHA = """
    () => {
      const canvas = document.querySelector('[data-slot="1"] canvas');
      return canvas.getContext('2d').getImageData(0, 0, 1, 1).data[3];
    }
"""
MESSAGE_COLOUR = "element => getComputedStyle(element.closest('.mine')).backgroundColor"


@pytest.fixture
def batch(transactional_db: None, with_pictures: Callable[[Batch], Batch]) -> Batch:
    return with_pictures(open_batch(tasks=2, candidates=4))


def at_the_loops(visit: Visit) -> Page:
    page = visit.go("/annotate")
    expect(page.locator("[data-slot] canvas")).to_have_count(4)
    return page


def test_the_seam_is_shown_from_the_middle_of_the_loop(batch: Batch, visit: Visitor):
    """With reduced motion everything stands still, so that frames can be compared."""
    anna = visit(person("anna"), reduced_motion="reduce")
    page = at_the_loops(anna)
    first = page.evaluate(PICTURE)
    for _ in range(4):
        page.keyboard.press(".")
    page.wait_for_function(f"before => {PICTURE} !== before", arg=first)
    page.wait_for_timeout(100)
    middle = page.evaluate(PICTURE)
    page.keyboard.press("l")
    seam = page.get_by_role("button", name="Seam")
    expect(seam).to_have_attribute("aria-pressed", "true")
    page.wait_for_function(f"first => {PICTURE} === first", arg=first)
    page.wait_for_function(f"middle => {PICTURE} === middle", arg=middle)
    page.wait_for_timeout(1200)
    assert page.evaluate(PICTURE) == middle, "the pass is over where it began, and stands still"
    page.keyboard.press(",")
    anna.check()
    seam.click()
    expect(seam).to_have_attribute("aria-pressed", "false")


def test_the_seam_view_ends_with_the_task(batch: Batch, visit: Visitor):
    page = at_the_loops(visit(person("anna")))
    page.get_by_role("button", name="Seam").click()
    before = page.locator("[data-assignment]").get_attribute("data-assignment")
    page.keyboard.press("1")
    page.keyboard.press("Enter")
    expect(page.locator(f"[data-assignment='{before}']")).to_have_count(0)
    expect(page.get_by_role("button", name="Seam")).to_have_attribute("aria-pressed", "false")


def choose_background(page: Page, name: str, *, phone: bool) -> None:
    """On a laptop each has a button of its own; on a phone one button goes through them."""
    if not phone:
        return page.get_by_role("radio", name=name).click()
    for _ in range(5):
        if page.get_by_role("button", name=f"Background: {name}").count():
            return None
        page.get_by_role("button", name="Background: ").click()
    raise AssertionError(f"no background is called {name}")


@pytest.mark.parametrize("phone", [False, True], ids=["laptop", "phone"])
def test_in_a_chat_a_sticker_has_the_size_of_a_messenger_and_keeps_its_alpha(batch: Batch, visit: Visitor, phone: bool):
    anna = visit(person("anna"), phone=phone)
    page = at_the_loops(anna)
    colours = set()
    for time in ("day", "night"):
        choose_background(page, f"chat by {time}", phone=phone)
        loop = page.locator("[data-slot='1'] canvas")
        box = loop.bounding_box()
        assert box is not None
        assert (box["width"], box["height"]) == (144, 144)
        colours.add(loop.evaluate(MESSAGE_COLOUR))
        anna.check()
    assert len(colours) == 2
    assert page.evaluate(CORNER_ALPHA) == 0, "the message shows through"
    page.reload()
    if phone:
        expect(page.get_by_role("button", name="Background: chat by night")).to_be_visible()
    else:
        expect(page.get_by_role("radio", name="chat by night")).to_be_checked()
