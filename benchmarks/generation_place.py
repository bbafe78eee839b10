"""Where the benchmark generates: a database, a broker and blobs of its own, and the Procfile's processes."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from demo import broker
from demo.machine import ROOT
from demo.processes import Processes, read_procfile

ROWS = "import django; django.setup(); from benchmarks.generation_rows import main; main()"
PROCESSES = ("dispatcher", "results", "worker")


@dataclass(frozen=True)
class Place:
    environment: dict[str, str]
    processes: Processes
    redis: broker.Broker
    folder: Path

    def do(self, what: str, **how: Any) -> Any:
        """Runs one of generation_rows in a process of its own."""
        done = subprocess.run(
            [sys.executable, "-c", ROWS], cwd=ROOT, env=self.environment, check=True,
            input=json.dumps({"do": what, **how}), stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        return json.loads(done.stdout)

    def start(self) -> None:
        for name, command in read_procfile(ROOT / "Procfile").items():
            if name in PROCESSES:
                self.processes.start(name, command)


@contextmanager
def place(database: str) -> Iterator[Place]:
    with tempfile.TemporaryDirectory(prefix="stickerloop-bench-") as folder:
        redis = broker.plan(folder=Path(folder) / "redis", binary=broker.find_binary())
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("STICKERLOOP_")},
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "DJANGO_SETTINGS_MODULE": "annotator.settings",
            "DATABASE_URL": database,
            "REDIS_URL": redis.url,
            "BLOBS_URL": (Path(folder) / "blobs").as_uri(),
            "HOST": "127.0.0.1",
            "PORT": str(broker.free_port()),
            "STICKERLOOP_SECRET_KEY": "only-for-the-benchmark-" + "x" * 30,
            "STICKERLOOP_DATA": folder,
            "STICKERLOOP_LOG": "WARNING",
        }
        migrate = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
        subprocess.run(migrate, cwd=ROOT, env=environment, check=True)
        running = Processes(
            folder=ROOT, logs=Path(folder) / "log", environment=environment,
            say=lambda line: print(line, file=sys.stderr, flush=True),
        )  # fmt: skip
        try:
            running.start("redis", redis.command)
            broker.wait_for(redis.url)
            yield Place(environment, running, redis, Path(folder))
        finally:
            running.end_all()
