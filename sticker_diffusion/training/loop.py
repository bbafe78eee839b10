"""One training loop: budget, learning rate, averaged weights, resumable state, a progress line.

A recipe gives it the network, the next batch and the loss of a part of it, and what else has to be saved; the loop
knows no data. A batch is drawn whole in every process, and seen in parts (parts.py).
"""

import math
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import fmean
from types import FrameType
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from sticker_diffusion.training.averaging import AveragedNetwork
from sticker_diffusion.training.config import OptimiserSettings
from sticker_diffusion.training.mixed_precision import Precision
from sticker_diffusion.training.parts import own_parts
from sticker_diffusion.training.processes import ALONE, Processes
from sticker_diffusion.training.run_folder import RunFolder

LOG_EVERY = 25
LOSS = "loss"
STEP_SECONDS = "step_seconds"


class Recipe(Protocol):
    """What is trained and on what."""

    @property
    def network(self) -> nn.Module: ...

    @property
    def precision(self) -> Precision: ...

    def parameters(self) -> list[nn.Parameter]:
        """What is optimised: the network's parameters and those that only training needs."""

    def draw(self) -> Any:
        """The next batch, with everything about its loss that is left to chance."""

    def loss(self, drawn: Any, clips: slice, *, progress: float) -> tuple[Tensor, dict[str, float]]:
        """Mean loss of these clips of a drawn batch, and what it is made of for the log; progress in [0, 1] is the
        spent share of the budget."""

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
        accumulate: int = 1,
        processes: Processes = ALONE,
    ) -> None:
        self.recipe, self.settings, self.budget, self.batch = recipe, settings, budget, batch
        self.folder, self.save_minutes, self.sheet_minutes = folder, save_minutes, sheet_minutes
        self.draw_sheet = draw_sheet
        self.processes = processes
        self.parts = own_parts(batch, rank=processes.rank, processes=processes.count, accumulate=accumulate)
        self.scaler = recipe.precision.scaler()
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
        self.since_logged: dict[str, list[float]] = {}
        state = folder.load_state()
        if state is not None:
            self._restore(state)

    @property
    def progress(self) -> float:
        """The spent share of the budget; 1 at the end."""
        return self.budget.progress(self.clips, self.seconds)

    def save(self) -> None:
        """Save all that a resumed run needs to take the same next step."""
        if self.processes.is_main:
            self.folder.save_state(self._state())

    def _state(self) -> dict[str, Any]:
        return {
            "network": self.recipe.network.state_dict(),
            "averaged": self.averaged.network.state_dict(),
            "averaged_updates": self.averaged.updates,
            "optimiser": self.optimiser.state_dict(),
            "scaler": self.scaler.state_dict(),
            "recipe": self.recipe.state_dict(),
            "since_logged": self.since_logged,
            "step": self.step,
            "clips": self.clips,
            "seconds": self.seconds,
        }

    def _restore(self, state: dict[str, Any]) -> None:
        self.recipe.network.load_state_dict(state["network"])
        self.averaged.network.load_state_dict(state["averaged"])
        self.averaged.updates = state["averaged_updates"]
        self.optimiser.load_state_dict(state["optimiser"])
        if state["scaler"]:
            self.scaler.load_state_dict(state["scaler"])
        self.recipe.load_state_dict(state["recipe"])
        self.since_logged = state["since_logged"]
        self.step, self.clips, self.seconds = state["step"], state["clips"], state["seconds"]
        if self.processes.is_main:
            self.folder.cut_log(self.step)

    def train_step(self) -> dict[str, float]:
        progress = self.progress
        for group in self.optimiser.param_groups:
            group["lr"] = learning_rate(self.settings, self.step, progress)
        self.optimiser.zero_grad(set_to_none=True)
        drawn = self.recipe.draw()
        seen = [self._backward(drawn, clips, progress) for clips in self.parts]
        self.processes.average_gradients(self.recipe.parameters())
        record = self.processes.means({name: fmean(part[name] for part in seen) for name in seen[0]})
        value = record.pop(LOSS)
        if not math.isfinite(value):
            raise FloatingPointError(f"loss is {value} at step {self.step}; the last saved state is intact")
        self.scaler.unscale_(self.optimiser)
        norm = float(nn.utils.clip_grad_norm_(self.recipe.parameters(), self.settings.clip_norm))
        self.scaler.step(self.optimiser)
        self.scaler.update()
        self.averaged.update(self.recipe.network)
        self.step += 1
        self.clips += self.batch
        # float16 overflows now and then: such a step is left out, and has no norm.
        return {**record, "gradient_norm": norm} if math.isfinite(norm) else record

    def _backward(self, drawn: Any, clips: slice, progress: float) -> dict[str, float]:
        """Adds a part's share of the gradients."""
        loss, record = self.recipe.loss(drawn, clips, progress=progress)
        self.scaler.scale(loss / len(self.parts)).backward()
        return {**record, LOSS: float(loss.detach())}

    def run(self) -> None:
        """Train to the end of the budget, or until SIGINT or SIGTERM; the state is saved either way."""
        saved = drawn = time.monotonic()
        with self._stop_on_signals():
            while not self.stopping and self.progress < 1:
                began = time.monotonic()
                record = self.train_step()
                now = time.monotonic()
                # Every process has to end at the same step.
                agreed = self.processes.means({"seconds": now - began, "stopping": float(self.stopping)})
                self.seconds += agreed["seconds"]
                self.stopping = agreed["stopping"] > 0
                for name, value in {**record, STEP_SECONDS: agreed["seconds"]}.items():
                    self.since_logged.setdefault(name, []).append(value)
                if self.step % LOG_EVERY == 0:
                    means = {name: fmean(values) for name, values in self.since_logged.items()}
                    self.since_logged = {}
                    self._report(means, rate=self.batch / means.pop(STEP_SECONDS))
                if now - saved > 60 * self.save_minutes:
                    self.save()
                    saved = now
                if now - drawn > 60 * self.sheet_minutes:
                    self._draw()
                    drawn = time.monotonic()
        self.save()
        self._draw()

    def _draw(self) -> None:
        if self.draw_sheet is not None and self.processes.is_main:
            self.draw_sheet(self.averaged.network, self.clips)

    def _report(self, means: dict[str, float], rate: float) -> None:
        if not self.processes.is_main:
            return
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
