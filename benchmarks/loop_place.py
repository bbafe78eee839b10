"""Where the loop runs: a database, broker and blobs of its own and the Procfile's processes.

All of it is kept in one folder, so that a killed loop goes on where it was.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import psycopg

from benchmarks.annotation_place import server_url
from demo import broker
from demo.machine import ROOT
from demo.processes import Processes, read_procfile
from demo.serve import serves

DESK = "from benchmarks.loop_desk import main; main()"
FROM_PROCFILE = ("web", "dispatcher", "jobs", "results")
POSTGRESQL, SQLITE = "postgresql", "sqlite"
PARALLEL = 2
"""Workers, and trainers: one a core, of one thread each, which share no barrier."""
Json = dict[str, Any]


class LoopError(Exception):
    """Why the loop cannot go on, in a sentence."""


@dataclass
class Place:
    folder: Path
    environment: dict[str, str]
    processes: Processes
    desk: subprocess.Popen[str]
    web: httpx.Client

    @property
    def port(self) -> int:
        return int(self.environment["PORT"])

    @property
    def blobs(self) -> str:
        return self.environment["BLOBS_URL"]

    def do(self, what: str, **how: Any) -> Any:
        """One of loop_desk. Raises LoopError with what a command refused."""
        assert self.desk.stdin is not None
        assert self.desk.stdout is not None
        self.desk.stdin.write(json.dumps({"do": what, **how}) + "\n")
        self.desk.stdin.flush()
        answer = self.desk.stdout.readline()
        if not answer:
            raise LoopError(f"the desk, where commands are run, ended with status {self.desk.wait()}")
        told = json.loads(answer)
        if "error" in told:
            raise LoopError(f"{how.get('words', [what])}: {told['error']}")
        return told["answer"]

    def command(self, *words: str) -> str:
        """As `manage.py` would run it; what it said."""
        return str(self.do("command", words=list(words)))

    def ask(self, path: str) -> Json:
        """The API's answer, as a researcher gets it. Raises LoopError where a process has ended."""
        if died := self.processes.ended():
            raise LoopError(self.processes.explain(died))
        answer = self.web.get(f"/api/v1/{path}").raise_for_status().json()
        assert isinstance(answer, dict)
        return answer

    def start(self, *, token: str) -> None:
        """Web, dispatcher, jobs, results; workers and trainers. `token` is how a researcher asks the API."""
        self.web.headers["Authorization"] = f"Bearer {token}"
        lines = read_procfile(ROOT / "Procfile")
        for name in FROM_PROCFILE:
            self.processes.start(name, lines[name])
        for number in range(1, PARALLEL + 1):
            self.processes.start(
                f"worker-{number}", f"{lines['worker']} --name loop-worker-{number} --threads 1 --micro-batch 4"
            )
            in_folder = ["/bin/sh", "-c", 'cd "$0" && exec nice -n 5 "$@"', str(self.folder)]
            trainer = [sys.executable, "-m", "inference_worker.trainer", "--name", f"loop-trainer-{number}"]
            self.processes.start(f"trainer-{number}", [*in_folder, *trainer, "--runs", str(self.folder / "runs")])
        if died := self.processes.watch(until=lambda: serves(self.port)):
            raise LoopError(self.processes.explain(died))


def postgresql(folder: Path, *, drop: bool, make: bool) -> str | None:
    """The address of this folder's own database on the PostgreSQL that answers; None where none answers. The database
    that DATABASE_URL names is not touched."""
    name = f"stickerloop_loop_{sha256(str(folder).encode()).hexdigest()[:12]}"
    server = urlsplit(server_url())
    try:
        admin = psycopg.connect(server._replace(path="/postgres").geturl(), autocommit=True, connect_timeout=3)
    except psycopg.Error:
        return None
    with admin:
        if drop:
            admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        if make:
            admin.execute(f"CREATE DATABASE {name}")
    return server._replace(path=f"/{name}").geturl()


def database_of(folder: Path) -> str:
    """PostgreSQL where it answers, else a file of SQLite. A loop that goes on stays with what it began on; one that
    begins gets an empty one, whatever a loop in a folder of this name has left."""
    begun = folder / "database"
    kind = begun.read_text() if begun.exists() else None
    url = None if kind == SQLITE else postgresql(folder, drop=kind is None, make=kind is None)
    if kind == POSTGRESQL and url is None:
        raise LoopError("this loop was begun on PostgreSQL, which does not answer now: start it, or use another --out")
    begun.write_text(POSTGRESQL if url else SQLITE)
    return url or f"sqlite:///{folder / 'stickerloop.sqlite3'}"


def forget_database(folder: Path) -> None:
    """Of a loop that is done; its results and blobs stay. A file of SQLite does, too."""
    if (folder / "database").read_text() == POSTGRESQL:
        postgresql(folder, drop=True, make=False)


@contextmanager
def place(folder: Path) -> Iterator[Place]:
    redis = broker.plan(folder=folder / "redis", binary=broker.find_binary())
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("STICKERLOOP_")},
        **{name: os.environ[name] for name in ("STICKERLOOP_EMOJI_FONT",) if name in os.environ},
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),  # trainers run in the loop's folder, where their stickers lie
        "DJANGO_SETTINGS_MODULE": "annotator.settings",
        "DATABASE_URL": database_of(folder),
        "REDIS_URL": redis.url,
        "BLOBS_URL": (folder / "blobs").as_uri(),
        "HOST": "127.0.0.1",
        "PORT": str(broker.free_port()),
        "STICKERLOOP_SECRET_KEY": "only-for-the-loop-" + "x" * 34,
        "STICKERLOOP_DATA": str(folder),
        "STICKERLOOP_LOG": "WARNING",
    }
    running = Processes(
        folder=ROOT, logs=folder / "log", environment=environment,
        say=lambda line: print(line, file=sys.stderr, flush=True),
    )  # fmt: skip
    desk = subprocess.Popen(
        [sys.executable, "-c", DESK], cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=(folder / "log" / "desk.log").open("w"), text=True,
    )  # fmt: skip
    try:
        running.start("redis", redis.command)
        broker.wait_for(redis.url)
        with httpx.Client(base_url=f"http://127.0.0.1:{environment['PORT']}", timeout=60) as web:
            yield Place(folder, environment, running, desk, web)
    finally:
        assert desk.stdin is not None
        desk.stdin.close()
        desk.wait(10)
        running.end_all()
