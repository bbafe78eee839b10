"""Stages that are kept: each one's result is a file, so that a killed loop goes on with the first that has none."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console

Json = dict[str, Any]
QUIET_SECONDS = 20
"""Between two lines about one stage, where nobody sits at a terminal."""


@dataclass
class Teller:
    """Says how far a stage is, and about how long the rest of it takes."""

    console: Console
    title: str
    began: float = field(default_factory=time.monotonic)
    said: float = field(default_factory=time.monotonic)

    def tell(self, done: float, of: float) -> None:
        now = time.monotonic()
        if now - self.said < (1 if self.console.is_terminal else QUIET_SECONDS) or not done:
            return
        self.said = now
        left = (now - self.began) * (of - done) / done / 60
        line = f"{self.title}: {done:,.0f} of {of:,.0f}, about {left:.1f} min left"
        self.console.print(
            line, end="\r" if self.console.is_terminal else "\n", style="dim", highlight=False, soft_wrap=True
        )


@dataclass(frozen=True)
class Stage:
    name: str
    title: str
    do: Callable[[Any, Teller], Json]


@dataclass
class Kept:
    """Results by stage, in a folder."""

    folder: Path

    def get(self, name: str) -> Json | None:
        file = self.folder / f"{name}.json"
        return json.loads(file.read_text(encoding="utf-8")) if file.exists() else None

    def of(self, name: str) -> Json:
        found = self.get(name)
        assert found is not None, f"the stage {name} has no result yet"
        return found

    def put(self, name: str, result: Json) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        partial = self.folder / f"{name}.part"
        partial.write_text(json.dumps(result), encoding="utf-8")
        partial.replace(self.folder / f"{name}.json")

    def seconds(self, stages: Sequence[Stage]) -> dict[str, float]:
        return {stage.name: self.of(stage.name)["seconds"] for stage in stages}

    def run(self, stages: Sequence[Stage], subject: Any, console: Console) -> None:
        """Those that have no result yet, in order."""
        for number, stage in enumerate(stages, 1):
            title = f"{number} of {len(stages)} · {stage.title}"
            if (known := self.get(stage.name)) is not None:
                console.print(
                    f"{title}: done before, in {known['seconds']:.0f} s", style="dim", highlight=False, soft_wrap=True
                )
                continue
            console.print(title, highlight=False, soft_wrap=True)
            began = time.monotonic()
            result = stage.do(subject, Teller(console, title))
            seconds = time.monotonic() - began
            self.put(stage.name, {**result, "seconds": round(seconds, 1)})
            console.print(f"{title}: {seconds:.0f} s", style="dim", highlight=False, soft_wrap=True)
