"""The Labels page answers which model makes stickers that people share, and prints it on one page; admins see how
people judge, and set somebody aside."""

import io
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from annotator.accounts.models import Role, User
from annotator.accounts.people import create_person
from annotator.checkpoints.models import CheckpointRole
from annotator.generation.models import Clip
from annotator.quality.models import SetAside
from tests.annotator.actors import person
from tests.annotator.judged import Judging, a_checkpoint
from tests.annotator.test_annotators import always_the_first, honest, judge
from tests.browser.conftest import Visit

Visitor = Callable[..., Visit]
on_both = pytest.mark.parametrize("phone", [False, True], ids=["laptop", "phone"])
VERBS = ["bouncing", "jumping", "melting", "rolling", "shaking", "spinning", "stretching", "waving"]


@pytest.fixture
def adam(transactional_db: None) -> User:
    return create_person(username="adam", role=Role.ADMIN)


@pytest.fixture
def judging(adam: User) -> Judging:
    """Four models on 48 prompts of eight verbs, judged by two people with care and by one who takes the first."""
    models = [a_checkpoint(name) for name in ("teacher-rigid", "teacher-squash", "teacher-bend")]
    made = Judging(adam, [*models, a_checkpoint("student-after", CheckpointRole.STUDENT)])
    people = {person("greta"): (honest, 5200), person("hugo"): (honest, 6400), person("ines"): (always_the_first, 1500)}
    judge(made, people, prompts=48)
    for index, clip in enumerate(Clip.objects.order_by("candidates__task", "id")):
        clip.metrics = {"verb_asked": VERBS[index // 4 % len(VERBS)]}
        clip.save()
    return made


@on_both
def test_the_labels_page_answers(visit: Visitor, adam: User, judging: Judging, phone: bool) -> None:
    browser = visit(adam, phone=phone)
    page = browser.go("/labels")
    best = page.get_by_role("img", name="student-after: ").first
    expect(best).to_have_attribute("aria-label", re.compile(r"student-after: \d+(\.\d)?%, [\d.]+% to [\d.]+%"))
    for heading in (
        "Differences on the same prompts",
        "Strength in direct choices",
        "Does the place matter?",
        "What each teacher alone contributes",
        "By verb",
        "How far people agree",
    ):
        expect(page.get_by_role("heading", name=heading)).to_be_visible()
    expect(page.get_by_role("row", name="waving")).to_contain_text("%")
    browser.check()


def test_the_report_is_one_page(visit: Visitor, adam: User, judging: Judging) -> None:
    browser = visit(adam)
    page = browser.go("/labels")
    expect(page.get_by_role("heading", name="By verb")).to_be_visible()
    printed = page.pdf(prefer_css_page_size=True, print_background=False)
    assert printed.count(b"/Type /Page\n") + printed.count(b"/Type /Page ") == 1, "one page"
    browser.check()


def test_the_figures_come_as_json(visit: Visitor, adam: User, judging: Judging) -> None:
    page = visit(adam).go(f"/labels?batch={judging.batch.pk}")
    with page.expect_download() as download:
        page.get_by_role("link", name="Figures as JSON").click()
    figures: dict[str, Any] = json.load(io.BytesIO(download.value.path().read_bytes()))
    assert (figures["batch"], figures["annotations"], len(figures["differences"])) == (judging.batch.pk, 144, 6)


@on_both
def test_somebody_is_set_aside_and_taken_back(visit: Visitor, adam: User, judging: Judging, phone: bool) -> None:
    browser = visit(adam, phone=phone)
    page = browser.go("/people")
    page.get_by_role("link", name="How people judge").click()
    ines = page.get_by_role("region", name="ines")
    expect(ines).to_contain_text("Nine tasks in ten get the same answer")
    expect(page.get_by_role("region", name="greta").get_by_role("list")).to_have_count(0)
    browser.check()
    ines.get_by_role("button", name="Set aside…").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Why").fill("Takes the first, always")
    dialog.get_by_role("button", name="Set aside").click()
    expect(ines).to_contain_text("Takes the first, always")
    assert SetAside.objects.get().undone_at is None
    browser.check()
    page.goto(f"{browser.site}/labels")
    expect(page.get_by_text("annotators", exact=True).locator("..")).to_contain_text("2")
    page.goto(f"{browser.site}/annotators")
    ines.get_by_role("button", name="Take back").click()
    expect(ines.get_by_role("button", name="Set aside…")).to_be_visible()
    assert SetAside.objects.get().undone_by == adam
