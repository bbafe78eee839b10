"""Releases and exports in the browser: a rule previewed, frozen, checked, compared; a zip asked for and downloaded."""

import threading
import zipfile
from collections.abc import Callable, Iterator

import pytest
from django.db import connection
from playwright.sync_api import expect

from annotator.accounts.models import Role, User
from annotator.accounts.people import create_person
from annotator.annotation.models import Verdict
from annotator.releases.check_jobs import do_next_check
from annotator.releases.exporting import write_next_export
from annotator.releases.freezing import freeze_next_release
from annotator.releases.models import Purpose
from annotator.releases.rule import Rule
from tests.annotator.judged import Judging
from tests.annotator.released import BOTH, a_judging, frozen
from tests.browser.conftest import Visit

Visitor = Callable[..., Visit]
on_both = pytest.mark.parametrize("phone", [False, True], ids=["laptop", "phone"])


@pytest.fixture
def adam(transactional_db: None) -> User:
    return create_person(username="adam", role=Role.ADMIN)


@pytest.fixture
def judging(adam: User) -> Judging:
    return a_judging(adam)


@pytest.fixture
def working(judging: Judging) -> Iterator[None]:
    """What `manage.py work` does, meanwhile."""
    stop = threading.Event()

    def work() -> None:
        while not stop.wait(0.1):
            freeze_next_release()
            write_next_export()
            do_next_check()
        connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    yield
    stop.set()
    thread.join()


@on_both
def test_a_release_is_previewed_frozen_checked_and_exported(
    visit: Visitor, adam: User, working: None, phone: bool
) -> None:
    browser = visit(adam, phone=phone)
    page = browser.go("/releases")
    expect(page.get_by_text("No release yet")).to_be_visible()
    page.get_by_role("link", name="New release").first.click()
    holds = page.get_by_role("complementary")
    expect(holds).to_contain_text("6")
    page.get_by_label("Annotations a task needs").fill("2")
    expect(holds).to_contain_text("Left out: 1 task with too few annotations.")
    page.get_by_label("Name").fill("spring-1")
    page.get_by_role("button", name="Freeze 4 labels").click()
    expect(page.get_by_text("frozen", exact=True)).to_be_visible()
    expect(page.get_by_role("heading", name="spring-1")).to_be_visible()
    page.get_by_role("button", name="Check it now").click()
    expect(page.get_by_text("All of it is what was frozen")).to_be_visible()
    Verdict.objects.update(shareable=False, reasons=[])
    page.get_by_role("button", name="Check it now").click()
    expect(page.get_by_text("says otherwise in the database").first).to_be_visible()

    page.get_by_role("button", name="Export", exact=True).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Layout").select_option("folder")
    expect(dialog.get_by_label("Files of the clips")).to_have_value("webp")
    dialog.get_by_label("Only clips that are shareable").check()
    dialog.get_by_role("button", name="Write it").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    with zipfile.ZipFile(download.value.path()) as archive:
        assert len([name for name in archive.namelist() if name.startswith("clips/")]) == 2
    browser.check()


def test_two_releases_are_compared_and_one_is_withdrawn(visit: Visitor, adam: User, judging: Judging) -> None:
    one = frozen("one", adam, Rule(least_annotations=2), Purpose.TRAINING)
    frozen("other", adam, Rule(splits=BOTH, least_annotations=2, least_shares=2))
    browser = visit(adam)
    page = browser.go(f"/releases/{one.public_id}")
    page.get_by_label("Another release").select_option("other")
    expect(page.get_by_text("1 label of 4 clips differs.")).to_be_visible()
    page.get_by_role("button", name="Withdraw").click()
    page.get_by_label("Why").fill("the wrong batch")
    page.get_by_role("dialog").get_by_role("button", name="Withdraw").click()
    expect(page.get_by_text("Withdrawn by adam")).to_be_visible()
    expect(page.get_by_role("button", name="Withdraw")).to_have_count(0)
    browser.check()


def test_labels_of_a_batch_are_exported_from_their_page(
    visit: Visitor, adam: User, judging: Judging, working: None
) -> None:
    browser = visit(adam)
    page = browser.go(f"/labels?batch={judging.batch.pk}")
    page.get_by_role("button", name="Export", exact=True).click()
    page.get_by_role("button", name="Write it").click()
    expect(page.get_by_role("heading", name="Releases")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    with zipfile.ZipFile(download.value.path()) as archive:
        assert len(archive.read("verdicts.csv").splitlines()) == 13
    page.get_by_role("button", name="Take Verdicts, CSV off the list").click()
    expect(page.get_by_text("No export yet")).to_be_visible()
    browser.check()
