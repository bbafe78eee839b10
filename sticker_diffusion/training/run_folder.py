"""The folder of a training run: resumable state, written whole or not at all, and a log of one JSON object a line."""

import json
import math
import os
import subprocess
from pathlib import Path
from typing import Any

import torch

STATE = "state.pt"
LOG = "log.jsonl"


class RunFolder:
    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir(parents=True, exist_ok=True)

    def save_state(self, state: dict[str, Any]) -> None:
        """Replace the state atomically: a run killed while writing keeps the previous one."""
        partial = self.path / f"{STATE}.partial"
        with partial.open("wb") as file:
            torch.save(state, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, self.path / STATE)

    def load_state(self) -> dict[str, Any] | None:
        """The last saved state, or None in a new folder. Only tensors and plain values are read back."""
        file = self.path / STATE
        return torch.load(file, weights_only=True, map_location="cpu") if file.exists() else None

    def append_log(self, record: dict[str, Any]) -> None:
        with (self.path / LOG).open("a") as file:
            file.write(json.dumps(record) + "\n")

    def cut_log(self, step: int) -> None:
        """Take away what a killed run logged after its saved state: it goes through those steps again."""
        file = self.path / LOG
        if not file.exists():
            return
        lines = [line for line in file.read_text().splitlines() if _step(line) <= step]
        partial = self.path / f"{LOG}.partial"
        partial.write_text("".join(f"{line}\n" for line in lines))
        os.replace(partial, file)


def _step(line: str) -> float:
    """The step of a line; infinity for one that the killed run did not finish."""
    try:
        return int(json.loads(line)["step"])
    except ValueError:
        return math.inf


def source_commit() -> str | None:
    """The commit of the code that trains, or None outside a git checkout."""
    asked = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=False)
    return asked.stdout.strip() or None
