"""The short form of `make chaos`: whatever is killed, every clip comes once and every task opens once."""

import pytest
from rich.console import Console

from benchmarks.chaos import Plan, measure

SHORT = Plan(clips=12, kills=5, most_seconds=180, pause=(0.3, 2.5))


@pytest.mark.processes
@pytest.mark.timeout(400)
@pytest.mark.parametrize("seed", [20261126])
def test_every_clip_comes_once_and_every_task_opens_once(seed: int) -> None:
    found = measure(SHORT, seed, Console(quiet=True))
    assert found["kills"] == SHORT.kills + 1
    expected = {
        "clips": 12, "ready_exactly_once": 12, "duplicates": 0, "stuck": 0, "failed": 0,
        "tasks": 3, "tasks_opened_once": 3, "orphan_blobs": 0, "missing_blobs": 0,
    }  # fmt: skip
    assert {name: found[name] for name in expected} == expected, found
