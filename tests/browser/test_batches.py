"""A batch in a browser: chosen, estimated, queued, extended, cloned, retried, changed by two, cancelled."""

import base64
import json
import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect
from redis import Redis

from annotator.accounts.models import Role, User
from annotator.accounts.people import create_person
from annotator.checkpoints.registration import register_checkpoint
from annotator.generation.models import Batch, BatchState, Clip, ClipState, Worker
from annotator.media import store
from annotator.prompts.prompts import add_prompt, create_prompt_set
from demo.machine import ROOT
from inference_worker.messages import DROP_TASK, generate_queue
from tests.annotator.actors import checkpoint
from tests.annotator.studio import GpuWorker, clips_of, prompt_set, queued_batch, source
from tests.browser.conftest import Visit, png_of
from tests.conftest import Live

Visitor = Callable[..., Visit]
on_both = pytest.mark.parametrize("phone", [False, True], ids=["laptop", "phone"])


@pytest.fixture
def rosa(transactional_db: None) -> User:
    return create_person(username="rosa", role=Role.RESEARCHER)


@pytest.fixture
def batch(rosa: User, with_pictures: Callable[[Batch], Batch]) -> Batch:
    """Two clips of one checkpoint for each of three prompts; five are ready, the last one failed."""
    chosen = prompt_set(3)
    for prompt in chosen.prompts.all():
        # The stickers that `with_pictures` draws: the key of a clip's request has its sticker in it.
        prompt.sticker = store.put(png_of(prompt), "png")
        prompt.save()
    made = queued_batch(prompts=chosen, sources=[source(checkpoint("teacher"), 2)])
    *clips, last = clips_of(made)
    GpuWorker().finish(*clips)
    GpuWorker().fail(last, final=True, error="the sampler gave NaN")
    with_pictures(made)
    Clip.objects.filter(pk=last.pk).update(sheet="", animation="", master="", media={})
    return made


@on_both
def test_a_filter_and_an_estimate_before_a_batch_is_queued(visit: Visitor, rosa: User, batch: Batch, phone: bool):
    GpuWorker().beat()
    browser = visit(rosa, phone=phone)
    page = browser.go("/batches/new")
    summary = page.get_by_role("complementary")
    page.get_by_label("Name").fill("Two of them")
    expect(summary).to_contain_text("18 s")
    expect(summary).to_contain_text("12 × 1.5 s")
    expect(summary).to_contain_text("About 18 s with the worker that runs now")
    page.get_by_label("Words in the caption").fill("number 1, number 2, cats")
    expect(summary).to_contain_text("8 × 1.5 s")
    page.get_by_label("Sample").fill("1")
    expect(summary).to_contain_text("4 × 1.5 s")
    browser.check()
    page.get_by_label("Only prompts that no batch has had").check()
    expect(summary).to_contain_text("every one has been in a batch: widen the filter")
    page.get_by_label("Only prompts that no batch has had").uncheck()
    page.get_by_role("button", name="Queue the batch").click()
    expect(page.get_by_role("heading", name="Two of them")).to_be_visible()
    made = Batch.objects.get(name="Two of them")
    assert (made.prompt_count, made.words, made.sample) == (1, ["number 1", "number 2", "cats"], 1)
    page.get_by_text("Prompts, checkpoints, sampler settings and seed").click()
    expect(page.get_by_text("with “number 1” or “number 2” or “cats”, a sample of 1")).to_be_visible()
    browser.check()


@on_both
def test_a_clone_takes_the_clips_that_exist_beside_another_checkpoint(
    visit: Visitor, rosa: User, batch: Batch, phone: bool
):
    student = checkpoint("student")
    browser = visit(rosa, phone=phone)
    page = browser.go(f"/batches/{batch.pk}")
    page.get_by_role("link", name="Clone").click()
    expect(page.get_by_label("Name")).to_have_value("Batch " + str(int(batch.name.split()[-1]) + 1))
    page.get_by_label("Its clips as they are").check()
    expect(page.get_by_text("Clips that exist, of")).to_be_visible()
    page.get_by_role("button", name="Add a checkpoint").click()
    page.get_by_label("Checkpoint", exact=True).select_option("student")
    summary = page.get_by_role("complementary")
    expect(summary).to_contain_text("Already there")
    expect(summary).to_contain_text("student 4 clips, not measured yet")
    browser.check()
    page.get_by_label("Name").fill("Beside the student")
    page.get_by_role("button", name="Queue the batch").click()
    expect(page.get_by_role("heading", name="Beside the student")).to_be_visible()
    made = Batch.objects.get(name="Beside the student")
    assert made.prompt_count == 2, "the third prompt lacks a clip"
    assert {clip.checkpoint for clip in Clip.objects.filter(wanted_by=made)} == {student}


