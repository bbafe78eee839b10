"""`python -m demo.serve PORT FOLDER`: prepares the data and runs every process until Ctrl-C. Inside `.venv`."""

import argparse
import fcntl
import os
import secrets
import shutil
import signal
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import IO

from demo import broker
from demo.machine import ROOT, SetupError
from demo.processes import Process, Processes, read_procfile

KEPT_ON_RESET = {"demo.lock"}


def lock(data: Path) -> IO[str]:
    """Held while this demo runs: two over one folder would undo each other's work."""
    data.mkdir(parents=True, exist_ok=True)
    held = (data / "demo.lock").open("a")
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise SetupError(f"A demo already runs over {data}: end that one first (Ctrl-C in its window).") from None
    return held


def reset(data: Path) -> None:
    for entry in data.iterdir():
        if entry.name in KEPT_ON_RESET:
            continue
        shutil.rmtree(entry) if entry.is_dir() and not entry.is_symlink() else entry.unlink()


def secret(data: Path) -> str:
    """Signs cookies and links; made once, readable by its owner only."""
    file = data / "secret"
    if not file.exists():
        file.touch(mode=0o600)
        file.write_text(secrets.token_urlsafe(48))
    return file.read_text()


def environment(*, port: int, data: Path, redis_url: str) -> dict[str, str]:
    """The demo always runs on its own SQLite, blobs and Redis, whatever the shell has set for something else."""
    others = {"DATABASE_URL", "STICKERLOOP_HTTPS", "STICKERLOOP_BEHIND_PROXY"}
    return {
        **{name: value for name, value in os.environ.items() if name not in others},
        "DJANGO_SETTINGS_MODULE": "annotator.settings",
        "STICKERLOOP_DEMO": "1",
        "STICKERLOOP_DATA": str(data),
        "STICKERLOOP_SECRET_KEY": secret(data),
        "REDIS_URL": redis_url,
        "BLOBS_URL": (data / "blobs").as_uri(),
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "PYTHONUNBUFFERED": "1",
    }


def serves(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/session/", timeout=2):
            return True
    except (OSError, urllib.error.URLError):
        return False


def run(processes: Processes, redis: broker.Broker, *, port: int, began: float) -> Process | None:
    """Starts all in order and watches over them. Returns the one that ended by accident."""
    server = processes.start("redis", redis.command)
    if not broker.wait_for(redis.url, alive=lambda: server.popen.poll() is None):
        server.popen.kill()
        server.popen.wait()
        return server
    manage = [sys.executable, "manage.py"]
    prepare = processes.start("prepare", [*manage, "prepare_demo"], shown=True, may_end=True)
    if died := processes.watch(until=lambda: prepare not in processes.running):
        return died
    for name, command in read_procfile(ROOT / "Procfile").items():
        if processes.stopping.is_set():
            return None
        processes.start(name, command)
    if died := processes.watch(until=lambda: serves(port)):
        return died
    if not processes.stopping.is_set():
        site = f"http://localhost:{port}"
        processes.say(f"\nStickerloop runs at {site} (started in {time.monotonic() - began:.0f} s). Ctrl-C ends it.\n")
        welcome = [*manage, "welcome_demo", "--site", site, "--since", str(time.time())]
        processes.start("welcome", welcome, shown=True, may_end=True)
    return processes.watch()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m demo.serve")
    parser.add_argument("port", type=int)
    parser.add_argument("data", type=Path)
    parser.add_argument("--reset", action="store_true")
    parser.add_argument("--verbose", action="store_true")
    chosen = parser.parse_args()
    began = time.monotonic()
    try:
        held = lock(chosen.data)
    except SetupError as error:
        print(error, file=sys.stderr)
        return 1
    with held:
        if chosen.reset:
            reset(chosen.data)
        redis = broker.plan(folder=chosen.data / "redis", binary=broker.find_binary())
        processes = Processes(
            folder=ROOT,
            logs=chosen.data / "log",
            environment=environment(port=chosen.port, data=chosen.data, redis_url=redis.url),
            verbose=chosen.verbose,
        )
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda *_: processes.stopping.set())
        try:
            died = run(processes, redis, port=chosen.port, began=began)
            if died:
                print(f"\n{processes.explain(died)}\nEverything else ends now.", file=sys.stderr, flush=True)
            else:
                print("\nStopping …", flush=True)
        finally:
            processes.end_all()
    if not died:
        print("Stopped. Your data stays: make demo goes on from here.", flush=True)
    return 1 if died else 0


if __name__ == "__main__":
    sys.exit(main())
