"""On a phone, what is tapped is as large as a fingertip and submit lies under the thumb; focus can be seen."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from annotator.accounts.models import Role
from annotator.accounts.people import create_person
from annotator.examples.marking import mark_example
from annotator.generation.models import Batch, Clip
from tests.annotator.actors import Actor, annotator, open_batch, person
from tests.browser.conftest import PHONE, Visit

Visitor = Callable[..., Visit]
FINGERTIP = 44
# What can be tapped and seen, with its size; a box is as large as the label around it.
TARGETS = """
    () => {
      const inside = [...document.querySelectorAll("dialog[open]")].at(-1) ?? document.body;
      const seen = [];
      for (const element of inside.querySelectorAll("button, a[href], input, select, textarea, summary, [data-slot]")) {
        const target = element.closest("label") ?? element;
        const { width, height } = target.getBoundingClientRect();
        if (width <= 1 || height <= 1 || target.closest("fieldset")?.getBoundingClientRect().width <= 1) continue;
        const name = element.getAttribute("aria-label") || target.textContent.trim();
        seen.push([name, Math.round(width * 10) / 10, Math.round(height * 10) / 10]);
      }
      return seen;
    }
"""


def expect_fingertips(page: Page, *, least: int) -> None:
    """Fails where something is smaller than a fingertip, or where fewer than `least` things were found to measure."""
    page.wait_for_timeout(300)
    targets = page.evaluate(TARGETS)
    assert len(targets) >= least, targets
    assert not [each for each in targets if min(each[1], each[2]) < FINGERTIP], targets


@pytest.fixture
def batch(transactional_db: None, with_pictures: Callable[[Batch], Batch]) -> Batch:
    return with_pictures(open_batch(tasks=3, candidates=4))


def test_a_task_and_its_dialogs_are_made_for_fingers(batch: Batch, visit: Visitor):
    user = person("anna")
    actor = Actor(user)
    actor.submit(actor.take_one(batch), 1)
    anna = visit(user, phone=True)
    page = anna.go(f"/annotate/{batch.public_id}")
    expect(page.locator("[data-slot] canvas")).to_have_count(4)
    expect_fingertips(page, least=18)
    page.get_by_role("button", name="Skip").tap()
    expect_fingertips(page, least=5)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Flag").tap()
    expect_fingertips(page, least=6)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Comment").tap()
    expect_fingertips(page, least=19)
    page.get_by_role("button", name="Keys and help").tap()
    expect(page.get_by_role("dialog", name="Help")).to_contain_text("submits at once")
    expect_fingertips(page, least=2)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="1 of 3 judged").tap()
    expect(page.get_by_role("list", name="Judged, newest first").get_by_role("button")).to_have_count(1)
    expect_fingertips(page, least=2)
    page.get_by_role("list", name="Judged, newest first").get_by_role("button").tap()
    expect(page.get_by_text("You judged this one.")).to_be_visible()
    expect_fingertips(page, least=18)
    anna.check()


def test_resting_choosing_a_batch_and_practice_are_made_for_fingers(
    batch: Batch, visit: Visitor, with_pictures: Callable[[Batch], Batch]
):
    other = with_pictures(open_batch(tasks=1, candidates=2, instructions="Look twice."))
    clip = Clip.objects.filter(candidates__task__batch=batch)[0]
    rosa = create_person(username="rosa", role=Role.RESEARCHER)
    mark_example(batch=other, clip_key=clip.key, good=True, note="It floats.", practice=True, by=rosa)
    annotator("bob").lease(other)
    anna = visit(person("anna"), phone=True)
    page = anna.go("/annotate")
    expect(page.get_by_role("link", name=other.name)).to_be_visible()
    expect_fingertips(page, least=4)
    page.get_by_role("link", name=other.name).tap()
    page.get_by_role("button", name="Start").wait_for()
    expect_fingertips(page, least=2)
    page.get_by_role("button", name="Start").tap()
    page.get_by_role("button", name="I’d share it").wait_for()
    expect_fingertips(page, least=3)
    page.get_by_role("button", name="I’d share it").tap()
    page.get_by_role("button", name="See how it went").tap()
    page.get_by_role("button", name="Begin").tap()
    expect(page.get_by_role("heading", name="Nothing to judge right now")).to_be_visible()
    expect_fingertips(page, least=3)
    anna.check()


@pytest.mark.parametrize("candidates", [2, 4, 9])
def test_submit_stays_under_the_thumb_however_many_candidates_there_are(
    transactional_db: None, with_pictures: Callable[[Batch], Batch], visit: Visitor, candidates: int
):
    batch = with_pictures(open_batch(tasks=1, candidates=candidates, checkpoints=1))
    anna = visit(person("anna"), phone=True)
    page = anna.go(f"/annotate/{batch.public_id}")
    expect(page.locator("[data-slot] canvas")).to_have_count(candidates)
    for down in (0, 10_000):
        page.evaluate(f"scrollTo(0, {down})")
        page.wait_for_timeout(100)
        box = page.get_by_role("button", name="Submit").bounding_box()
        assert box is not None
        assert box["y"] > PHONE["height"] * 0.75
        assert box["y"] + box["height"] <= PHONE["height"]
    widths = page.evaluate("[...document.querySelectorAll('[data-slot]')].map(tile => tile.offsetWidth)")
    assert min(widths) >= 160, "two abreast, large enough to be judged"
    anna.check()


def test_every_stop_of_the_tab_key_can_be_seen(batch: Batch, visit: Visitor):
    page = visit(person("anna")).go(f"/annotate/{batch.public_id}")
    expect(page.locator("[data-slot] canvas")).to_have_count(4)
    ringed = """
        () => {
          const { activeElement } = document;
          const { boxShadow, outlineStyle, outlineWidth } = getComputedStyle(activeElement);
          const name = activeElement.getAttribute("aria-label") || activeElement.textContent.trim();
          const outlined = outlineStyle !== "none" && outlineWidth !== "0px";
          return [activeElement.tagName, name, boxShadow !== "none" || outlined];
        }
    """
    stops = []
    for _ in range(30):
        page.keyboard.press("Tab")
        page.wait_for_timeout(30)
        stops.append(page.evaluate(ringed))
        if stops[-1][0] == "BODY":
            break
    reached = [stop for stop in stops if stop[0] != "BODY"]
    assert len(reached) > 15, reached
    assert all(seen for _, _, seen in reached), reached
