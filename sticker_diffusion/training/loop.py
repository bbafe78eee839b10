"""One training loop: budget, learning rate, averaged weights, resumable state, a progress line.

A recipe gives it the network, the loss of the next batch, and what else has to be saved; the loop knows no data.
"""

import math
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from sticker_diffusion.training.averaging import AveragedNetwork
from sticker_diffusion.training.config import OptimiserSettings
from sticker_diffusion.training.run_folder import RunFolder

LOG_EVERY = 25


class Recipe(Protocol):
    """What is trained and on what."""

    @property
    def network(self) -> nn.Module: ...

    def parameters(self) -> list[nn.Parameter]:
        """What is optimised: the network's parameters and those that only training needs."""

    def loss(self, *, progress: float) -> tuple[Tensor, dict[str, float]]:
        """Loss of the next batch and its parts for the log; progress in [0, 1] is the spent share of the budget."""

    def state_dict(self) -> dict[str, Any]: ...

    def load_state_dict(self, state: dict[str, Any]) -> None: ...


@dataclass(frozen=True)
class Budget:
    """Ends after `clips` or after `minutes` of training (pauses and earlier sessions of the run count as they ran)."""

    clips: int | None
    minutes: float | None

    def progress(self, clips: int, seconds: float) -> float:
        spent = clips / self.clips if self.clips is not None else seconds / (60 * (self.minutes or 1))
        return min(1.0, spent)


def learning_rate(settings: OptimiserSettings, step: int, progress: float) -> float:
    """Linear warm-up over steps, cosine over the budget down to `final` × lr."""
    cosine = 0.5 * (1 + math.cos(math.pi * progress))
    return settings.lr * min(1.0, (step + 1) / settings.warmup_steps) * (settings.final + (1 - settings.final) * cosine)


class TrainingLoop:
    def __init__(
        self,
        *,
        recipe: Recipe,
        settings: OptimiserSettings,
        budget: Budget,
        batch: int,
        folder: RunFolder,
        save_minutes: float,
        sheet_minutes: float,
        draw_sheet: Callable[[nn.Module, int], None] | None = None,
    ) -> None:
        self.recipe, self.settings, self.budget, self.batch = recipe, settings, budget, batch
        self.folder, self.save_minutes, self.sheet_minutes = folder, save_minutes, sheet_minutes
        self.draw_sheet = draw_sheet
        self.optimiser = torch.optim.AdamW(
            recipe.parameters(),
            settings.lr,
            betas=(settings.beta1, settings.beta2),
            weight_decay=settings.weight_decay,
            foreach=True,
        )
        self.averaged = AveragedNetwork(recipe.network, settings.ema)
        self.step = 0
        self.clips = 0
        self.seconds = 0.0
        self.stopping = False
        state = folder.load_state()
        if state is not None:
            self._restore(state)

    @property
    def progress(self) -> float:
        """The spent share of the budget; 1 at the end."""
        return self.budget.progress(self.clips, self.seconds)

    def save(self) -> None:
        """Save all that a resumed run needs to take the same next step."""
        self.folder.save_state(self._state())

    def _state(self) -> dict[str, Any]:
        return {
            "network": self.recipe.network.state_dict(),
            "averaged": self.averaged.network.state_dict(),
            "averaged_updates": self.averaged.updates,
            "optimiser": self.optimiser.state_dict(),
            "recipe": self.recipe.state_dict(),
            "step": self.step,
            "clips": self.clips,
            "seconds": self.seconds,
        }

    def _restore(self, state: dict[str, Any]) -> None:
        self.recipe.network.load_state_dict(state["network"])
        self.averaged.network.load_state_dict(state["averaged"])
        self.averaged.updates = state["averaged_updates"]
        self.optimiser.load_state_dict(state["optimiser"])
        self.recipe.load_state_dict(state["recipe"])
        self.step, self.clips, self.seconds = state["step"], state["clips"], state["seconds"]

    def train_step(self) -> dict[str, float]:
        progress = self.progress
        for group in self.optimiser.param_groups:
            group["lr"] = learning_rate(self.settings, self.step, progress)
        loss, parts = self.recipe.loss(progress=progress)
        if not torch.isfinite(loss.detach()):
            value = float(loss.detach())
            raise FloatingPointError(f"loss is {value} at step {self.step}; the last saved state is intact")
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        norm = nn.utils.clip_grad_norm_(self.recipe.parameters(), self.settings.clip_norm)
        self.optimiser.step()
        self.averaged.update(self.recipe.network)
        self.step += 1
        self.clips += self.batch
        return {**parts, "gradient_norm": float(norm)}

    def run(self) -> None:
        """Train to the end of the budget, or until SIGINT or SIGTERM; the state is saved either way."""
        saved = drawn = logged = time.monotonic()
        sums: dict[str, float] = {}
        summed = 0
        with self._stop_on_signals():
            while not self.stopping and self.progress < 1:
                began = time.monotonic()
                for name, value in self.train_step().items():
                    sums[name] = sums.get(name, 0.0) + value
                summed += 1
                now = time.monotonic()
                self.seconds += now - began
                if self.step % LOG_EVERY == 0:
                    means = {name: value / summed for name, value in sums.items()}
                    self._report(means, rate=summed * self.batch / (now - logged))
                    sums, summed, logged = {}, 0, now
                if now - saved > 60 * self.save_minutes:
                    self.save()
                    saved = now
                if self.draw_sheet is not None and now - drawn > 60 * self.sheet_minutes:
                    self.draw_sheet(self.averaged.network, self.clips)
                    drawn = time.monotonic()
        self.save()
        if self.draw_sheet is not None:
            self.draw_sheet(self.averaged.network, self.clips)

    def _report(self, means: dict[str, float], rate: float) -> None:
        progress = self.progress
        left = self.seconds * (1 - progress) / progress / 60
        self.folder.append_log(
            {
                "step": self.step,
                "clips": self.clips,
                "progress": round(progress, 5),
                "seconds": round(self.seconds, 1),
                "clips_per_s": round(rate, 2),
                "lr": self.optimiser.param_groups[0]["lr"],
                **{name: round(value, 5) for name, value in means.items()},
            }
        )
        losses = " ".join(f"{name} {value:.4f}" for name, value in means.items())
        print(f"{self.clips} clips  {losses}  {rate:.1f} clips/s  {left:.0f} min left", file=sys.stderr, flush=True)

    @contextmanager
    def _stop_on_signals(self) -> Iterator[None]:
        def stop(number: int, frame: FrameType | None) -> None:
            self.stopping = True

        previous = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in previous.items():
                signal.signal(number, handler)
