"""The whole loop in real browsers, with the real dispatcher, results worker, generate worker and sampler."""

import csv
import io
import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.management import call_command
from playwright.sync_api import Page, expect

from annotator.accounts.models import Role, User
from annotator.accounts.people import create_person
from annotator.annotation.models import Revision, Verdict
from annotator.checkpoints.models import Checkpoint
from annotator.generation.models import Batch, Clip, ClipState
from demo.machine import ROOT
from tests.browser.conftest import Visit
from tests.browser.test_annotate import expect_picked, shown, submit
from tests.conftest import Live

PROMPTS = 3
CLIPS = 2


@pytest.fixture
def shipped(transactional_db: None) -> Checkpoint:
    """The demo's teacher, as the repository ships it."""
    call_command("register_checkpoint", str(ROOT / "checkpoints" / "demo-teacher"), verbosity=0)
    return Checkpoint.objects.get()


@pytest.fixture
def prompts(transactional_db: None, tmp_path: Path) -> None:
    """The first of the demo's prompts."""
    create_person(username="rosa", role=Role.RESEARCHER)
    rows = list(csv.DictReader((ROOT / "demo" / "prompts.csv").open()))
    few = [row for row in rows if row["split"] == "hitl"][:PROMPTS]
    with (tmp_path / "few.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, few[0].keys())
        writer.writeheader()
        writer.writerows(few)
    shutil.copytree(ROOT / "demo" / "stickers", tmp_path / "stickers")
    call_command("import_prompts", tmp_path / "few.csv", set="Spring", licence="OFL-1.1", verbosity=0)


def queue(page: Page) -> None:
    """A researcher asks for a batch."""
    page.get_by_role("link", name="New batch").first.click()
    page.get_by_label("Name").fill("Spring set")
    page.get_by_label("clips a prompt").fill(str(CLIPS))
    page.get_by_label("A person’s share, in percent").fill("100")
    page.get_by_label("Instructions").fill("Pick what you would send.")
    page.get_by_role("button", name="Queue the batch").click()
    expect(page.get_by_role("heading", name="Spring set")).to_be_visible()


def judge(page: Page) -> dict[str, list[int]]:
    """An annotator judges every task by keyboard, then goes back and changes the first. Returns slots by assignment."""
    expect(page.get_by_role("button", name="Start")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_have_count(0)
    chosen: dict[str, list[int]] = {}
    for slots in ([1], [], [1, 2]):
        expect(page.get_by_text("Which would you share?")).to_be_visible()
        for slot in slots or [0]:
            page.keyboard.press(str(slot))
        expect_picked(page, *slots)
        chosen[shown(page)] = slots
        submit(page)
    expect(page.get_by_role("heading", name="You have judged all of it")).to_be_visible()
    for _ in range(PROMPTS):
        page.keyboard.press("ArrowLeft")
    first = next(iter(chosen))
    expect(page.locator(f"[data-assignment='{first}']")).to_be_visible()
    expect_picked(page, 1)
    page.keyboard.press("2")
    page.keyboard.press("Enter")
    return {**chosen, first: [1, 2]}


@pytest.mark.processes
@pytest.mark.timeout(600)
def test_from_a_queued_batch_to_an_export(
    shipped: Checkpoint, prompts: None, live: Live, visit: Callable[..., Visit], wait_until: Callable[..., None]
):
    for name in ("dispatcher", "jobs", "results", "worker"):
        live.start(name)

    researcher = visit(User.objects.get(username="rosa"))
    page = researcher.go("/batches")
    queue(page)
    generated = page.get_by_role("region", name="Generation")
    expect(generated).to_contain_text(f"{PROMPTS * CLIPS} of {PROMPTS * CLIPS} clips", timeout=400_000)
    gallery = page.get_by_role("region", name="Gallery")
    expect(gallery.get_by_role("figure")).to_have_count(PROMPTS * CLIPS)
    gallery.get_by_role("figure").last.scroll_into_view_if_needed()
    expect(gallery.get_by_role("figure").last.locator("canvas")).to_be_visible()
    researcher.check()
    batch = Batch.objects.get()
    clips = Clip.objects.filter(candidates__task__batch=batch).distinct()
    assert {(clip.state, clip.checkpoint) for clip in clips} == {(ClipState.READY, shipped)}
    assert len({clip.master for clip in clips}) == PROMPTS * CLIPS

    annotator = visit(create_person(username="anna", role=Role.ANNOTATOR))
    chosen = judge(annotator.go("/annotate"))
    wait_until(lambda: Revision.objects.count() == PROMPTS + 1, what="the changed answer")
    annotator.check()

    admin = visit(create_person(username="adam", role=Role.ADMIN))
    page = admin.go("/labels")
    page.get_by_role("button", name="Export", exact=True).click()
    page.get_by_role("button", name="Write it").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    with zipfile.ZipFile(download.value.path()) as archive:
        exported = list(csv.DictReader(io.StringIO(archive.read("verdicts.csv").decode(), newline="")))
    admin.check()
    assert_rows_equal_the_database(exported, chosen)


def assert_rows_equal_the_database(exported: list[dict[str, str]], chosen: dict[str, list[int]]) -> None:
    verdicts = Verdict.objects.filter(revision__current=True).select_related(
        "revision__annotation__assignment", "candidate__clip", "candidate__task__prompt"
    )
    rows = {(row["submission"], int(row["slot"])): row for row in exported}
    assert set(rows) == {(str(verdict.revision.submission), verdict.slot) for verdict in verdicts}
    assert len(exported) == PROMPTS * CLIPS
    for verdict in verdicts:
        row, clip = rows[str(verdict.revision.submission), verdict.slot], verdict.candidate.clip
        assignment = str(verdict.revision.annotation.assignment_id)
        assert verdict.shareable == (verdict.slot in chosen[assignment])
        assert row["shareable"].lower() == str(verdict.shareable).lower()
        assert (row["caption"], row["clip_key"], row["animation"]) == (clip.caption, clip.key, clip.animation)
        assert (int(row["seed"]), int(row["slot"])) == (clip.seed, verdict.slot)
        assert json.loads(row["sampler_settings"]) == clip.settings
        assert row["prompt_external_id"] == verdict.candidate.task.prompt.external_id
        assert int(row["revision"]) == verdict.revision.number
        assert "anna" not in row.values()
