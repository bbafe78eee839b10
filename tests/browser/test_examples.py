"""Examples and practice: a researcher marks clips of another batch; annotators see them, practise, and begin."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from annotator.accounts.models import Role, User
from annotator.accounts.people import create_person
from annotator.annotation.models import Revision
from annotator.examples.marking import mark_example
from annotator.examples.models import Example
from annotator.generation.models import Batch, Clip
from tests.annotator.actors import open_batch, person
from tests.browser.conftest import Visit

Visitor = Callable[..., Visit]
on_both = pytest.mark.parametrize("phone", [False, True], ids=["laptop", "phone"])


@pytest.fixture
def rosa(transactional_db: None) -> User:
    return create_person(username="rosa", role=Role.RESEARCHER)


@pytest.fixture
def earlier(rosa: User, with_pictures: Callable[[Batch], Batch]) -> Batch:
    return with_pictures(open_batch(tasks=2, candidates=3))


@pytest.fixture
def spring(earlier: Batch, with_pictures: Callable[[Batch], Batch]) -> Batch:
    return with_pictures(open_batch(tasks=3, candidates=3, instructions="Pick what you would send."))


@pytest.fixture
def marked(rosa: User, earlier: Batch, spring: Batch) -> Batch:
    """Spring, with one good and one bad example, and three to practise with: good, bad, good."""
    clips = Clip.objects.filter(candidates__task__batch=earlier).order_by("id")
    for clip, good, practice in zip(clips, [True, False, True, False, True], [False] * 2 + [True] * 3, strict=False):
        note = f"{'It floats' if good else 'It stumbles'}, number {clip.pk}."
        mark_example(batch=spring, clip_key=clip.key, good=good, note=note, practice=practice, by=rosa)
    return spring


@on_both
def test_a_researcher_marks_a_clip_of_another_batch_and_takes_it_back(
    visit: Visitor, rosa: User, earlier: Batch, spring: Batch, phone: bool
):
    browser = visit(rosa, phone=phone)
    page = browser.go(f"/batches/{earlier.pk}?view=clips")
    page.get_by_role("button", name="as an example").first.click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("Batch")).to_contain_text(spring.name)
    expect(dialog.get_by_label("Batch")).not_to_contain_text(earlier.name)
    dialog.get_by_label("Not worth sharing").check()
    dialog.get_by_label("Why").fill("It stumbles.")
    browser.check()
    dialog.get_by_role("button", name="Mark it").click()
    expect(dialog).to_contain_text(f"It is an example for “{spring.name}” now.")
    example = Example.objects.get()
    assert (example.batch, example.good, example.note, example.practice) == (spring, False, "It stumbles.", False)
    page = browser.go(f"/batches/{spring.pk}")
    card = page.get_by_role("region", name="Instructions and examples")
    expect(card).to_contain_text("Pick what you would send.")
    expect(card).to_contain_text("It stumbles.")
    browser.check()
    card.get_by_role("button", name="Remove").click()
    expect(card).not_to_contain_text("It stumbles.")
    assert not Example.objects.exists()


@on_both
def test_an_annotator_sees_examples_practises_with_feedback_and_begins(visit: Visitor, marked: Batch, phone: bool):
    browser = visit(person("anna"), phone=phone)
    page = browser.go(f"/annotate/{marked.public_id}")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Pick what you would send.")
    expect(dialog.get_by_role("heading", name="Worth sharing", exact=True)).to_be_visible()
    expect(dialog.get_by_role("img", name="animated")).to_have_count(2)
    browser.check()
    dialog.get_by_role("button", name="Start").click()
    practice = page.get_by_role("region", name="Practice")
    for number, share in enumerate([True, True, True], start=1):
        expect(practice).to_contain_text(f"Practice {number} of 3")
        if phone:
            practice.get_by_role("button", name="I’d share it" if share else "I wouldn’t").tap()
        else:
            page.keyboard.press("1" if share else "0")
        expect(practice).to_contain_text("We see it otherwise: not" if number == 2 else "We think so, too: worth")
        expect(practice).to_contain_text("It stumbles" if number == 2 else "It floats")
        browser.check()
        expect(practice.get_by_role("button")).to_be_focused()
        page.keyboard.press("Enter")
    expect(practice.get_by_role("heading", name="2 of 3 as we see it")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Which would you share?")).to_be_attached()
    assert Revision.objects.count() == 0
    page.keyboard.press("?")
    expect(page.get_by_role("dialog").get_by_role("img", name="animated")).to_have_count(2)
    browser.check()
    page.reload()
    expect(page.locator("[data-slot] canvas")).to_have_count(3)
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_with_reduced_motion_an_example_moves_when_it_is_asked_to(visit: Visitor, marked: Batch):
    page = visit(person("anna"), reduced_motion="reduce").go(f"/annotate/{marked.public_id}")
    first = page.get_by_role("dialog").get_by_role("listitem").first
    still = first.get_by_role("img").get_attribute("src")
    first.get_by_role("button", name="Play").click()
    expect(first.get_by_role("img", name="animated")).to_be_visible()
    assert first.get_by_role("img").get_attribute("src") != still
    first.get_by_role("button", name="Stop").click()
    expect(first.get_by_role("img")).to_have_attribute("src", still or "")
