"""A Chromium to test with: the system's, else by apt when root, else the one that playwright downloads."""

import os
import shutil
import subprocess
import sys

NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]


def find() -> str | None:
    """The system's own; None where playwright shall use its download."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def provide() -> None:
    """Installs one where there is none."""
    if find():
        return
    if os.geteuid() == 0 and shutil.which("apt-get"):
        print("No Chromium on PATH: installing the system's package …", flush=True)
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in (["apt-get", "update", "-qq"], ["apt-get", "install", "-y", "-qq", "chromium"]):
            subprocess.run(command, env=quiet, stdout=subprocess.DEVNULL, check=False)
        if find():
            return
    print("No Chromium on PATH: playwright downloads its own …", flush=True)
    subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=True)
