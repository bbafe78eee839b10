"""With nothing to do the page rests, asks little, and goes on by itself; and what was judged can be opened again."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Request, expect

from annotator.annotation.models import Revision
from annotator.generation.models import Batch
from tests.annotator.actors import Actor, annotator, open_batch, person
from tests.browser.conftest import Visit
from tests.browser.test_annotate import expect_picked, shareable_slots

Visitor = Callable[..., Visit]
on_both = pytest.mark.parametrize("phone", [False, True], ids=["laptop", "phone"])


@pytest.fixture
def batch(transactional_db: None, with_pictures: Callable[[Batch], Batch]) -> Batch:
    return with_pictures(open_batch(tasks=4, candidates=4, instructions=""))


@on_both
def test_nothing_to_judge_wakes_by_itself_when_a_task_opens(batch: Batch, visit: Visitor, phone: bool):
    bob = annotator("bob")
    held = bob.lease(batch)["assignments"]
    anna = visit(person("anna"), phone=phone)
    page = anna.go(f"/annotate/{batch.public_id}")
    expect(page.get_by_role("heading", name="Nothing to judge right now")).to_be_visible()
    anna.check()
    asked: list[str] = []

    def note(request: Request) -> None:
        asked.append(f"{request.method} {request.url.split('/')[-2]}")

    page.on("request", note)
    page.wait_for_timeout(6000)
    assert set(asked) == {"GET standing"}, "it waits without taking a lease"
    assert len(asked) <= 3
    bob.skip(held[0])
    expect(page.locator("[data-assignment]")).to_be_visible()
    expect(page.locator("[data-slot] canvas")).to_have_count(4)


@on_both
def test_history_shows_pace_and_opens_an_entry_to_be_changed(
    batch: Batch, visit: Visitor, phone: bool, wait_until: Callable[..., None]
):
    user = person("anna")
    actor = Actor(user)
    for assignment in actor.lease(batch, count=4)["assignments"]:
        actor.submit(assignment, 2, elapsed_ms=30_000)
    first = Revision.objects.order_by("pk").first()
    assert first is not None
    anna = visit(user, phone=phone)
    page = anna.go(f"/annotate/{batch.public_id}")
    expect(page.get_by_role("heading", name="You have judged all of it")).to_be_visible()
    expect(page.locator("[data-pace]")).to_contain_text("4 judged")
    expect(page.locator("[data-pace]")).to_contain_text("120 an hour")
    anna.check()
    if phone:
        page.get_by_role("button", name="4 of 4 judged").tap()
    else:
        page.keyboard.press("h")
    entries = page.get_by_role("list", name="Judged, newest first").get_by_role("button")
    expect(entries).to_have_count(4)
    expect(entries.first).to_contain_text("shared 1 of 4")
    anna.check()
    entries.last.click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.locator(f"[data-assignment='{first.annotation.assignment_id}']")).to_be_visible()
    expect_picked(page, 2)
    page.locator("[data-slot='3']").click()
    page.get_by_role("button", name="Save", exact=True).click()
    wait_until(lambda: Revision.objects.count() == 5, what="the change")
    changed = Revision.objects.get(annotation=first.annotation, current=True)
    assert shareable_slots(changed) == [2, 3]


def test_history_of_more_than_a_page_is_read_on_and_its_oldest_entry_opens(
    transactional_db: None, with_pictures: Callable[[Batch], Batch], visit: Visitor
):
    batch = with_pictures(open_batch(tasks=25, candidates=2))
    user = person("anna")
    Actor(user).judge_all(batch)
    oldest = Revision.objects.order_by("pk").first()
    assert oldest is not None
    page = visit(user).go(f"/annotate/{batch.public_id}")
    page.get_by_role("button", name="What you judged", exact=True).click()
    entries = page.get_by_role("list", name="Judged, newest first").get_by_role("button")
    expect(entries.nth(19)).to_be_attached()
    entries.nth(19).scroll_into_view_if_needed()
    expect(entries).to_have_count(25)
    entries.last.click()
    expect(page.locator(f"[data-assignment='{oldest.annotation.assignment_id}']")).to_be_visible()
