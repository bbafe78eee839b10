"""A PostgreSQL cluster of our own, that can be restarted without harm to others."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from demo.broker import free_port

INSTALLED = "/usr/lib/postgresql"
# The server refuses to run as root.
UNPRIVILEGED = "postgres"


@dataclass(frozen=True)
class Cluster:
    binaries: Path
    folder: Path
    port: int

    @property
    def url(self) -> str:
        return f"postgres://postgres@127.0.0.1:{self.port}/postgres"

    def run(self, program: str, *arguments: str) -> None:
        who = ["runuser", "-u", UNPRIVILEGED, "--"] if os.geteuid() == 0 else []
        # Its output goes to no pipe of ours: the server would hold it open.
        subprocess.run(
            [*who, str(self.binaries / program), *arguments],
            cwd=self.folder, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    def control(self, *what: str) -> None:
        own = f"-p {self.port} -k {self.folder} -c listen_addresses=127.0.0.1"
        self.run("pg_ctl", "-D", str(self.folder / "data"), "-w", "-o", own, "-l", str(self.folder / "log"), *what)

    def restart(self) -> None:
        """At once, as after a power cut: what was committed is recovered, all else is gone."""
        self.control("restart", "-m", "immediate")


def binaries() -> Path | None:
    """The folder of PostgreSQL's programs; None where there is none on this machine."""
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    return max(Path(INSTALLED).glob("*/bin"), default=None)


@contextmanager
def cluster(programs: Path) -> Iterator[Cluster]:
    with tempfile.TemporaryDirectory(prefix="stickerloop-pg-") as folder:
        if os.geteuid() == 0:
            shutil.chown(folder, UNPRIVILEGED)
        own = Cluster(programs, Path(folder), free_port())
        own.run("initdb", "-D", str(own.folder / "data"), "-U", "postgres", "-A", "trust")
        own.control("start")
        try:
            yield own
        finally:
            own.control("stop", "-m", "immediate")
