"""What `make demo` starts also ends: on Ctrl-C, when one process dies, and when the runner itself is killed."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from demo.machine import ROOT

pytestmark = pytest.mark.processes

RUNNER = """
import os, signal, sys
from pathlib import Path
from demo.processes import Processes
processes = Processes(folder=Path(sys.argv[1]), logs=Path(sys.argv[1]) / "log", environment=dict(os.environ))
signal.signal(signal.SIGINT, lambda *_: processes.stopping.set())
processes.start("first", "sleep 1000")
for command in sys.argv[2:]:
    processes.start("next", command)
print("started", flush=True)
died = processes.watch()
if died:
    print(processes.explain(died), flush=True)
processes.end_all()
sys.exit(1 if died else 0)
"""
# Has a child of its own, and neither of them heeds SIGTERM.
STUBBORN = (
    'python3 -c \'import signal, subprocess; signal.signal(15, signal.SIG_IGN); subprocess.run(["sleep", "1000"])\''
)


def start(tmp_path: Path, *commands: str) -> subprocess.Popen[str]:
    runner = subprocess.Popen(
        [sys.executable, "-c", RUNNER, str(tmp_path), *commands],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "MARK": str(tmp_path)},
    )
    assert runner.stdout
    assert runner.stdout.readline() == "started\n"
    return runner


def rest(runner: subprocess.Popen[str]) -> str:
    """What it still says until it ends."""
    assert runner.stdout
    return runner.stdout.read()


def descendants(tmp_path: Path) -> list[str]:
    """Command lines of all processes that carry this test's mark in their environment."""
    found = []
    for folder in Path("/proc").iterdir():
        try:
            if folder.name.isdigit() and f"MARK={tmp_path}\0" in (folder / "environ").read_text(errors="replace"):
                found.append((folder / "cmdline").read_text().replace("\0", " "))
        except OSError:
            continue
    return found


def gone(tmp_path: Path, seconds: float) -> bool:
    until = time.monotonic() + seconds
    while descendants(tmp_path) and time.monotonic() < until:
        time.sleep(0.1)
    return not descendants(tmp_path)


needs_proc = pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="looks for orphans in /proc")


@needs_proc
def test_ctrl_c_ends_every_child_within_ten_seconds(tmp_path: Path):
    runner = start(tmp_path, "sleep 1000", STUBBORN)
    assert len(descendants(tmp_path)) >= 4
    runner.send_signal(signal.SIGINT)
    assert runner.wait(timeout=10) == 0
    assert gone(tmp_path, 1), descendants(tmp_path)


@needs_proc
def test_kill_9_of_the_runner_leaves_no_orphans(tmp_path: Path):
    runner = start(tmp_path, "sleep 1000", STUBBORN)
    runner.kill()
    runner.wait()
    assert gone(tmp_path, 10), descendants(tmp_path)


@needs_proc
def test_one_that_was_just_started_is_no_orphan_either(tmp_path: Path):
    at_once = RUNNER.replace('processes.start("first", "sleep 1000")', "").replace(
        'print("started", flush=True)', "os.kill(os.getpid(), signal.SIGKILL)"
    )
    for round_ in range(10):
        mark = tmp_path / str(round_)
        mark.mkdir()
        done = subprocess.run(
            [sys.executable, "-c", at_once, str(mark), "sleep 1000"],
            cwd=ROOT, env={**os.environ, "MARK": str(mark)}, check=False, timeout=20,
        )  # fmt: skip
        assert done.returncode == -signal.SIGKILL
        assert gone(mark, 10), descendants(mark)


@needs_proc
def test_one_that_dies_is_named_with_its_last_words_and_ends_the_others(tmp_path: Path):
    runner = start(tmp_path, "sleep 1000", "sh -c 'echo the disk is full; exit 3'")
    said = rest(runner)
    assert runner.wait() == 1
    assert "“next” ended with exit status 3" in said
    assert "the disk is full" in said
    assert gone(tmp_path, 1), descendants(tmp_path)


def test_one_that_is_killed_is_named_with_the_signal(tmp_path: Path):
    runner = start(tmp_path, "sh -c 'kill -9 $$'")
    said = rest(runner)
    assert "“next” was killed by SIGKILL" in said
