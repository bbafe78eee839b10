"""A real Chromium on a real gunicorn, over this test's own database."""

import fcntl
import io
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Response, expect

from annotator.accounts.models import User
from annotator.accounts.signin import signin_path
from annotator.generation.models import Batch, Clip
from annotator.media import store
from annotator.prompts.models import Prompt
from demo.broker import free_port
from demo.machine import ROOT
from demo.serve import serves
from inference_worker.encoding import encode
from tests.browser import chromium
from tests.conftest import Live, process_environment

# Playwright's loop runs in the test's thread; what the test reads from the database in between is its own.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"

# Of pages and expectations alike: on a busy machine, loops take seconds to be drawn and the gate waits for them.
PATIENCE_MS = 15_000
expect.set_options(timeout=PATIENCE_MS)

LAPTOP = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker("browser")


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, object]) -> dict[str, object]:
    own = chromium.find()
    return {**browser_type_launch_args, "args": ["--no-sandbox"], **({"executable_path": own} if own else {})}


@pytest.fixture(scope="session")
def site(django_db_setup: None, redis_url: str, data_folder: Path) -> Iterator[str]:
    """The address of the web process, whose demo sign-in is on."""
    index = ROOT / "frontend" / "dist" / "index.html"
    assert index.exists(), "the front end is not built: run make frontend"
    with (Path(tempfile.gettempdir()) / "stickerloop-tests-static.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        collected = Path(settings.STATIC_ROOT) / "index.html"
        if not collected.exists() or collected.read_bytes() != index.read_bytes():
            call_command("collectstatic", interactive=False, verbosity=0)
    port = free_port()
    running = Live(process_environment(redis_url), data_folder / "log")
    try:
        web = running.start("web", PORT=str(port), STICKERLOOP_DEMO="1")
        died = running.started[0].watch(until=lambda: serves(port))
        assert died is None, running.started[0].explain(web)
        yield f"http://127.0.0.1:{port}"
    finally:
        running.end_all()


class Visit:
    """Somebody's browser. `check()` fails on errors in its console, on 5xx answers and on sideways scrolling."""

    def __init__(self, context: BrowserContext, site: str) -> None:
        self.context, self.site = context, site
        self.page: Page = context.new_page()
        self.problems: list[str] = []
        self.page.on("console", self.hear)
        self.page.on("pageerror", lambda error: self.problems.append(f"uncaught: {error}"))
        self.page.on("response", self.see)

    def hear(self, message: ConsoleMessage) -> None:
        # What the server refuses is told twice: here, without its reason, and on the page, where tests look for it.
        if message.type in ("error", "warning") and "Failed to load resource" not in message.text:
            self.problems.append(f"console: {message.text}")

    def see(self, response: Response) -> None:
        if response.status >= 500 or (response.status == 404 and "/api/" not in response.url):
            self.problems.append(f"{response.status} from {response.url}")

    def go(self, path: str) -> Page:
        self.page.goto(self.site + path)
        return self.page

    def check(self) -> None:
        assert not self.problems, self.problems
        wide = self.page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
        assert wide[0] <= wide[1], f"{self.page.url} scrolls sideways: {wide[0]} px in a window of {wide[1]} px"


class Quiet:
    """Emptying PostgreSQL's tables locks every one of them, and a request of the closed browser that still runs locks
    some in another order: a deadlock. Quiet is when no other session worked in three looks, as requests pause too."""

    def __init__(self) -> None:
        self.looks = 0

    def look(self) -> bool:
        if connection.vendor != "postgresql":
            return True
        with connection.cursor() as cursor:
            cursor.execute(
                "select count(*) from pg_stat_activity where datname = current_database()"
                " and backend_type = 'client backend' and pid <> pg_backend_pid() and state <> 'idle'"
            )
            self.looks = 0 if cursor.fetchone()[0] else self.looks + 1
        return self.looks >= 3


@pytest.fixture
def visit(
    transactional_db: None, browser: Browser, site: str, wait_until: Callable[..., None]
) -> Iterator[Callable[..., Visit]]:
    """`visit(user)` is that person's browser, signed in by a link, and `visit(None)` a stranger's."""
    visits: list[Visit] = []

    def open_for(user: User | None, *, phone: bool = False, **options: object) -> Visit:
        size = {"viewport": PHONE, "has_touch": True, "is_mobile": True} if phone else {"viewport": LAPTOP}
        made = Visit(browser.new_context(**{**size, "accept_downloads": True, **options}), site)
        made.page.set_default_timeout(PATIENCE_MS)
        visits.append(made)
        if user is not None:
            made.go(signin_path(user=user))
        return made

    yield open_for
    for made in visits:
        made.context.close()
    quiet = Quiet()
    wait_until(quiet.look, what="the requests of browsers that are gone to end")
    for made in visits:
        assert not made.problems, made.problems


def drawn(seed: int, frames: int = 8, size: int = 96) -> np.ndarray:
    """A disc that bobs, from its lowest: straight-alpha RGBA, (frames, size, size, 4)."""
    rows, columns = np.mgrid[0:size, 0:size]
    colour = np.random.default_rng(seed).integers(60, 230, 3)
    clip = np.zeros((frames, size, size, 4), np.uint8)
    for index in range(frames):
        middle = size / 2 + size / 6 * np.cos(2 * np.pi * index / frames)
        inside = (rows - middle) ** 2 + (columns - size / 2) ** 2 < (size / 4) ** 2
        clip[index][inside] = [*colour, 255]
    return clip


def png_of(prompt: Prompt) -> bytes:
    png = io.BytesIO()
    Image.fromarray(drawn(prompt.pk)[0], "RGBA").save(png, "PNG")
    return png.getvalue()


@pytest.fixture
def with_pictures() -> Callable[[Batch], Batch]:
    """Gives a batch whose clips were only declared ready stickers and loops that a browser can decode."""

    def fill(batch: Batch) -> Batch:
        for prompt in Prompt.objects.filter(prompt_set=batch.prompt_set):
            prompt.sticker = store.put(png_of(prompt), "png")
            prompt.save()
        for clip in Clip.objects.filter(candidates__task__batch=batch).distinct():
            made = encode(drawn(clip.pk), frame_rate=8)
            clip.sticker = Prompt.objects.filter(tasks__candidates__clip=clip)[0].sticker
            clip.sheet, clip.media = store.put(made.sheet, "webp"), made.media
            clip.animation, clip.master = store.put(made.animation, "webp"), store.put(made.master, "webp")
            clip.save()
        return batch

    return fill
