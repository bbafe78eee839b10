"""Every page of researchers and admins does its one main thing, empty and filled, on a laptop and on a phone."""

import json
import re
import zipfile
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from annotator.accounts.models import ApiToken, Invitation, Role, User
from annotator.accounts.people import create_person
from annotator.annotation.models import Verdict
from annotator.generation.models import Batch, ClipState
from annotator.prompts.models import Prompt, PromptSet
from annotator.releases.exporting import write_next_export
from demo.machine import ROOT
from tests.annotator.actors import Actor, answer, checkpoint, open_batch, person
from tests.annotator.studio import METRICS
from tests.browser.conftest import Visit

Visitor = Callable[..., Visit]
on_both = pytest.mark.parametrize("phone", [False, True], ids=["laptop", "phone"])


@pytest.fixture
def rosa(transactional_db: None) -> User:
    return create_person(username="rosa", role=Role.RESEARCHER)


@pytest.fixture
def adam(transactional_db: None) -> User:
    return create_person(username="adam", role=Role.ADMIN)


@pytest.fixture
def judged(rosa: User, with_pictures: Callable[[Batch], Batch]) -> Batch:
    """A batch of three tasks, all judged by one person: of each, the first slot is shareable."""
    batch = with_pictures(open_batch(tasks=3, candidates=4))
    anna = Actor(person("anna"))
    for assignment in anna.post(f"annotate/batches/{batch.public_id}/leases/", {"count": 4})["assignments"]:
        anna.put(f"annotate/assignments/{assignment['id']}/", answer(assignment, 1))
    return batch


@on_both
@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("/batches", "No batch yet"),
        ("/prompts", "No prompt set yet"),
        ("/labels", "No labels yet"),
        ("/annotate", "Nothing to judge yet"),
    ],
)
def test_empty_pages_say_what_comes_next(visit: Visitor, rosa: User, path: str, says: str, phone: bool):
    browser = visit(rosa, phone=phone)
    expect(browser.go(path).get_by_role("heading", name=says)).to_be_visible()
    browser.check()


def test_prompts_a_set_is_made_and_a_sticker_added(visit: Visitor, rosa: User):
    browser = visit(rosa)
    page = browser.go("/prompts")
    page.get_by_role("button", name="New set").first.click()
    page.get_by_label("Name").fill("Spring")
    page.get_by_label("Licence of the stickers").fill("CC0-1.0")
    page.get_by_role("button", name="Make the set").click()
    expect(page.get_by_role("heading", name="Spring")).to_be_visible()
    page.set_input_files("input[type=file]", sorted((ROOT / "demo" / "stickers").glob("*.png"))[0])
    page.get_by_label("How should it move?").fill("a balloon bouncing")
    page.get_by_role("button", name="Add the prompt").click()
    expect(page.get_by_text("a balloon bouncing")).to_be_visible()
    prompt = Prompt.objects.get()
    assert (prompt.caption, prompt.prompt_set.name, prompt.prompt_set.created_by) == (
        "a balloon bouncing",
        "Spring",
        rosa,
    )
    browser.check()


def test_prompts_a_text_file_named_png_is_refused_in_words(visit: Visitor, rosa: User):
    prompt_set = PromptSet.objects.create(name="Spring", created_by=rosa)
    page = visit(rosa).go(f"/prompts/{prompt_set.pk}")
    page.set_input_files("input[type=file]", {"name": "s.png", "mimeType": "image/png", "buffer": b"no picture at all"})
    page.get_by_label("How should it move?").fill("a balloon bouncing")
    page.get_by_role("button", name="Add the prompt").click()
    expect(page.get_by_role("alert").filter(has_text="PNG")).to_be_visible()
    assert Prompt.objects.count() == 0


@on_both
def test_batches_one_is_queued_with_two_checkpoints(
    visit: Visitor, rosa: User, with_pictures: Callable[[Batch], Batch], phone: bool
):
    earlier = with_pictures(open_batch(tasks=2, candidates=2))
    checkpoint("third")
    browser = visit(rosa, phone=phone)
    page = browser.go("/batches")
    expect(page.get_by_role("link", name=earlier.name)).to_be_visible()
    browser.check()
    page.get_by_role("link", name="New batch").click()
    page.get_by_label("Name").fill("Later")
    page.get_by_role("button", name="Add a checkpoint").click()
    expect(page.get_by_label("Checkpoint", exact=True)).to_have_count(2)
    browser.check()
    page.get_by_role("button", name="Queue the batch").click()
    expect(page.get_by_role("heading", name="Later")).to_be_visible()
    expect(page.get_by_role("region", name="Generation")).to_contain_text("No worker is running")
    browser.check()
    batch = Batch.objects.get(name="Later")
    assert batch.sources.count() == 2
    assert batch.prompt_count == 2


