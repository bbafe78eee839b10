"""Gold tasks on the pages: their rates, how they are made and taken out, and what they tell of people."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from annotator.accounts.models import Role, User
from annotator.accounts.people import create_person
from annotator.generation.models import Batch, Task, TaskKind
from annotator.quality.models import Gold
from tests.annotator.actors import annotator, open_batch
from tests.annotator.test_gold import judged_by
from tests.annotator.test_gold_handouts import judge
from tests.browser.conftest import Visit

Visitor = Callable[..., Visit]
on_both = pytest.mark.parametrize("phone", [False, True], ids=["laptop", "phone"])


@pytest.fixture
def adam(transactional_db: None) -> User:
    return create_person(username="adam", role=Role.ADMIN)


@pytest.fixture
def agreed(with_pictures: Callable[[Batch], Batch]) -> Batch:
    """Three people said the same of each clip of four tasks."""
    batch = with_pictures(open_batch(tasks=4, overlap=3))
    judged_by(batch, {0, 2}, {0, 2}, {0, 2})
    return batch


@on_both
def test_an_admin_sets_rates_adds_agreed_tasks_and_takes_one_out(
    visit: Visitor, adam: User, agreed: Batch, with_pictures: Callable[[Batch], Batch], phone: bool
) -> None:
    batch = with_pictures(open_batch(tasks=20, overlap=2))
    browser = visit(adam, phone=phone)
    page = browser.go(f"/batches/{batch.pk}")
    card = page.get_by_role("region", name="Gold tasks")
    card.get_by_label("Gold tasks, in percent").fill("30")
    card.get_by_label("Given again, in percent").fill("12.5")
    card.get_by_role("button", name="Save").click()
    expect(card.get_by_role("button", name="Save")).to_be_disabled()
    expect(card).to_contain_text("There is no gold task yet")
    batch.refresh_from_db()
    assert (batch.gold_rate, batch.repeat_rate) == (0.3, 0.125)
    card.get_by_label("Of the tasks of").select_option(agreed.name)
    card.get_by_role("button", name="Add agreed tasks").click()
    expect(card.get_by_role("status")).to_have_text("4 gold tasks made.")
    expect(card.get_by_role("img", name="Clip 1, animated: shareable")).to_have_count(4)
    expect(card.get_by_role("img", name="Clip 2, animated: not shareable")).to_have_count(4)
    card.get_by_role("button", name="Remove the gold task").first.click()
    expect(card.get_by_role("button", name="Remove the gold task")).to_have_count(3)
    judge(annotator(), batch)
    given = Task.objects.filter(kind=TaskKind.GOLD, counted__gt=0).count()
    page.reload()
    expect(card.get_by_text(re.compile(r"% right, 1 person"))).to_have_count(given)
    browser.check()


@on_both
def test_a_gold_task_is_made_by_hand_in_the_gallery(visit: Visitor, adam: User, agreed: Batch, phone: bool) -> None:
    target = open_batch(tasks=2)
    browser = visit(adam, phone=phone)
    page = browser.go(f"/batches/{agreed.pk}?view=prompts")
    page.get_by_role("button", name=re.compile("Make a gold task of “a sticker, number 1")).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Clip 1").select_option("Shareable")
    dialog.get_by_label("Clip 4").select_option("Either")
    dialog.get_by_label("Batch").select_option(agreed.name)
    dialog.get_by_label("Clip 3").select_option("Leave out")
    dialog.get_by_role("button", name="Make it gold").click()
    expect(dialog).to_contain_text("Tasks of this batch have 4 clips, this one would have 3")
    dialog.get_by_label("Clip 3").select_option("Not shareable")
    dialog.get_by_label("Batch").select_option(target.name)
    dialog.get_by_role("button", name="Make it gold").click()
    expect(dialog).to_contain_text(f"It is a gold task of “{target.name}” now.")
    browser.check()
    gold = Gold.objects.get()
    assert (gold.task.batch, len(gold.shareable), len(gold.unshareable), gold.origin) == (target, 1, 2, "by_hand")


@on_both
def test_annotators_and_labels_show_what_gold_and_time_tell(
    visit: Visitor, adam: User, agreed: Batch, phone: bool
) -> None:
    judged_by(open_batch(tasks=6, overlap=2), {0}, {0, 1})
    for number, task in enumerate(Task.objects.order_by("id")):
        Task.objects.filter(pk=task.pk).update(done_at=timezone.now() - timedelta(weeks=number % 3))
    browser = visit(adam, phone=phone)
    page = browser.go("/annotators")
    card = page.get_by_role("region").first
    expect(card).to_contain_text("no task with a known answer")
    expect(card).to_contain_text("no task given again")
    browser.check()
    page = browser.go("/labels")
    over_time = page.get_by_role("region", name="Agreement over time")
    expect(over_time.get_by_role("img", name=re.compile(r"^Week of .*: 0\.\d+"))).to_have_count(3)
    over_time.get_by_label("Stretches").select_option("by day")
    expect(over_time.get_by_role("img", name=re.compile(r"^Week of"))).to_have_count(0)
    expect(over_time.get_by_role("img")).to_have_count(3)
    browser.check()