def test_clips_of_an_earlier_batch_are_taken_by_hand(visit: Visitor, rosa: User, batch: Batch):
    page = visit(rosa).go("/batches/new")
    page.get_by_label("Name").fill("Again")
    page.get_by_role("button", name="Take clips that exist").click()
    page.get_by_role("dialog").get_by_role("button", name=batch.name).click()
    page.get_by_role("dialog").get_by_role("button", name="teacher").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.get_by_role("button", name="Take teacher out").click()
    page.get_by_role("button", name="Queue the batch").click()
    expect(page.get_by_role("heading", name="Again", exact=True)).to_be_visible()
    assert Batch.objects.get(name="Again").sources.get().clips_of == batch.sources.get()


@on_both
def test_prompts_are_added_to_an_open_batch(visit: Visitor, rosa: User, batch: Batch, phone: bool):
    first = batch.prompt_set.prompts.order_by("id")[0]
    for number in range(2):
        batch.prompt_set.prompts.create(external_id=f"late {number}", caption=f"late {number}", sticker=first.sticker)
    browser = visit(rosa, phone=phone)
    page = browser.go(f"/batches/{batch.pk}")
    page.get_by_role("button", name="Add prompts").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("4 × 1.5 s")
    dialog.get_by_label("Words in the caption").fill("late")
    expect(dialog).to_contain_text("3 of the batch's prompts do not match this: widen it")
    dialog.get_by_label("Words in the caption").fill("")
    browser.check()
    dialog.get_by_role("button", name="Add the prompts").click()
    expect(dialog).to_have_count(0)
    expect(page.get_by_text("5 prompts")).to_be_visible()
    assert batch.tasks.count() == 5
    browser.check()


@on_both
def test_what_failed_is_retried(visit: Visitor, rosa: User, batch: Batch, phone: bool):
    browser = visit(rosa, phone=phone)
    page = browser.go(f"/batches/{batch.pk}")
    made = page.get_by_role("region", name="Generation")
    expect(made).to_contain_text("1× the sampler gave NaN")
    made.get_by_role("button", name="Retry the failed").click()
    expect(made).to_contain_text("1 clip queued again.")
    clip = clips_of(batch)[-1]
    assert (clip.state, clip.error, clip.wanted_by) == (ClipState.QUEUED, "", batch)
    expect(made).not_to_contain_text("the sampler gave NaN")
    browser.check()


