"""Nothing is lost or counted twice: servers that are killed, browsers closed, sessions that end."""

import os
import random
import re
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from django.conf import global_settings
from django.test import override_settings
from playwright.sync_api import BrowserContext, BrowserType, Page, expect

from annotator.accounts.models import User
from annotator.accounts.signin import signin_path
from annotator.annotation.models import Annotation, Enrolment, Revision
from annotator.generation.models import Batch, Clip, Task, TaskState
from demo.broker import free_port
from demo.serve import serves
from tests.annotator.actors import open_batch, person
from tests.browser.conftest import LAPTOP, PATIENCE_MS, Visit
from tests.browser.test_annotate import shareable_slots, shown, submit
from tests.conftest import Live

ANNOTATIONS = 50
SEED = 20261126
WAITING = re.compile("waiting on this device")


def quick(batch: Batch) -> Batch:
    """Loops of a quarter of a second, so that the gate opens soon."""
    for clip in Clip.objects.filter(candidates__task__batch=batch):
        clip.media["frame_rate"] = 30
        clip.save(update_fields=["media"])
    return batch


@pytest.fixture
def batch(transactional_db: None, with_pictures: Callable[[Batch], Batch]) -> Batch:
    return quick(with_pictures(open_batch(tasks=ANNOTATIONS + 6, candidates=2)))


@dataclass
class Server:
    """A web process that can be killed as a power cut would."""

    live: Live
    port: int = field(default_factory=free_port)

    def start(self) -> None:
        web = self.live.start("web", PORT=str(self.port), STICKERLOOP_DEMO="1")
        died = self.live.started[-1].watch(until=lambda: serves(self.port))
        assert died is None, self.live.started[-1].explain(web)

    def kill(self) -> None:
        """With all of its workers, whatever they are doing."""
        own = self.live.started[-1]
        [web] = own.running
        os.killpg(web.popen.pid, signal.SIGKILL)
        own.forget(web)


@pytest.fixture
def browser_of(
    browser_type: BrowserType, browser_type_launch_args: dict[str, object], tmp_path: Path
) -> Iterator[Callable[[], BrowserContext]]:
    """Starts the browser of one device: what it has stored outlives its being closed."""
    opened: list[BrowserContext] = []

    def start() -> BrowserContext:
        device = tmp_path / "device"
        context = browser_type.launch_persistent_context(device, viewport=LAPTOP, **browser_type_launch_args)  # type: ignore[arg-type]
        context.set_default_timeout(PATIENCE_MS)
        opened.append(context)
        return context

    yield start
    for context in opened:
        context.close()


def judge(page: Page, slot: int) -> str:
    """Shares the video in `slot`; the assignment that this was."""
    assignment = shown(page)
    page.keyboard.press(str(slot))
    submit(page)
    return assignment


@pytest.mark.timeout(400)
def test_50_annotations_over_a_server_that_is_killed_and_a_browser_that_is_closed_are_stored_once(
    batch: Batch, live: Live, browser_of: Callable[[], BrowserContext], wait_until: Callable[..., None]
):
    dice, anna, server = random.Random(SEED), person("anna"), Server(live)
    server.start()
    context = browser_of()
    address = f"http://127.0.0.1:{server.port}"
    context.pages[0].goto(address + signin_path(user=anna))
    said: dict[str, int] = {}
    kills = 0
    while len(said) < ANNOTATIONS:
        # In the one tab: a second one, still on its way to the only batch after signing in, might get hold of it first.
        page = context.pages[0]
        page.goto(f"{address}/annotate/{batch.public_id}")
        expect(page.locator("[data-slot] canvas")).to_have_count(2)
        for _ in range(min(dice.randint(2, 8), ANNOTATIONS - len(said))):
            slot = dice.randint(1, 2)
            said[judge(page, slot)] = slot
        # The last answer may be on its way, stored and not confirmed, or not yet sent.
        server.kill()
        kills += 1
        confirmable = len(said)
        # Of a task whose loops were not all fetched in time, one that is missing cannot be picked.
        while len(said) < ANNOTATIONS and page.locator("[data-slot] canvas").count() == 2:
            slot = dice.randint(1, 2)
            said[judge(page, slot)] = slot
        if len(said) > confirmable:
            expect(page.get_by_text(WAITING).first).to_be_visible()
        context.close()
        server.start()
        context = browser_of()
    page = context.pages[0]
    page.goto(f"{address}/annotate/{batch.public_id}")
    wait_until(lambda: Annotation.objects.count() == ANNOTATIONS, what="all annotations")
    expect(page.get_by_text(WAITING)).to_have_count(0)
    assert kills >= 4
    expect_stored(said, anna=anna, batch=batch)


def expect_stored(said: dict[str, int], *, anna: User, batch: Batch) -> None:
    """Each answer once, as it was given, and each counted once."""
    revisions = Revision.objects.select_related("annotation").all()
    stored = {str(each.annotation.assignment_id): shareable_slots(each) for each in revisions}
    assert len(revisions) == len(said)
    assert stored == {assignment: [slot] for assignment, slot in said.items()}
    assert Annotation.objects.filter(counted=True).count() == len(said)
    assert Enrolment.objects.get(user=anna, batch=batch).judged == len(said)
    assert Task.objects.filter(batch=batch, state=TaskState.DONE, counted=1).count() == len(said)


def test_a_session_that_ends_keeps_what_was_said_until_its_owner_signs_in_again(
    batch: Batch, visit: Callable[..., Visit], wait_until: Callable[..., None]
):
    # The server checks with the product's own hasher, not with the tests' quick one.
    with override_settings(PASSWORD_HASHERS=global_settings.PASSWORD_HASHERS):
        anna = visit(person("anna"))
    page = anna.go(f"/annotate/{batch.public_id}")
    expect(page.locator("[data-slot] canvas")).to_have_count(2)
    anna.context.clear_cookies(name="sessionid")
    assignment = shown(page)
    page.keyboard.press("1")
    page.keyboard.press("Enter")
    again = page.get_by_role("dialog", name="Sign in again")
    expect(again).to_contain_text("1 answer waits on this device")
    assert not Annotation.objects.exists()
    again.get_by_label("Password").fill("just a test")
    again.get_by_role("button", name="Sign in", exact=True).click()
    expect(again).to_have_count(0)
    wait_until(lambda: Annotation.objects.count() == 1, what="the answer")
    assert shareable_slots(Revision.objects.get(annotation__assignment_id=assignment)) == [1]
