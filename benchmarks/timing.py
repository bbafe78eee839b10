"""Timing on a machine that others use too: rivals take turns, medians and paired ratios count, the load is stated."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import nn

Seconds = dict[str, list[float]]


@dataclass(frozen=True)
class Clock:
    """Wall time in seconds, read when the device has done what it was given."""

    device: torch.device

    def now(self) -> float:
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)
        return time.perf_counter()


@dataclass(frozen=True)
class Turns:
    """How often rivals take turns: `rounds` rounds, then more until `seconds` have passed or `most` are done."""

    rounds: int
    most: int
    seconds: float


def take_turns(
    rivals: Mapping[str, Callable[[], object]], turns: Turns, clock: Clock, progress: Callable[[], object]
) -> Seconds:
    """Seconds of each rival, one a round, in an order that is turned round every other round. `progress` is called
    after each run."""
    taken: Seconds = {name: [] for name in rivals}
    until = time.monotonic() + turns.seconds
    for done in range(turns.most):
        if done >= turns.rounds and time.monotonic() > until:
            break
        for name in list(rivals) if done % 2 == 0 else reversed(list(rivals)):
            begun = clock.now()
            rivals[name]()
            taken[name].append(clock.now() - begun)
            progress()
    return taken


def ratio(slow: list[float], fast: list[float]) -> float:
    """How many times longer `slow` takes: the median over rounds, so that what both suffered cancels out."""
    return statistics.median(a / b for a, b in zip(slow, fast, strict=True))


def processor_seconds(run: Callable[[], object], rounds: int) -> float:
    """The median of what a run costs this process's processors, all threads together: what others do hardly counts."""
    spent = []
    for _ in range(rounds):
        begun = time.process_time()
        run()
        spent.append(time.process_time() - begun)
    return statistics.median(spent)


@contextmanager
def time_in(modules: Mapping[str, nn.Module], clock: Clock) -> Iterator[dict[str, float]]:
    """While it is open, adds up the seconds spent in each module's forward."""
    spent = dict.fromkeys(modules, 0.0)
    begun: dict[str, float] = {}
    hooks = []
    for name, module in modules.items():

        def before(_module: nn.Module, _given: object, name: str = name) -> None:
            begun[name] = clock.now()

        def after(_module: nn.Module, _given: object, _made: object, name: str = name) -> None:
            spent[name] += clock.now() - begun[name]

        hooks += [module.register_forward_pre_hook(before), module.register_forward_hook(after)]
    try:
        yield spent
    finally:
        for hook in hooks:
            hook.remove()


def machine(device: torch.device) -> dict[str, object]:
    """What was measured on, and how busy it was: load averages over 1 and 15 minutes."""
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else f"cpu, {os.cpu_count()} cores"
    return {
        "device": name,
        "torch": torch.__version__,
        "threads": torch.get_num_threads(),
        "load": [round(load, 1) for load in (os.getloadavg()[0], os.getloadavg()[2])],
    }
