"""The people of a batch: a researcher makes it a pool, lets somebody in, caps and removes them."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from annotator.accounts.models import Role
from annotator.annotation.models import Enrolment
from annotator.generation.models import Batch
from tests.annotator.actors import Actor, open_batch, person
from tests.browser.conftest import Visit


@pytest.mark.parametrize("phone", [False, True], ids=["laptop", "phone"])
def test_a_pool_is_made_and_its_people_are_capped_and_removed(
    visit: Callable[..., Visit],
    transactional_db: None,
    with_pictures: Callable[[Batch], Batch],
    wait_until: Callable[..., None],
    phone: bool,
):
    batch = with_pictures(open_batch(tasks=3, candidates=2))
    anna, _ = Actor(person("anna")), person("ben")
    anna.submit(anna.lease(batch)["assignments"][0], 1)
    browser = visit(person("rosa", Role.RESEARCHER), phone=phone)
    page = browser.go(f"/batches/{batch.pk}")
    people = page.get_by_role("region", name="People")
    expect(people.get_by_role("listitem")).to_contain_text(["anna"])
    people.get_by_label("Who may judge").select_option("true")
    wait_until(lambda: Batch.objects.get().pooled, what="the pool")
    people.get_by_label("Let in").fill("ben, nobody")
    people.get_by_role("button", name="Let in").click()
    expect(people.get_by_role("alert")).to_contain_text("no account in use named nobody")
    people.get_by_label("Let in").fill("ben")
    people.get_by_role("button", name="Let in").click()
    expect(people.get_by_role("listitem")).to_contain_text(["ben", "anna"])
    people.get_by_label("The most ben may judge").fill("2")
    people.get_by_label("The most ben may judge").press("Tab")
    wait_until(lambda: Enrolment.objects.get(user__username="ben").limit == 2, what="the cap")
    people.get_by_role("button", name="Remove anna").click()
    expect(people.get_by_role("listitem").nth(1)).to_contain_text("removed")
    expect(people.get_by_role("listitem").nth(1)).to_contain_text("1 judged")
    browser.check()
    assert anna.lease(batch)["state"] == "removed"
    people.get_by_role("button", name="Take back anna").click()
    expect(people.get_by_label("The most anna may judge")).to_be_visible()
