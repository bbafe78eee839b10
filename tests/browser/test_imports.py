"""Prompts by the folder: checked before anything is stored, and only then imported."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from annotator.accounts.models import Role, User
from annotator.accounts.people import create_person
from annotator.prompts.background import read_next_import
from annotator.prompts.models import Import, ImportState, Prompt, PromptSet
from demo.machine import ROOT
from tests.browser.conftest import Visit
from tests.conftest import Live

Visitor = Callable[..., Visit]
STICKERS = sorted((ROOT / "demo" / "stickers").glob("*.png"))[:3]
on_both = pytest.mark.parametrize("phone", [False, True], ids=["laptop", "phone"])


@pytest.fixture
def rosa(transactional_db: None) -> User:
    return create_person(username="rosa", role=Role.RESEARCHER)


def table(folder: Path, *lines: str) -> list[Path]:
    """The files of an import: a table and its stickers."""
    file = folder / "spring.csv"
    file.write_text("\n".join(["caption,sticker", *lines]))
    return [file, *STICKERS]


@on_both
def test_what_was_found_is_seen_before_it_is_stored(visit: Visitor, rosa: User, tmp_path: Path, phone: bool):
    browser = visit(rosa, phone=phone)
    page = browser.go("/prompts")
    page.get_by_role("link", name="Import").first.click()
    names = [sticker.name for sticker in STICKERS]
    lines = [f"a sticker {verb},{name}" for verb in ("jumping", "waving") for name in names]
    page.set_input_files("input[type=file] >> nth=0", table(tmp_path, *lines, f",{names[0]}", "a fox,fox.png"))
    expect(page.get_by_role("group", name="What to import")).to_contain_text("spring, 4 files")
    expect(page.get_by_label("Prompt set")).to_have_value("spring")
    page.get_by_label("Licence of the stickers").fill("OFL-1.1")
    browser.check()
    page.get_by_role("button", name="Check the rows").click()
    expect(page.get_by_role("heading", name="Waiting to be read")).to_be_visible()
    assert read_next_import()
    expect(page.get_by_role("heading", name="Nothing is stored yet")).to_be_visible()
    expect(page.get_by_role("listitem").filter(has_text="row 8")).to_contain_text("The caption is empty")
    expect(page.get_by_role("listitem").filter(has_text="row 9")).to_contain_text("no file 'fox.png' in the zip")
    assert not Prompt.objects.exists()
    browser.check()
    browser.go("/prompts")
    page.get_by_role("status").filter(has_text="waits for your word").get_by_role("link").click()
    page.get_by_role("button", name="Import 6 good rows").click()
    expect(page.get_by_text("6 prompts imported.")).to_be_visible()
    browser.check()
    page.get_by_role("link", name="Open spring").click()
    expect(page.get_by_text("6 prompts")).to_be_visible()
    assert (PromptSet.objects.get().licence, Prompt.objects.count()) == ("OFL-1.1", 6)


def test_one_is_cancelled_and_one_refused_in_words(visit: Visitor, rosa: User, tmp_path: Path):
    browser = visit(rosa)
    page = browser.go("/prompts/import?set=Spring")
    page.get_by_role("button", name="Check the rows").click()
    expect(page.get_by_role("alert")).to_have_text("Choose a folder, files or a zip first.")
    page.set_input_files("input[type=file] >> nth=0", table(tmp_path, f"a dog,{STICKERS[0].name}"))
    page.get_by_role("button", name="Check the rows").click()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("Cancelled: nothing was imported.")).to_be_visible()
    page.get_by_role("link", name="Begin again").click()
    page.set_input_files(
        "input[type=file] >> nth=0", [{"name": "a.zip", "mimeType": "application/zip", "buffer": b"?"}]
    )
    page.get_by_role("button", name="Check the rows").click()
    expect(page).to_have_url(re.compile("/prompts/imports/"))
    assert read_next_import()
    expect(page.get_by_role("alert")).to_contain_text("a.zip is no zip")
    browser.check()
    assert set(Import.objects.values_list("state", flat=True)) == {ImportState.CANCELLED, ImportState.REFUSED}


@pytest.mark.processes
def test_the_process_for_jobs_reads_a_whole_folder(visit: Visitor, rosa: User, live: Live, tmp_path: Path):
    live.start("jobs")
    folder = tmp_path / "happy stickers"
    (folder / "deep").mkdir(parents=True)
    for sticker in STICKERS:
        (folder / "deep" / sticker.name).write_bytes(sticker.read_bytes())
    browser = visit(rosa)
    page = browser.go("/prompts/import")
    page.set_input_files("input[type=file] >> nth=1", folder)
    expect(page.get_by_label("Prompt set")).to_have_value("happy stickers")
    page.get_by_role("button", name="Check the rows").click()
    expect(page.get_by_text("each caption is its file’s name in words")).to_be_visible(timeout=30_000)
    page.get_by_role("button", name="Import 3 prompts").click()
    expect(page.get_by_text("3 prompts imported.")).to_be_visible()
    assert {prompt.caption for prompt in Prompt.objects.all()} == {re.sub(r"[-_]+", " ", one.stem) for one in STICKERS}