@on_both
def test_batches_the_gallery_shows_what_made_each_clip(visit: Visitor, rosa: User, judged: Batch, phone: bool):
    clip = judged.wanted_clips.first()
    assert clip is not None
    judged.wanted_clips.filter(pk=clip.pk).update(metrics=METRICS)
    browser = visit(rosa, phone=phone)
    page = browser.go(f"/batches/{judged.pk}?view=clips")
    gallery = page.get_by_role("region", name="Gallery")
    expect(gallery.get_by_role("figure").filter(has_text=clip.caption)).to_have_count(4)
    expect(gallery).to_contain_text(clip.checkpoint.name)
    expect(gallery).to_contain_text(f"seed {clip.seed}")
    expect(gallery.get_by_text("looks jumping")).to_have_attribute("title", re.compile("93 % sure"))
    expect(gallery.get_by_text("identity 32 dB")).to_have_attribute("title", re.compile("31.5 dB of 60"))
    expect(page.get_by_role("region", name="Annotation", exact=True)).to_contain_text("3 of 3 annotations")
    browser.check()


def test_batches_pause_and_retry(visit: Visitor, rosa: User, judged: Batch, wait_until: Callable[..., None]):
    clip = judged.wanted_clips.order_by("pk").last()
    assert clip is not None
    clip.state, clip.error = ClipState.FAILED, "the sampler gave NaN"
    clip.save()
    page = visit(rosa).go(f"/batches/{judged.pk}")
    expect(page.get_by_role("region", name="Generation")).to_contain_text("the sampler gave NaN")
    page.get_by_role("region", name="Annotation", exact=True).get_by_role("button", name="Pause").click()
    expect(
        page.get_by_role("region", name="Annotation", exact=True).get_by_role("button", name="Resume")
    ).to_be_visible()
    judged.refresh_from_db()
    assert judged.annotation_paused


@on_both
def test_labels_counts_rates_and_exports(visit: Visitor, rosa: User, judged: Batch, phone: bool):
    browser = visit(rosa, phone=phone)
    page = browser.go("/labels")
    expect(page.get_by_role("heading", name="Share rate of each checkpoint")).to_be_visible()
    for model in judged.sources.all():
        expect(page.get_by_role("img", name=f"{model.checkpoint.name}: ").first).to_be_visible()
    browser.check()
    page.get_by_role("button", name="Export", exact=True).click()
    page.get_by_label("Layout").select_option("verdicts-jsonl")
    page.get_by_role("button", name="Write it").click()
    expect(page.get_by_text("queued", exact=True)).to_be_visible()
    assert write_next_export()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    with zipfile.ZipFile(download.value.path()) as archive:
        lines = [json.loads(line) for line in archive.read("verdicts.jsonl").splitlines()]
    assert sum(line["shareable"] for line in lines) == 3
    assert len(lines) == Verdict.objects.count() == 12


@on_both
def test_people_are_invited_and_given_a_role(visit: Visitor, adam: User, rosa: User, phone: bool):
    browser = visit(adam, phone=phone)
    page = browser.go("/people")
    page.get_by_label("For whom").fill("Bela, from the design team")
    page.get_by_role("button", name="Make a link").click()
    expect(page.get_by_text("Send this link to one person.")).to_be_visible()
    assert Invitation.objects.get().note == "Bela, from the design team"
    page.get_by_label("Role of rosa").select_option("annotator")
    page.reload()
    expect(page.get_by_label("Role of rosa")).to_have_value("annotator")
    rosa.refresh_from_db()
    assert rosa.role == Role.ANNOTATOR
    browser.check()


@on_both
def test_account_makes_and_revokes_a_token(visit: Visitor, rosa: User, phone: bool):
    browser = visit(rosa, phone=phone)
    page = browser.go("/account")
    page.get_by_label("What for").fill("nightly export")
    page.get_by_role("button", name="Make a token").click()
    expect(page.get_by_text("it is shown this once")).to_be_visible()
    browser.check()
    page.get_by_role("button", name="Revoke").click()
    expect(page.get_by_role("button", name="Revoke")).to_have_count(0)
    assert ApiToken.objects.get().revoked_at is not None
