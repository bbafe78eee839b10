"""The demo as a whole: it starts with real clips, ends on Ctrl-C with all its children, and goes on with its data."""

import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from demo.broker import free_port
from demo.machine import ROOT
from tests.house.test_processes import gone, needs_proc

pytestmark = [pytest.mark.processes, needs_proc]


class Demo:
    def __init__(self, data: Path, *arguments: str) -> None:
        self.data, self.port, self.said = data, free_port(), ""
        self.began = time.monotonic()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "demo.serve", str(self.port), str(data / "var"), *arguments],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={
                **{name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")},
                "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
                "MARK": str(data),
            },
        )

    def until(self, text: str) -> float:
        """Reads until it says `text`; returns the seconds since the start."""
        assert self.process.stdout
        while text not in self.said:
            line = self.process.stdout.readline()
            assert line, f"it ended without saying {text!r}:\n{self.said}"
            self.said += line
        return time.monotonic() - self.began

    def status(self, path: str) -> int:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as answer:
            return int(answer.status)

    def ctrl_c(self) -> None:
        self.process.send_signal(signal.SIGINT)
        assert self.process.wait(timeout=10) == 0
        assert gone(self.data, 1)

    def count(self, table: str, where: str = "1=1") -> int:
        with sqlite3.connect(self.data / "var" / "stickerloop.sqlite3") as database:
            return int(database.execute(f"SELECT count(*) FROM {table} WHERE {where}").fetchone()[0])


def test_starts_generates_ends_and_goes_on(tmp_path: Path):
    demo = Demo(tmp_path)
    try:
        demo.until("Stickerloop runs at")
        demo.until("First task ready after")
        links = re.findall(
            r"^  (annotator|researcher|admin)\s+http://localhost:\d+(/signin/\S+)$", demo.said, re.MULTILINE
        )
        assert [role for role, _ in links] == ["annotator", "researcher", "admin"]
        assert demo.status(links[0][1]) == 200
        assert demo.status("/api/v1/health/") == 200
        second = subprocess.run(
            [sys.executable, "-m", "demo.serve", str(free_port()), str(tmp_path / "var")],
            cwd=ROOT, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert second.returncode == 1
        assert "A demo already runs over" in second.stderr
        demo.ctrl_c()
    finally:
        demo.process.kill()
    assert demo.count("prompts_prompt") >= 24
    before = demo.count("generation_clip", "state='ready'")
    assert before >= 4

    again = Demo(tmp_path)
    try:
        again.until("Stickerloop runs at")
        assert again.count("generation_clip", "state='ready'") >= before
        assert again.count("generation_batch") == 1
        assert again.count("accounts_user") == 3
        again.ctrl_c()
    finally:
        again.process.kill()


def test_reset_begins_anew(tmp_path: Path):
    (tmp_path / "var" / "blobs").mkdir(parents=True)
    (tmp_path / "var" / "blobs" / "old").write_text("old")
    demo = Demo(tmp_path, "--reset")
    try:
        demo.until("Stickerloop runs at")
        assert not (tmp_path / "var" / "blobs" / "old").exists()
        web = next((tmp_path / "var" / "log").glob("web.log"))
        assert web.exists()
        demo.process.kill()
        assert gone(tmp_path, 10)
    finally:
        demo.process.kill()


def test_a_process_that_dies_is_named_and_ends_the_rest(tmp_path: Path):
    demo = Demo(tmp_path)
    try:
        demo.until("Stickerloop runs at")
        worker = next(
            int(folder.name)
            for folder in Path("/proc").iterdir()
            if folder.name.isdigit() and is_worker(folder, mark=tmp_path)
        )
        os.kill(worker, signal.SIGKILL)
        demo.until("“worker” was killed by SIGKILL")
        assert demo.process.wait(timeout=15) == 1
        assert gone(tmp_path, 1)
    finally:
        demo.process.kill()


def is_worker(folder: Path, *, mark: Path) -> bool:
    try:
        environment = (folder / "environ").read_text(errors="replace")
        return f"MARK={mark}\0" in environment and "inference_worker" in (folder / "cmdline").read_text()
    except OSError:
        return False