@on_both
def test_a_cancelled_batch_stops_what_runs_and_its_clone_goes_on(
    visit: Visitor, rosa: User, batch: Batch, redis_url: str, phone: bool
):
    running = clips_of(batch)[-1]
    Clip.objects.filter(pk=running.pk).update(
        state=ClipState.RUNNING, worker="gpu-7", lease_until=timezone.now() + timedelta(minutes=1)
    )
    batch.tasks.filter(candidates__clip=running).update(state="filling", missing_clips=1)
    batch.tasks.get(candidates__clip=running).candidates.update(dropped=False)
    queue = Redis.from_url(redis_url)
    queue.delete(generate_queue("gpu-7"))
    browser = visit(rosa, phone=phone)
    page = browser.go(f"/batches/{batch.pk}")
    page.get_by_role("button", name="Cancel", exact=True).click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("clips that are being made stop at their next step")
    browser.check()
    dialog.get_by_role("button", name="Keep it").click()
    assert Batch.objects.get().state == BatchState.OPEN
    page.get_by_role("button", name="Cancel", exact=True).click()
    dialog.get_by_role("button", name="Cancel the batch").click()
    expect(page.get_by_text("cancelled", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Cancel", exact=True)).to_have_count(0)
    assert Batch.objects.get().state == BatchState.CANCELLED
    assert not Clip.objects.filter(pk=running.pk).exists()
    (told,) = (json.loads(raw) for raw in queue.lrange(generate_queue("gpu-7"), 0, -1))
    assert told["headers"]["task"] == DROP_TASK
    assert json.loads(base64.b64decode(told["body"]))[0][0]["keys"] == [running.key]

    page.get_by_role("link", name="Clone").click()
    page.get_by_label("The same clips").check()
    expect(page.get_by_role("complementary")).to_contain_text("Already there")
    page.get_by_label("Name").fill("Gone on")
    page.get_by_role("button", name="Queue the batch").click()
    expect(page.get_by_role("heading", name="Gone on")).to_be_visible()
    expect(page.get_by_role("region", name="Generation")).to_contain_text("5 of 6 clips")
    browser.check()


def test_two_people_who_change_one_batch_are_told(visit: Visitor, rosa: User, batch: Batch):
    page = visit(rosa).go(f"/batches/{batch.pk}")
    page.get_by_role("button", name="Change").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Priority").fill("7")
    Batch.objects.update(priority=3, instructions="Smile.")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_contain_text("Somebody else has changed this batch meanwhile")
    expect(dialog).to_contain_text("meanwhile, to 3")
    expect(dialog.get_by_label("Priority")).to_have_value("7")
    expect(dialog.get_by_label("Instructions")).to_have_value("Smile.")
    batch.refresh_from_db()
    assert batch.priority == 3
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_have_count(0)
    batch.refresh_from_db()
    assert (batch.priority, batch.instructions) == (7, "Smile.")


@pytest.fixture
def shipped(rosa: User) -> None:
    """The demo's teacher, as the repository ships it, and three prompts."""
    register_checkpoint(place=str(ROOT / "checkpoints" / "demo-teacher"))
    made = create_prompt_set(name="Spring", by=rosa, licence="OFL-1.1")
    for sticker in sorted((ROOT / "demo" / "stickers").glob("*.png"))[:3]:
        add_prompt(prompt_set=made, caption=f"a {sticker.stem} jumping", image=sticker.read_bytes())


def queue(page: Page, name: str, clips: int, **settings: int) -> Locator:
    """Queues a batch with these sampler settings, by their labels; returns how its generation stands."""
    page.get_by_label("Name").fill(name)
    page.get_by_label("clips a prompt").fill(str(clips))
    page.get_by_text("Sampler settings").click()
    for label, value in settings.items():
        page.get_by_label(label.replace("_", " "), exact=True).fill(str(value))
    page.get_by_role("button", name="Queue the batch").click()
    expect(page.get_by_role("heading", name=name)).to_be_visible()
    return page.get_by_role("region", name="Generation")


@pytest.mark.processes
@pytest.mark.timeout(300)
@pytest.mark.usefixtures("shipped")
def test_a_real_worker_lets_go_of_a_cancelled_batch_in_the_middle(
    live: Live, visit: Visitor, rosa: User, wait_until: Callable[..., None]
):
    # So many at once that it takes long enough, on any machine without a GPU, to be met in the middle.
    live.lines["worker"] += " --micro-batch 6"
    for name in ("dispatcher", "results", "worker"):
        live.start(name)
    browser = visit(rosa)
    page = browser.go("/batches/new")
    queue(page, "Slow", 4, Steps=50, Text_guidance=5, Image_guidance=3, Size=512)
    sampling = Worker.objects.filter(held__gt=0, state__checkpoint__isnull=False)
    wait_until(sampling.exists, seconds=60, what="a heartbeat of a worker that has loaded the checkpoint")
    page.get_by_role("button", name="Cancel", exact=True).click()
    page.get_by_role("button", name="Cancel the batch").click()
    expect(page.get_by_text("cancelled", exact=True)).to_be_visible()
    assert not Clip.objects.exists()

    made = queue(browser.go("/batches/new"), "Quick", 2, Steps=1, Size=64)
    expect(made).to_contain_text("6 of 6 clips", timeout=60_000)
    sampled = re.findall(r"sampled (\d+) clips", (live.logs / "worker.log").read_text())
    assert sum(map(int, sampled)) == 6, "none of the cancelled ones was sampled to its end"
