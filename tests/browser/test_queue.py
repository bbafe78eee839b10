"""The queue and the workers, as they change, on a laptop and on a phone."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from annotator.accounts.models import Role, User
from annotator.accounts.people import create_person
from annotator.generation.batches import steer_batch
from annotator.generation.dispatch import fill_workers
from annotator.generation.models import Worker
from tests.annotator.conftest import sent  # noqa: F401 - a fixture
from tests.annotator.studio import GpuWorker, clips_of, queued_batch
from tests.browser.conftest import Visit

Visitor = Callable[..., Visit]
on_both = pytest.mark.parametrize("phone", [False, True], ids=["laptop", "phone"])


@pytest.fixture
def rosa(transactional_db: None) -> User:
    return create_person(username="rosa", role=Role.RESEARCHER)


@on_both
def test_what_runs_and_what_goes_next_is_seen_without_reloading(
    visit: Visitor,
    rosa: User,
    sent: object,  # noqa: F811
    phone: bool,
):
    browser = visit(rosa, phone=phone)
    page = browser.go("/queue")
    expect(page.get_by_role("heading", name="Nothing waits")).to_be_visible()
    browser.check()
    large, urgent = queued_batch(prompts=9, clips=2), queued_batch(prompts=2, clips=2)
    steer_batch(batch_id=urgent.pk, changes={"priority": 7})
    following = page.get_by_role("region", name="Next").get_by_role("listitem")
    expect(following).to_have_count(2)
    expect(following.nth(0)).to_contain_text(urgent.name)
    expect(following.nth(0)).to_contain_text("its priority, 7, is the highest")
    expect(following.nth(1)).to_contain_text("after what has priority 7")
    expect(page.get_by_text("No worker is running")).to_be_visible()
    steer_batch(batch_id=large.pk, changes={"generation_paused": True})
    expect(page.get_by_role("region", name="Waiting for something else")).to_contain_text(large.name)
    GpuWorker(micro_batch=2).beat()
    fill_workers()
    made = page.get_by_role("region", name="Being made")
    expect(made).to_contain_text(f"{urgent.sources.get().checkpoint.name} on gpu-1")
    expect(made).to_contain_text("4 clips")
    expect(page.get_by_text("No worker is running")).to_have_count(0)
    browser.check()
    expect(made.get_by_role("link", name=urgent.name)).to_have_attribute("href", f"/batches/{urgent.pk}")


@on_both
def test_workers_say_what_they_do(visit: Visitor, rosa: User, phone: bool):
    browser = visit(rosa, phone=phone)
    page = browser.go("/workers")
    expect(page.get_by_role("heading", name="No worker was heard of today")).to_be_visible()
    browser.check()
    gpu = GpuWorker()
    gpu.beat()
    Worker.objects.update(
        state={
            "memory_used_mb": 1536, "memory_total_mb": 81920, "clips_a_minute": 12,
            "at_hand": {"caption": "a dog jumping", "clips": 2, "step": 3, "steps": 8},
        }
    )  # fmt: skip
    for clip in clips_of(queued_batch(prompts=2, clips=2)):
        gpu.say(gpu.ready(clip))
    card = page.get_by_role("listitem").filter(has_text="gpu-1")
    expect(card).to_contain_text("running")
    expect(card).to_contain_text("“a dog jumping” and 1 more, step 3 of 8")
    expect(card).to_contain_text("1.5 of 80.0 GB")
    expect(card.get_by_role("img", name="Clips a minute in the last half hour").locator("rect")).not_to_have_count(0)
    browser.check()
