"""Down-selection in the browser: a blind batch is compared, a student promoted, and used from then on."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from annotator.accounts.models import Role, User
from annotator.accounts.people import create_person
from annotator.checkpoints.models import CheckpointRole
from annotator.generation.models import Batch
from annotator.media import store
from annotator.promotion.models import Promotion
from annotator.prompts.models import Prompt
from tests.annotator.actors import checkpoint
from tests.annotator.selected import Planted, compared, teacher
from tests.annotator.studio import prompt_set
from tests.browser.conftest import Visit, png_of

Visitor = Callable[..., Visit]
on_both = pytest.mark.parametrize("phone", [False, True], ids=["laptop", "phone"])


@pytest.fixture
def rosa(transactional_db: None) -> User:
    return create_person(username="rosa", role=Role.RESEARCHER)


def draw_prompts() -> None:
    """New batches show a few stickers of each set."""
    for prompt in Prompt.objects.all():
        prompt.sticker = store.put(png_of(prompt), "png")
        prompt.save()


def six_sources() -> Batch:
    """Two teachers, and students of theirs: one of them far ahead, another with two settings."""
    batch = compared(
        teacher("teacher-squash", 0.4, 3.9, passes=22, device="NVIDIA H100"),
        teacher("teacher-rigid", -0.6, 4.1, passes=22, device="NVIDIA H100"),
        Planted("student-guidance", 2.0, 0.62, passes=8, device="NVIDIA H100"),
        Planted("student-steps", 0.3, 0.31, passes=4, device="NVIDIA H100"),
        Planted("student-steps", -1.4, 0.17, passes=2, device="NVIDIA H100", settings={"steps": 2}),
        Planted("student-small", -1.2, 0.5, device="a laptop"),
        prompts=110,
        people=2,
    )
    Batch.objects.filter(pk=batch.pk).update(name="Spring students, blind")
    draw_prompts()
    return batch


def ready(page: Page) -> Page:
    expect(page.locator(".plot canvas")).to_be_visible()
    page.wait_for_load_state("networkidle")
    return page


@on_both
def test_a_student_is_chosen_promoted_used_and_revoked(visit: Visitor, rosa: User, phone: bool) -> None:
    batch = six_sources()
    browser = visit(rosa, phone=phone)
    page = ready(browser.go(f"/batches/{batch.pk}/selection"))
    plot = page.get_by_role("img", name=re.compile("^Share rate against seconds a clip"))
    expect(plot).to_have_attribute("aria-label", re.compile(r"A student-guidance: [\d.]+% at [\d.]+ s a clip, on the"))
    expect(page.get_by_text("On 110 held-out prompts, judged blind.")).to_be_visible()
    slow = page.get_by_role("row", name=re.compile("teacher-rigid"))
    expect(slow).to_contain_text("beaten by A")
    elsewhere = page.get_by_role("row", name=re.compile("student-small"))
    expect(elsewhere).to_contain_text("on a laptop")
    expect(elsewhere).to_contain_text("cannot be said")
    browser.check()
    good = page.get_by_role("region", name="student-guidance, meets the rule")
    expect(good.get_by_role("listitem")).to_have_count(3)
    good.get_by_role("button", name="Promote", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Promote", exact=True).click()
    expect(good.get_by_text("promoted", exact=True)).to_be_visible()
    assert Promotion.objects.get().by_rule
    browser.check()

    page.goto(f"{browser.site}/playground")
    expect(page.get_by_role("checkbox", name="student-guidance student, promoted")).to_be_checked()
    page.goto(f"{browser.site}/batches/new")
    expect(page.get_by_label("Checkpoint", exact=True)).to_have_value(str(Promotion.objects.get().checkpoint_id))

    page.goto(f"{browser.site}/checkpoints")
    page.get_by_role("button", name="Revoke…").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Why").fill("It drifts on cats")
    dialog.get_by_role("button", name="Revoke", exact=True).click()
    expect(page.get_by_text("It drifts on cats")).to_be_visible()
    browser.check()


@on_both
def test_against_the_rule_a_reason_is_asked_for(
    visit: Visitor, rosa: User, with_pictures: Callable[[Batch], Batch], phone: bool
) -> None:
    student = Planted("student", -1.0, 0.5, settings={"steps": 3})
    batch = with_pictures(compared(teacher("teacher", 1.0, 4.0), student, prompts=8, split="hitl"))
    browser = visit(rosa, phone=phone)
    page = browser.go(f"/batches/{batch.pk}")
    page.get_by_role("link", name="Down-select").click()
    ready(page)
    expect(page.get_by_text("These are prompts to learn from")).to_be_visible()
    page.get_by_role("button", name="Promote against the rule…").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("0 so far")).to_be_visible()
    send = dialog.get_by_role("button", name="Promote against the rule")
    expect(send).to_be_disabled()
    dialog.get_by_label("Why all the same").fill("To try the phone app")
    browser.check()
    send.click()
    expect(page.get_by_text("“To try the phone app”")).to_be_visible()
    made = Promotion.objects.get()
    assert (made.by_rule, made.note, made.settings["steps"]) == (False, "To try the phone app", 3)
    page.goto(f"{browser.site}/playground")
    expect(page.get_by_role("checkbox", name="student student, promoted")).to_be_checked()
    assert "steps=3" in page.url, "as it was promoted"
    browser.check()


@on_both
def test_a_blind_comparison_is_a_few_presses_away(visit: Visitor, rosa: User, phone: bool) -> None:
    parent = checkpoint("teacher")
    for name in ("student-1", "student-2"):
        student = checkpoint(name, CheckpointRole.STUDENT)
        student.parent = parent
        student.save()
    prompt_set(4, split="heldout")
    draw_prompts()
    browser = visit(rosa, phone=phone)
    page = browser.go("/checkpoints")
    for name in ("student-1", "student-2"):
        page.get_by_label(f"Compare {name}").check()
    browser.check()
    page.get_by_role("link", name="Compare 2 blind").click()
    expect(page.get_by_label("Checkpoint", exact=True)).to_have_count(3)
    expect(page.get_by_text("4 tasks")).to_be_visible()
    browser.check()
    page.get_by_role("button", name="Queue the batch").click()
    expect(page).to_have_url(re.compile(r"/batches/\d+$"))
    batch = Batch.objects.get()
    assert (batch.splits, batch.overlap, batch.tasks.count()) == (["heldout"], 3, 4)
    assert {(source.checkpoint.name, source.clips_per_prompt) for source in batch.sources.all()} == {
        ("student-1", 2),
        ("student-2", 2),
        ("teacher", 2),
    }
