"""A database of the benchmark's own and the shipped server over it: gunicorn, as the Procfile starts it."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

from benchmarks.annotation_wish import Made, Wish
from demo.broker import free_port
from demo.machine import ROOT
from demo.processes import Process, Processes, read_procfile
from demo.serve import serves

LOCALHOST = "postgres://postgres@127.0.0.1:5432/stickerloop"
MAKE_ROWS = "import django; django.setup(); from benchmarks.annotation_rows import main; main()"
LOCKED = "database is locked"


@dataclass(frozen=True)
class Place:
    """Where people work: the address of the server, its process, the database and what is in it."""

    port: int
    web: Process
    database: str
    made: Made
    logs: Path

    def locked_errors(self) -> int:
        """How often any of the processes had to say so."""
        return sum(log.read_text().count(LOCKED) for log in self.logs.glob("*.log"))


def server_url() -> str:
    """Of the PostgreSQL to measure on; the database that it names is not touched."""
    return os.environ.get("DATABASE_URL") or LOCALHOST


@contextmanager
def postgresql(name: str) -> Iterator[str]:
    """A database of this name for as long as the block runs; its address."""
    own = f"stickerloop_bench_{os.getpid()}_{name}"
    server = urlsplit(server_url())
    with psycopg.connect(server._replace(path="/postgres").geturl(), autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {own}")
        try:
            yield server._replace(path=f"/{own}").geturl()
        finally:
            admin.execute(f"DROP DATABASE {own} WITH (FORCE)")


@contextmanager
def place(*, database: str, wish: Wish, dispatcher: bool = False, processes: int | None = None) -> Iterator[Place]:
    """Fills a database and serves it. `processes`: gunicorn's; None leaves it at what the Procfile starts."""
    with tempfile.TemporaryDirectory(prefix="stickerloop-bench-") as folder:
        port = free_port()
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("STICKERLOOP_")},
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "DJANGO_SETTINGS_MODULE": "annotator.settings",
            "DATABASE_URL": database.format(folder=folder),
            "STICKERLOOP_SECRET_KEY": "only-for-the-benchmark-" + "x" * 30,
            "STICKERLOOP_DATA": folder,
            "STICKERLOOP_LOG": "WARNING",
            "BLOBS_URL": "",
            "HOST": "127.0.0.1",
            "PORT": str(port),
            **({"WEB_CONCURRENCY": str(processes)} if processes else {}),
        }
        made = fill(wish, environment)
        running = Processes(folder=ROOT, logs=Path(folder) / "log", environment=environment, say=complain)
        try:
            lines = read_procfile(ROOT / "Procfile")
            web = running.start("web", lines["web"])
            if dispatcher:
                running.start("dispatcher", lines["dispatcher"])
            if died := running.watch(until=lambda: serves(port)):
                raise SystemExit(running.explain(died))
            yield Place(port, web, environment["DATABASE_URL"], made, Path(folder) / "log")
        finally:
            running.end_all()


def fill(wish: Wish, environment: dict[str, str]) -> Made:
    commands = [["migrate"], ["collectstatic", "--no-input"]] if wish.pictures else [["migrate"]]
    for command in commands:
        manage = [sys.executable, "manage.py", *command, "--verbosity", "0"]
        subprocess.run(manage, cwd=ROOT, env=environment, check=True)
    rows = subprocess.run(
        [sys.executable, "-c", MAKE_ROWS], cwd=ROOT, env=environment, check=True,
        input=json.dumps(asdict(wish)), stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    return Made(**json.loads(rows.stdout))


def complain(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
