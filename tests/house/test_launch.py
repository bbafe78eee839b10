"""What stops the demo is said in one sentence: the port, the folder, the Python."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from demo import machine
from demo.machine import ROOT, SetupError


def launch(*arguments: str, **more: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "demo", *arguments], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
        **more,
    )  # fmt: skip


def one_sentence(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1, done.stderr
    return done.stderr


def test_port_in_use(tmp_path: Path):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        said = one_sentence(launch("--port", str(port), "--data", str(tmp_path)))
    assert f"Port {port} is in use" in said
    assert "make demo PORT=" in said


@pytest.mark.parametrize("port", ["0", "70000", "-1"])
def test_no_port(port: str, tmp_path: Path):
    assert f"{port} is no port" in one_sentence(launch(f"--port={port}", "--data", str(tmp_path)))


def test_read_only_folder(tmp_path: Path):
    folder = tmp_path / "kept"
    folder.mkdir()
    folder.chmod(0o555)
    tmp_path.chmod(0o755)
    # Root may write anywhere, so it asks as somebody else.
    code = (
        "import os, sys; from pathlib import Path; from demo.machine import SetupError, check_folder\n"
        "os.geteuid() or os.setuid(65534)\n"
        "try: check_folder(Path(sys.argv[1]))\nexcept SetupError as error: sys.exit(str(error))"
    )
    for parent in tmp_path.parents:
        if parent.stat().st_uid == os.geteuid() and parent != Path("/"):
            parent.chmod(parent.stat().st_mode | 0o005)
    done = subprocess.run(
        [sys.executable, "-c", code, str(folder)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    said = one_sentence(done)
    assert str(folder) in said
    assert "permission denied" in said


def test_older_python():
    code = "import sys; sys.version_info = (3, 9, 2, 'final', 0); import demo"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert "needs Python 3.11 or later; this is 3.9" in one_sentence(done)


def test_python_without_sqlite(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "sqlite3", None)
    with pytest.raises(SetupError, match="lacks the module sqlite3"):
        machine.check_python()
