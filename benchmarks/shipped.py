"""The shipped checkpoints: which are teachers, which are distilled, and how much faster one is than the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from benchmarks.timing import Seconds, ratio
from sticker_diffusion.animator import Animator


@dataclass(frozen=True)
class Shipped:
    """`teacher` by its name, `distilled` by the command of its recipe."""

    name: str
    animator: Animator
    teacher: bool
    distilled: bool

    def figures(self) -> dict[str, object]:
        settings = self.animator.default_settings
        return {
            "parameters": sum(parameter.numel() for parameter in self.animator.network.parameters()),
            "steps": settings.steps,
            "passes": len(settings.guidance.coefficients()),
            "size": settings.size,
            "dtype": settings.dtype,
            "teacher": self.teacher,
            "distilled": self.distilled,
        }


def load_shipped(folder: Path, device: torch.device) -> Shipped:
    """Raises CheckpointError."""
    animator = Animator.load(folder, device)
    description = animator.checkpoint.description
    command = str(description.provenance.recipe.get("command", ""))
    return Shipped(folder.name, animator, teacher="teacher" in folder.name, distilled=command.startswith("distil"))


def speedups(fastest: Shipped, shipped: Sequence[Shipped], taken: Seconds) -> dict[str, float | None]:
    """Against the fastest teacher and the fastest undistilled checkpoint, each at its own settings. None where the
    fastest is a teacher itself, or is not distilled: there is then nothing to compare."""

    def against(others: Sequence[Shipped]) -> float | None:
        ratios = [ratio(taken[other.name], taken[fastest.name]) for other in others]
        return round(min(ratios), 3) if ratios else None

    teachers = [] if fastest.teacher else [one for one in shipped if one.teacher]
    undistilled = [one for one in shipped if not one.distilled] if fastest.distilled else []
    return {"speedup_vs_teacher": against(teachers), "speedup_vs_cheapest_undistilled": against(undistilled)}
