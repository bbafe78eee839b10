"""`make screenshots`: pictures of every page, with clips of the shipped checkpoint, at 1280 and 390 pixels.

They go to build/screenshots; the one that the README shows goes to docs/images.
"""

from collections.abc import Callable

import pytest
from django.core.management import call_command
from playwright.sync_api import Page

from annotator.accounts.models import Role, User
from annotator.accounts.people import create_person
from annotator.annotation.models import Revision
from annotator.checkpoints.models import Checkpoint
from annotator.examples.models import Example
from annotator.generation.batches import create_batch
from annotator.generation.models import Batch, Clip, ClipState
from annotator.generation.planning import SourceRequest
from annotator.prompts.models import PromptSet
from demo.machine import ROOT
from tests.annotator.actors import Actor, answer
from tests.browser.conftest import Visit
from tests.browser.test_axe import checked_import
from tests.browser.test_whole_loop import prompts, shipped  # noqa: F401 - fixtures
from tests.conftest import Live

FOLDER = ROOT / "build" / "screenshots"
SHOWN = ROOT / "docs" / "images" / "annotate.png"
CLIPS = 2


@pytest.fixture
def filled(
    shipped: Checkpoint,  # noqa: F811
    prompts: None,  # noqa: F811
    live: Live,
    wait_until: Callable[..., None],
) -> Batch:
    """A batch of the two checkpoints that the demo compares, with all its clips, and three tasks judged."""
    call_command("register_checkpoint", str(ROOT / "checkpoints" / "plain"), verbosity=0)
    for name in ("dispatcher", "results", "worker"):
        live.start(name)
    batch = create_batch(
        name="Spring set",
        prompt_set_id=PromptSet.objects.get().pk,
        sources=[
            SourceRequest(checkpoint_id=model.pk, settings={}, clips_per_prompt=CLIPS)
            for model in Checkpoint.objects.order_by("name")
        ],
        created_by=User.objects.get(username="rosa"),
        person_share=1.0,
        overlap=2,
    )
    clips = Clip.objects.filter(candidates__task__batch=batch)
    wait_until(lambda: not clips.exclude(state=ClipState.READY).exists(), seconds=500, what="all clips")
    judge = Actor(create_person(username="bela", role=Role.ANNOTATOR))
    for assignment in judge.post(f"annotate/batches/{batch.public_id}/leases/", {"count": 3})["assignments"]:
        judge.put(f"annotate/assignments/{assignment['id']}/", answer(assignment, 1, 3))
    assert Revision.objects.count() == 3
    return batch


def settled(page: Page) -> Page:
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(700)
    return page


@pytest.mark.timeout(900)
def test_every_page(filled: Batch, visit: Callable[..., Visit]):
    anna = create_person(username="anna", role=Role.ANNOTATOR)
    adam = create_person(username="adam", role=Role.ADMIN)
    bela = User.objects.get(username="bela")
    pages: dict[str, tuple[User | None, str, *tuple[str, ...]]] = {
        "front": (None, "/"),
        "annotate": (anna, f"/annotate/{filled.public_id}", "2"),
        "seam": (anna, f"/annotate/{filled.public_id}", "l"),
        "chat": (anna, f"/annotate/{filled.public_id}", "b", "b", "2"),
        "offline": (anna, f"/annotate/{filled.public_id}", "offline", "2", "Enter"),
        "help": (anna, f"/annotate/{filled.public_id}", "?"),
        "nothing-to-do": (bela, f"/annotate/{filled.public_id}"),
        "history": (bela, f"/annotate/{filled.public_id}", "h"),
        "batches": (adam, "/batches"),
        "new-batch": (adam, "/batches/new"),
        "batch": (adam, f"/batches/{filled.pk}"),
        "batch-by-checkpoint": (adam, f"/batches/{filled.pk}?view=clips"),
        "compare": (adam, f"/batches/{filled.pk}?compare={filled.tasks.order_by('pk')[0].pk}"),
        "compare-in-chat": (adam, f"/batches/{filled.pk}?compare={filled.tasks.order_by('pk')[0].pk}", "b", "b"),
        "prompts": (adam, "/prompts"),
        "prompt-set": (adam, f"/prompts/{filled.prompt_set_id}"),
        "import": (adam, "/prompts/import"),
        "imported": (adam, f"/prompts/imports/{checked_import().pk}"),
        "queue": (adam, "/queue"),
        "playground": (adam, "/playground"),
        "labels": (adam, "/labels"),
        "people": (adam, "/people"),
        "account": (anna, "/account"),
    }
    FOLDER.mkdir(parents=True, exist_ok=True)
    SHOWN.parent.mkdir(exist_ok=True)
    for name, (user, path, *keys) in pages.items():
        for phone in (False, True):
            browser = visit(user, phone=phone)
            page = settled(browser.go(path))
            for key in keys:
                if key == "offline":
                    browser.context.set_offline(True)
                else:
                    page.keyboard.press(key)
                settled(page)
            file = FOLDER / f"{name}-{390 if phone else 1280}.png"
            page.screenshot(path=file, full_page="/annotate/" not in path and "compare=" not in path)
            browser.check()
            browser.context.close()
    page = settled(visit(anna).go(f"/annotate/{filled.public_id}"))
    page.set_viewport_size({"width": 1280, "height": 560})
    page.keyboard.press("2")
    settled(page).screenshot(path=SHOWN)


@pytest.mark.timeout(900)
def test_examples_and_practice(filled: Batch, visit: Callable[..., Visit]):
    """For the picture, the batch's own clips: a researcher could not mark them."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    anna = create_person(username="anna", role=Role.ANNOTATOR)
    for place, clip in enumerate(Clip.objects.filter(candidates__task__batch=filled).order_by("id")[:6]):
        good = place % 2 == 0
        note = "It moves as the caption says." if good else "The sticker does not stay whole."
        Example.objects.create(
            batch=filled, clip=clip, good=good, note=note, practice=place > 2, created_by=filled.created_by
        )
    for phone in (False, True):
        width = 390 if phone else 1280
        browser = visit(anna, phone=phone)
        page = settled(browser.go(f"/annotate/{filled.public_id}"))
        page.screenshot(path=FOLDER / f"instructions-{width}.png")
        page.get_by_role("button", name="Start").click()
        settled(page).keyboard.press("1")
        settled(page).screenshot(path=FOLDER / f"practice-{width}.png")
        browser.check()
        browser.context.close()
