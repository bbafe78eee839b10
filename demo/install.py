"""The virtual environment: made once, filled with what pyproject.toml asks for, at the versions of constraints.txt.

`python3 -m demo.install model dev` makes sure of those extras. Stickerloop itself is not installed: every process
runs from the checkout, so a change of code needs no new installation.
"""

import hashlib
import json
import os
import re
import subprocess
import sys
import time
import tomllib
import venv
from collections import deque
from collections.abc import Sequence
from queue import Empty, SimpleQueue
from threading import Thread

from demo.machine import ROOT, SetupError, check_folder, check_python

VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "stickerloop.json"
CONSTRAINTS = ROOT / "constraints.txt"
TAKES_LONG = re.compile(r"^unpacking|\d{2,}(\.\d+)? MB\)|GB\)")
TELL_NEW_SECONDS, TELL_OLD_SECONDS = 5, 15


def requirements(extras: Sequence[str]) -> list[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return [*project["dependencies"], *(need for extra in extras for need in project["optional-dependencies"][extra])]


def fingerprint() -> str:
    """Of all that decides what an installation holds."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [sys.version, project["dependencies"], project["optional-dependencies"], CONSTRAINTS.read_text()]
    return hashlib.sha256(json.dumps(wanted).encode()).hexdigest()


def install(extras: Sequence[str]) -> None:
    """Makes `.venv` and installs what is missing; returns at once if a stamp says that nothing is."""
    stamp = json.loads(STAMP.read_text()) if STAMP.exists() and PYTHON.exists() else {}
    have = stamp.get("extras", []) if stamp.get("fingerprint") == fingerprint() else []
    if stamp and set(extras) <= set(have):
        return
    check_folder(ROOT)
    started = time.monotonic()
    if not PYTHON.exists():
        print(f"Making a virtual environment in {VENV} …", flush=True)
        venv.create(VENV, with_pip=True, clear=VENV.exists(), symlinks=True)
    needs = requirements(extras)
    print(f"Installing {len(needs)} Python packages and what they need; the first time takes minutes …", flush=True)
    STAMP.unlink(missing_ok=True)
    pip_install(needs)
    STAMP.write_text(json.dumps({"fingerprint": fingerprint(), "extras": sorted({*extras, *have})}))
    print(f"Python packages are installed ({time.monotonic() - started:.0f} s).", flush=True)


def pip_install(needs: Sequence[str]) -> None:
    """Runs pip, telling every few seconds what it is at; raises SetupError with pip's own error lines."""
    command = [str(PYTHON), "-m", "pip", "install", "--no-input", "--progress-bar", "off", "-c", str(CONSTRAINTS)]
    environment = {**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        [*command, *needs], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment, cwd=ROOT
    ) as pip:
        last = follow_pip(pip)
    if pip.returncode:
        log = VENV / "install.log"
        log.write_text("\n".join(last) + "\n")
        errors = [line for line in last if line.startswith("ERROR")] or list(last)[-3:]
        raise SetupError(f"pip could not install the packages (its last lines are in {log}):\n  " + "\n  ".join(errors))


def follow_pip(pip: "subprocess.Popen[str]") -> deque[str]:
    """Tells what pip is at until it ends, also while it says nothing; returns its last lines."""
    lines: SimpleQueue[str | None] = SimpleQueue()

    def read() -> None:
        assert pip.stdout is not None
        for line in pip.stdout:
            lines.put(line)
        lines.put(None)

    Thread(target=read, daemon=True).start()
    last: deque[str] = deque(maxlen=400)
    doing = told = "starting pip"
    began = shown = time.monotonic()
    while True:
        try:
            line = lines.get(timeout=1)
        except Empty:
            line = ""
        if line is None:
            return last
        if line:
            last.append(line.rstrip())
            doing = what_pip_does(line) or doing
        silent = time.monotonic() - shown
        takes_long = doing != told and TAKES_LONG.search(doing)
        if takes_long or silent > (TELL_NEW_SECONDS if doing != told else TELL_OLD_SECONDS):
            shown = time.monotonic()
            print(f"  {shown - began:4.0f} s  {'still ' * (doing == told)}{doing}", flush=True)
            told = doing


def what_pip_does(line: str) -> str | None:
    if found := re.match(r"\s*Downloading (\S+) \((.+)\)", line):
        name = found[1].rsplit("/", 1)[-1].split("-")[0]
        return f"downloading {name} ({found[2]})"
    if found := re.match(r"Collecting (\S+)", line):
        return f"looking up {found[1]}"
    if line.startswith("Installing collected packages"):
        return f"unpacking {line.count(',') + 1} packages"
    return None


def main() -> int:
    try:
        check_python()
        install(sys.argv[1:])
    except SetupError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
