"""The playground and the preview of a batch: from a sticker and a caption to a loop that moves in a chat."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from annotator.accounts.models import Role, User
from annotator.accounts.people import create_person
from annotator.checkpoints.models import Checkpoint
from annotator.generation.models import Clip, ClipState, Preview
from annotator.media import store
from annotator.prompts.models import Prompt, PromptSet
from annotator.prompts.prompts import add_prompt
from demo.machine import ROOT
from inference_worker.encoding import encode
from tests.annotator.actors import checkpoint
from tests.annotator.studio import GpuWorker
from tests.browser.conftest import Visit, drawn
from tests.browser.test_whole_loop import prompts, shipped  # noqa: F401 - fixtures
from tests.conftest import Live

Visitor = Callable[..., Visit]
STICKERS = sorted((ROOT / "demo" / "stickers").glob("*.png"))
on_both = pytest.mark.parametrize("phone", [False, True], ids=["laptop", "phone"])


@pytest.fixture
def rosa(transactional_db: None) -> User:
    return create_person(username="rosa", role=Role.RESEARCHER)


@pytest.fixture
def spring(rosa: User) -> PromptSet:
    made = PromptSet.objects.create(name="Spring", licence="OFL-1.1", created_by=rosa)
    for sticker in STICKERS[:4]:
        add_prompt(prompt_set=made, caption=f"a {sticker.stem} jumping", image=sticker.read_bytes())
    return made


def finish(*clips: Clip) -> None:
    """As a worker would, with a disc for a loop."""
    for clip in clips:
        made = encode(drawn(clip.pk), frame_rate=8)
        ready = GpuWorker().ready(clip).to_json()
        names = {part: store.put(getattr(made, part), "webp") for part in ("sheet", "animation", "master")}
        GpuWorker().say(type(GpuWorker().ready(clip)).from_json({**ready, **names, "media": made.media}))


def loops(page: Page) -> object:
    return page.get_by_role("region", name="Loops").get_by_role("img", name=re.compile("animated"))


@on_both
def test_a_sticker_is_animated_by_two_checkpoints(visit: Visitor, rosa: User, phone: bool):
    for name in ("large", "small"):
        checkpoint(name)
    GpuWorker().beat()
    browser = visit(rosa, phone=phone)
    page = browser.go("/playground")
    page.get_by_role("button", name="Animate").click()
    expect(page.get_by_role("alert")).to_have_text("Choose a sticker first.")
    page.set_input_files("input[type=file]", STICKERS[0])
    expect(page.get_by_alt_text("The sticker")).to_be_visible()
    page.get_by_label("How should it move?").fill("a balloon bouncing")
    page.get_by_role("checkbox", name="large").check()
    page.get_by_role("checkbox", name="small").check()
    page.get_by_label("Motion").first.fill("12")
    page.get_by_label("Seed", exact=True).fill("77")
    page.get_by_role("button", name="Animate").click()
    region = page.get_by_role("region", name="Loops")
    expect(region).to_contain_text("nothing measured yet")
    expect(region.get_by_text("Waiting for")).to_be_visible()
    clips = list(Clip.objects.all())
    assert {(clip.seed, clip.settings["bucket"], clip.caption) for clip in clips} == {(77, 12, "a balloon bouncing")}
    finish(*clips)
    expect(loops(page)).to_have_count(2)
    expect(region.get_by_text("There after")).to_be_visible()
    browser.check()

    page.reload()
    expect(loops(page)).to_have_count(2)
    expect(page.get_by_label("Motion").first).to_have_value("12")
    expect(page.get_by_label("Seed", exact=True)).to_have_value("77")
    assert Clip.objects.count() == 2, "the same request finds the same clips"

    with page.expect_download() as download:
        region.get_by_role("button", name="Download").first.click()
        page.get_by_role("dialog").get_by_role("button", name=re.compile("^WhatsApp")).click()
    assert Path(download.value.path()).stat().st_size > 0
    assert "whatsapp" in download.value.suggested_filename
    browser.check()


def test_a_shared_address_shows_another_researcher_the_same(visit: Visitor, rosa: User, spring: PromptSet):
    checkpoint("teacher")
    GpuWorker().beat()
    page = visit(rosa).go("/playground")
    page.get_by_role("button", name="Pick from a prompt set").click()
    page.get_by_role("dialog").get_by_role("button", name=spring.prompts.order_by("id")[1].caption).click()
    expect(page.get_by_label("How should it move?")).to_have_value(spring.prompts.order_by("id")[1].caption)
    page.get_by_role("button", name="Animate").click()
    expect(page.get_by_role("region", name="Loops")).to_contain_text("next")
    finish(Clip.objects.get())
    expect(loops(page)).to_have_count(1)
    address = page.url.removeprefix(page.url.split("/playground")[0])
    other = visit(create_person(username="ben", role=Role.RESEARCHER))
    expect(loops(other.go(address))).to_have_count(1)
    assert Preview.objects.count() == 2
    assert Clip.objects.count() == 1


def with_a_loop(visit: Visitor, person: User) -> Page:
    """The playground with a sticker that hops twice, made by a worker."""
    checkpoint("teacher")
    GpuWorker().beat()
    page = visit(person).go("/playground")
    page.set_input_files("input[type=file]", STICKERS[0])
    page.get_by_label("How should it move?").fill("hopping twice")
    page.get_by_role("button", name="Animate").click()
    expect(page.get_by_role("region", name="Loops")).to_contain_text("next")
    finish(Clip.objects.get())
    return page


def test_what_is_shown_becomes_a_prompt_once(visit: Visitor, rosa: User, spring: PromptSet):
    page = with_a_loop(visit, rosa)
    for said in ("Added to Spring.", "Spring has this sticker with this caption already."):
        page.get_by_role("button", name="Add to prompt set").click()
        menu = page.get_by_role("dialog", name="Add to a prompt set")
        menu.get_by_role("button", name=re.compile("^Spring")).click()
        expect(menu.get_by_role("status")).to_have_text(said)
        page.keyboard.press("Escape")
    added = Prompt.objects.get(prompt_set=spring, caption="hopping twice")
    assert added.sticker == Clip.objects.get().sticker


def test_what_was_added_by_mistake_is_taken_out_again(visit: Visitor, rosa: User, spring: PromptSet):
    page = with_a_loop(visit, rosa)
    page.get_by_role("button", name="Add to prompt set").click()
    menu = page.get_by_role("dialog", name="Add to a prompt set")
    before = spring.prompts.count()
    for _ in range(2):
        menu.get_by_role("button", name=re.compile("^Spring")).click()
        menu.get_by_role("button", name="Take it out of Spring again").click()
        expect(menu.get_by_role("button", name=re.compile("^Spring"))).to_be_enabled()
        assert spring.prompts.count() == before


def test_a_pasted_image_is_the_sticker(visit: Visitor, rosa: User):
    checkpoint("teacher")
    page = visit(rosa).go("/playground")
    expect(page.get_by_role("button", name="Animate")).to_be_visible()
    page.evaluate(
        """async (address) => {
          const file = new File([await (await fetch(address)).blob()], "a.png", { type: "image/png" });
          const clipboardData = new DataTransfer();
          clipboardData.items.add(file);
          window.dispatchEvent(new ClipboardEvent("paste", { clipboardData, cancelable: true }));
        }""",
        f"/media/{store.put(STICKERS[1].read_bytes(), 'png')}",
    )
    expect(page.get_by_alt_text("The sticker")).to_be_visible()


@on_both
def test_it_says_what_is_missing(visit: Visitor, rosa: User, phone: bool):
    browser = visit(rosa, phone=phone)
    page = browser.go("/playground")
    expect(page.get_by_role("heading", name="No checkpoint yet")).to_be_visible()
    browser.check()
    checkpoint("teacher")
    page.reload()
    expect(page.get_by_text("No worker is running")).to_be_visible()
    page.set_input_files("input[type=file]", STICKERS[0])
    page.get_by_label("How should it move?").fill("up")
    page.get_by_role("button", name="Animate").click()
    expect(page.get_by_text("waits for a worker")).to_be_visible()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("heading", name="Nothing moves yet")).to_be_visible()
    browser.check()


def test_a_failed_clip_says_why(visit: Visitor, rosa: User):
    checkpoint("teacher")
    GpuWorker().beat()
    page = visit(rosa).go("/playground")
    page.set_input_files("input[type=file]", STICKERS[0])
    page.get_by_label("How should it move?").fill("up")
    page.get_by_role("button", name="Animate").click()
    expect(page.get_by_role("region", name="Loops")).to_contain_text("next")
    GpuWorker().fail(Clip.objects.get(), final=True, error="The frames are not numbers.")
    expect(page.get_by_role("alert")).to_contain_text("The frames are not numbers.")


@on_both
def test_three_prompts_of_a_new_batch_are_previewed(visit: Visitor, rosa: User, spring: PromptSet, phone: bool):
    checkpoint("teacher")
    GpuWorker().beat()
    browser = visit(rosa, phone=phone)
    page = browser.go("/batches/new")
    page.get_by_role("button", name="Preview three prompts").click()
    expect(page.get_by_text("By teacher, made now")).to_be_visible()
    clips = list(Clip.objects.order_by("id"))
    assert [clip.caption for clip in clips] == [prompt.caption for prompt in spring.prompts.order_by("id")[:3]]
    finish(*clips)
    expect(page.get_by_role("img", name=re.compile("animated"))).to_have_count(3)
    expect(page.get_by_role("button", name="Preview with another seed")).to_be_enabled()
    browser.check()


@pytest.mark.processes
@pytest.mark.timeout(400)
def test_a_real_worker_animates(
    shipped: Checkpoint,  # noqa: F811
    prompts: None,  # noqa: F811
    live: Live,
    visit: Visitor,
):
    for name in ("dispatcher", "results", "worker"):
        live.start(name)
    browser = visit(User.objects.get(username="rosa"))
    page = browser.go("/playground")
    page.get_by_role("button", name="Pick from a prompt set").click()
    page.get_by_role("dialog").get_by_role("button", name="a happy dog jumping").click()
    page.get_by_role("button", name="Animate").click()
    expect(loops(page)).to_have_count(1, timeout=240_000)
    assert Clip.objects.get().state == ClipState.READY
    browser.check()
