"""A batch is watched: its clips by prompt and by checkpoint, compared on the whole screen, plotted, and tried again."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from annotator.accounts.models import Role, User
from annotator.accounts.people import create_person
from annotator.annotation.models import Annotation
from annotator.generation.models import Batch, Candidate, Clip, ClipState, Task
from tests.annotator.actors import Actor, answer, open_batch, person
from tests.annotator.studio import METRICS
from tests.browser.conftest import Visit

Visitor = Callable[..., Visit]
on_both = pytest.mark.parametrize("phone", [False, True], ids=["laptop", "phone"])
VERBS = ["jumping", "waving", "spinning", "bouncing"]


@pytest.fixture
def rosa(transactional_db: None) -> User:
    return create_person(username="rosa", role=Role.RESEARCHER)


@pytest.fixture
def watched(rosa: User, with_pictures: Callable[[Batch], Batch]) -> Batch:
    """Eight prompts by three checkpoints, measured, made over twenty minutes; six are judged by two people."""
    batch = with_pictures(open_batch(tasks=8, candidates=3, checkpoints=3, overlap=2))
    for place, clip in enumerate(batch.wanted_clips.order_by("pk")):
        size = 0.5 + place % 3 * 2
        clip.metrics = {
            **METRICS, "motion_size": size, "bucket": 3 + place % 3 * 5, "identity_db": 38.0 - place / 2,
            "verb_asked": "jumping", "verb_seen": VERBS[place % 4], "recognised": place % 4 == 0,
            "seam_ratio": 1 + place % 5 / 3, "frozen": place == 7, "sharpness": 0.9, "flicker": 0.2,
        }  # fmt: skip
        clip.ready_at = timezone.now() - timedelta(minutes=22 - place * 0.9)
        clip.timings = {"sample": 1.4}
        clip.save()
    for name in ("anna", "bela"):
        judge = Actor(person(name))
        for count in (4, 2):
            for assignment in judge.lease(batch, count)["assignments"][:count]:
                judge.put(f"annotate/assignments/{assignment['id']}/", answer(assignment, 1, want=0))
    for place, annotation in enumerate(Annotation.objects.order_by("pk")):
        moment = timezone.now() - timedelta(minutes=15 - place)
        Annotation.objects.filter(pk=annotation.pk).update(created_at=moment)
    return batch


def gallery_of(page: Page) -> Locator:
    return page.get_by_role("region", name="Gallery")


def tasks_of(batch: Batch) -> list[Task]:
    return list(Task.objects.filter(batch=batch).select_related("prompt").order_by("id"))


def rows_of(page: Page) -> Locator:
    return gallery_of(page).locator("[data-task]")


@on_both
def test_prompts_stand_with_their_clips_side_by_side(visit: Visitor, rosa: User, watched: Batch, phone: bool) -> None:
    browser = visit(rosa, phone=phone)
    page = browser.go(f"/batches/{watched.pk}")
    expect(rows_of(page)).to_have_count(8)
    first = tasks_of(watched)[0]
    row = rows_of(page).first
    row.scroll_into_view_if_needed()
    expect(row.get_by_role("heading", name=f"“{first.prompt.caption}”")).to_be_visible()
    expect(row.locator("canvas")).to_have_count(3)
    names = list(watched.sources.order_by("id").values_list("checkpoint__name", flat=True))
    assert [heading.inner_text() for heading in row.get_by_role("heading", level=4).all()] == names
    expect(row).to_contain_text("of 2 people would share")
    expect(row).to_contain_text("looks waving, not jumping")
    browser.check()


def test_filters_live_in_the_address(visit: Visitor, rosa: User, watched: Batch) -> None:
    browser = visit(rosa)
    page = browser.go(f"/batches/{watched.pk}")
    expect(rows_of(page)).to_have_count(8)
    gallery = gallery_of(page)
    gallery.get_by_label("Faults").select_option(label="Does not move")
    expect(rows_of(page)).to_have_count(1)
    expect(page).to_have_url(re.compile(r"finding=frozen"))
    gallery.get_by_role("button", name="By checkpoint").click()
    expect(gallery.get_by_role("figure")).to_have_count(1)
    page.reload()
    expect(gallery.get_by_role("figure")).to_have_count(1)
    gallery.get_by_label("Caption").fill("no such words")
    expect(gallery.get_by_text("None fits these filters.")).to_be_visible()
    gallery.get_by_role("button", name="Clear").click()
    expect(gallery.get_by_role("figure")).to_have_count(24)
    gallery.get_by_label("Order").select_option(label="Truest to the sticker first")
    captions = gallery.get_by_role("figure").locator(".caption")
    expect(captions.first).to_have_text(tasks_of(watched)[0].prompt.caption)
    gallery.get_by_label("Order").select_option(label="Least true first")
    expect(captions.first).to_have_text(tasks_of(watched)[-1].prompt.caption)
    browser.check()


@on_both
def test_checkpoints_stand_side_by_side(visit: Visitor, rosa: User, watched: Batch, phone: bool) -> None:
    browser = visit(rosa, phone=phone)
    page = browser.go(f"/batches/{watched.pk}?view=clips")
    table = page.get_by_role("region", name="Figures of each checkpoint")
    name = watched.sources.order_by("id")[1].checkpoint.name
    row = table.get_by_role("row").filter(has_text=name)
    expect(row).to_contain_text("25% of 8")
    row.get_by_role("button", name=name).click()
    expect(gallery_of(page).get_by_role("figure")).to_have_count(8)
    expect(gallery_of(page).get_by_role("figure").first).to_contain_text(name)
    browser.check()


def test_loops_move_in_phase_and_only_where_they_are_seen(visit: Visitor, rosa: User, watched: Batch) -> None:
    browser = visit(rosa)
    page = browser.go(f"/batches/{watched.pk}")
    rows_of(page).first.scroll_into_view_if_needed()
    expect(rows_of(page).first.locator("canvas")).to_have_count(3)
    expect(rows_of(page).last.locator("canvas")).to_have_count(0)
    rows_of(page).last.scroll_into_view_if_needed()
    expect(rows_of(page).last.locator("canvas")).to_have_count(3)
    expect(rows_of(page).first.locator("canvas")).to_have_count(0)
    heights = """canvases => canvases.map(canvas => {
        const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext('2d', { willReadFrequently: true });
        copy.drawImage(canvas, 0, 0);
        const { data, width } = copy.getImageData(0, 0, canvas.width, canvas.height);
        return Math.floor(data.findIndex((value, place) => place % 4 === 3 && value > 0) / 4 / width);
    })"""
    seen = set()
    for _ in range(12):
        page.wait_for_timeout(90)
        tops = rows_of(page).last.locator("canvas").evaluate_all(heights)
        assert len(set(tops)) == 1, "all show the same frame"
        seen.add(tops[0])
    assert len(seen) > 2, "and not always the same one"
    page.get_by_role("button", name="Pause the loops").click()
    rows_of(page).last.scroll_into_view_if_needed()
    expect(rows_of(page).last.locator("canvas")).to_have_count(3)
    still = {str(rows_of(page).last.locator("canvas").evaluate_all(heights)) for _ in range(5)}
    assert len(still) == 1
    browser.check()


def test_nothing_moves_by_itself_where_motion_is_unwelcome(visit: Visitor, rosa: User, watched: Batch) -> None:
    browser = visit(rosa, reduced_motion="reduce")
    page = browser.go(f"/batches/{watched.pk}")
    rows_of(page).first.scroll_into_view_if_needed()
    # Until all are decoded, the first canvas is of whichever loop was decoded first.
    expect(rows_of(page).first.locator("canvas")).to_have_count(3)
    canvas = rows_of(page).first.locator("canvas").first
    shots = set()
    for _ in range(4):
        page.wait_for_timeout(150)
        shots.add(canvas.evaluate("canvas => canvas.toDataURL()"))
    assert len(shots) == 1
    expect(page.get_by_role("button", name="Play the loops")).to_be_visible()
    browser.check()


# Once what was asked for has been drawn.
DRAWN = """canvas => new Promise(drawn => {
    requestAnimationFrame(() => requestAnimationFrame(() => drawn(canvas.toDataURL())));
})"""


def test_clips_are_compared_by_keyboard_on_the_whole_screen(visit: Visitor, rosa: User, watched: Batch) -> None:
    browser = visit(rosa)
    page = browser.go(f"/batches/{watched.pk}")
    one, two, *_ = (task.prompt.caption for task in tasks_of(watched))
    page.get_by_role("button", name=f"Compare the clips of “{one}”").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("heading", name=f"“{one}”")).to_be_visible()
    expect(dialog.locator("canvas")).to_have_count(3)
    expect(dialog.get_by_text("of 2 people would share")).to_have_count(3)
    page.keyboard.press("ArrowRight")
    expect(dialog.get_by_role("heading", name=f"“{two}”")).to_be_visible()
    # Until all are decoded, the first canvas is of whichever loop was decoded first.
    expect(dialog.locator("canvas")).to_have_count(3)
    page.keyboard.press("Space")
    expect(dialog.get_by_role("button", name="Play the loops")).to_be_visible()
    frames = [dialog.locator("canvas").first.evaluate(DRAWN)]
    for stepped in (".", ","):
        page.keyboard.press(stepped)
        frames.append(dialog.locator("canvas").first.evaluate(DRAWN))
    assert frames[0] != frames[1], "one frame on"
    assert frames[0] == frames[2], "and back"
    page.keyboard.press("b")
    expect(dialog.locator(".dark canvas")).to_have_count(3)
    page.keyboard.press("ArrowLeft")
    expect(dialog.get_by_role("heading", name=f"“{one}”")).to_be_visible()
    expect(dialog.get_by_role("button", name="The prompt before")).to_be_disabled()
    expect(dialog.get_by_role("button", name=f"Download “{one}”")).to_have_count(3)
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(page).to_have_url(f"{browser.site}/batches/{watched.pk}")
    browser.check()


SWIPE = """(node, [from, to]) => {
    const touch = (x) => new Touch({ identifier: 1, target: node, clientX: x, clientY: 300 });
    node.dispatchEvent(new TouchEvent('touchstart', { touches: [touch(from)], bubbles: true }));
    node.dispatchEvent(new TouchEvent('touchend', { changedTouches: [touch(to)], bubbles: true }));
}"""


def test_a_shared_address_opens_the_comparison_and_a_swipe_goes_on(visit: Visitor, rosa: User, watched: Batch) -> None:
    browser = visit(rosa, phone=True)
    _, two, three, *_ = tasks_of(watched)
    page = browser.go(f"/batches/{watched.pk}?compare={two.pk}")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("heading", name=f"“{two.prompt.caption}”")).to_be_visible()
    expect(dialog.get_by_role("button", name="The next prompt")).to_be_enabled()
    dialog.locator("img").first.evaluate(SWIPE, [300, 60])
    expect(dialog.get_by_role("heading", name=f"“{three.prompt.caption}”")).to_be_visible()
    dialog.locator("img").first.evaluate(SWIPE, [60, 300])
    expect(dialog.get_by_role("heading", name=f"“{two.prompt.caption}”")).to_be_visible()
    browser.check()


@on_both
def test_plots_say_in_words_and_tables_what_they_draw(visit: Visitor, rosa: User, watched: Batch, phone: bool) -> None:
    browser = visit(rosa, phone=phone)
    page = browser.go(f"/batches/{watched.pk}")
    plots = page.get_by_role("region", name="Plots")
    clips = plots.get_by_role("region", name="Clips a minute")
    expect(clips.get_by_role("img", name=re.compile(r"Clips a minute from .* on average, 2 at most"))).to_be_visible()
    expect(clips.locator("canvas")).to_be_visible()
    clips.get_by_text("As a table").click()
    assert sum(int(cell) for cell in clips.locator("td:nth-child(2)").all_inner_texts()) == 24
    motion = plots.get_by_role("region", name="Motion size against share rate")
    expect(motion.get_by_role("img", name=re.compile(r"motion 0\.5: [\d.]+%, \d+ of 12; motion 2\.5"))).to_be_visible()
    expect(plots.get_by_role("region", name="Annotations a minute").locator("canvas")).to_be_visible()
    browser.check()


def test_a_new_batch_says_when_its_plots_will_come(
    visit: Visitor, rosa: User, with_pictures: Callable[[Batch], Batch]
) -> None:
    batch = with_pictures(open_batch(tasks=2))
    Clip.objects.all().update(wanted_by=None)
    browser = visit(rosa)
    plots = browser.go(f"/batches/{batch.pk}").get_by_role("region", name="Plots")
    expect(plots.get_by_text("Appears once clips have come for a whole minute.")).to_be_visible()
    expect(plots.get_by_text("Appears as soon as clips that were measured are judged.")).to_be_visible()


@on_both
def test_one_kind_of_failure_is_tried_again(visit: Visitor, rosa: User, watched: Batch, phone: bool) -> None:
    unseen = Candidate.objects.filter(task__batch=watched, task__counted=0).order_by("pk")
    out, nan, *_ = (candidate.clip for candidate in unseen.select_related("clip"))
    for clip, error in ((out, "out of memory"), (nan, "NaN in the latents")):
        Clip.objects.filter(pk=clip.pk).update(state=ClipState.FAILED, error=error)
        clip.candidates.update(dropped=True)
    browser = visit(rosa, phone=phone)
    page = browser.go(f"/batches/{watched.pk}")
    card = page.get_by_role("region", name="Generation")
    card.get_by_role("button", name="Retry the 1 clip that failed with: out of memory").click()
    expect(card.get_by_role("status")).to_have_text("1 clip queued again.")
    assert Clip.objects.get(pk=out.pk).state == ClipState.QUEUED
    assert Clip.objects.get(pk=nan.pk).state == ClipState.FAILED
    card.get_by_role("link", name="Show them").click()
    expect(gallery_of(page).get_by_role("figure")).to_have_count(1)
    expect(gallery_of(page).get_by_role("figure")).to_contain_text("NaN in the latents")
    browser.check()


def test_what_happens_meanwhile_is_seen_without_reloading(visit: Visitor, rosa: User, watched: Batch) -> None:
    browser = visit(rosa)
    page = browser.go(f"/batches/{watched.pk}")
    last = rows_of(page).last
    expect(last.get_by_text("not judged yet")).to_have_count(3)
    clip = Candidate.objects.filter(task__batch=watched).order_by("pk").last()
    assert clip is not None
    Clip.objects.filter(pk=clip.clip_id).update(state=ClipState.FAILED, error="NaN in the latents")
    expect(last).to_contain_text("NaN in the latents")
    judge = Actor(User.objects.get(username="anna"))
    for assignment in judge.lease(watched, 2)["assignments"]:
        judge.put(f"annotate/assignments/{assignment['id']}/", answer(assignment, 1, want=0))
    expect(last.get_by_text("of 1 person would share")).to_have_count(2)
    browser.check()
