"""Active time: measured in the annotator's browser, seen and exported by an admin."""

import csv
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from annotator.accounts.models import Role
from annotator.annotation.models import ActiveDay
from annotator.generation.models import Batch
from tests.annotator.actors import open_batch, person
from tests.browser.conftest import Visit


def test_the_browser_tells_the_time_between_inputs(
    visit: Callable[..., Visit],
    transactional_db: None,
    with_pictures: Callable[[Batch], Batch],
    wait_until: Callable[..., None],
):
    with_pictures(open_batch(tasks=2, candidates=2))
    page = visit(person("anna")).go("/annotate")
    expect(page.get_by_text("Which would you share?")).to_be_visible()
    page.keyboard.press("1")
    page.wait_for_timeout(1500)
    page.keyboard.press("Enter")
    wait_until(lambda: ActiveDay.objects.exists() and ActiveDay.objects.get().judged == 1, what="the answer")
    assert 1500 <= ActiveDay.objects.get().active_ms < 60_000


@pytest.mark.parametrize("phone", [False, True], ids=["laptop", "phone"])
def test_an_admin_reads_and_exports_it(visit: Callable[..., Visit], transactional_db: None, phone: bool):
    anna = person("anna")
    for day, minutes, judged in (("2026-03-01", 95, 210), ("2026-03-02", 12, 1)):
        ActiveDay.objects.create(user=anna, day=day, active_ms=minutes * 60_000, judged=judged)
    browser = visit(person("adam", Role.ADMIN), phone=phone)
    page = browser.go("/people")
    section = page.get_by_role("region", name="Active time")
    expect(section.get_by_role("listitem")).to_have_text(
        ["Mar 2, 2026 anna 12 min 1 task", "Mar 1, 2026 anna 1 h 35 min 210 tasks"]
    )
    section.get_by_label("From").fill("2026-03-02")
    expect(section.get_by_role("listitem")).to_have_count(1)
    browser.check()
    with page.expect_download() as downloading:
        section.get_by_role("link", name="Export CSV").click()
    with downloading.value.path().open(newline="") as file:
        assert list(csv.DictReader(file)) == [
            {"day": "2026-03-02", "username": "anna", "active_ms": "720000", "judged": "1"}
        ]
