"""Pretraining on procedural clips: the recipe that makes the demo's teacher."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from sticker_diffusion.checkpoint import load_checkpoint
from sticker_diffusion.network import AnimationNetwork
from sticker_diffusion.schedule import NoiseSchedule
from sticker_diffusion.settings import SettingsError
from sticker_diffusion.stickers.clips import ClipGenerator
from sticker_diffusion.training.caption_drill import CaptionDrill, Practice
from sticker_diffusion.training.config import PretrainSettings
from sticker_diffusion.training.loss import clip_loss
from sticker_diffusion.training.mixed_precision import Precision
from sticker_diffusion.training.noising import Noised, kept_conditions, noised
from sticker_diffusion.training.parts import part_of


@dataclass(frozen=True)
class Told:
    """Noised clips and the frame rates (B,) that the network hears."""

    noised: Noised
    frame_rate: Tensor


@dataclass(frozen=True)
class Lesson:
    """A batch, and captions to practise, of which every part of the batch sees all."""

    told: Told
    practice: Practice


class Pretraining:
    """A Recipe over a ClipGenerator. All randomness of the loss comes from one generator, so that a resumed run goes on
    exactly as the uninterrupted one."""

    def __init__(self, settings: PretrainSettings, clips: ClipGenerator) -> None:
        self.settings = settings
        self.clips = clips
        self.precision = Precision.of(settings.dtype, settings.device)
        torch.manual_seed(settings.seed)
        self.network = _initial_network(settings).to(self.precision.device).train()
        names = clips.bank.names
        self.drill = CaptionDrill(
            width=settings.architecture.text.width,
            names=[names[member] for member in clips.members],
            verbs=clips.verbs,
            captions=settings.drill.captions,
            typos=settings.drill.typos,
            seed=settings.seed,
        ).to(self.precision.device)
        self.schedule = NoiseSchedule(settings.schedule)
        self.generator = torch.Generator().manual_seed(settings.seed)

    def parameters(self) -> list[nn.Parameter]:
        return [*self.network.parameters(), *self.drill.parameters()]

    def rehearse(self) -> None:
        """The drill's steps before the first: its classifier and the particle head learn from the encoder as it is."""
        heads = [*self.drill.parameters(), *(self.network.particles.parameters() if self.network.particles else ())]
        optimiser = torch.optim.AdamW(heads, 3e-3)
        steps = self.settings.drill.rehearsal
        for step in range(steps):
            optimiser.param_groups[0]["lr"] = 3e-3 * (1 - step / steps)
            optimiser.zero_grad()
            loss = self.drill.loss(self.network, self.drill.draw(self.network), frozen_text=True)
            loss.backward()
            optimiser.step()

    def draw(self) -> Lesson:
        s = self.settings
        batch = self.clips.batch(s.batch)
        drawn = noised(batch, dropout=s.dropout, schedule=self.schedule, generator=self.generator)
        return Lesson(Told(drawn, self._told(batch.frame_rate)), self.drill.draw(self.network))

    def loss(self, drawn: Lesson, clips: slice, *, progress: float) -> tuple[Tensor, dict[str, float]]:
        s = self.settings
        told = part_of(drawn.told, clips, self.precision.device)
        seen = told.noised
        with self.precision.autocast():
            conditions = kept_conditions(self.network, seen.batch, seen.kept, frame_rate=told.frame_rate)
            prediction = self.network(seen.x_t, seen.t, conditions)
        motion_share = 0.5 * (1 + math.cos(math.pi * progress))
        losses = clip_loss(
            prediction,
            seen.batch,
            kept=seen.kept,
            t=seen.t,
            schedule=self.schedule,
            weights=s.loss,
            motion_share=motion_share,
        )
        with self.precision.autocast():
            drill = self.drill.loss(self.network, drawn.practice)
        return losses.total + s.drill.weight * drill, {**losses.record(), "drill": float(drill.detach())}

    def _told(self, frame_rate: Tensor) -> Tensor:
        """The frame rates (B,) that the network hears: not quite the true ones where these follow from the score, so
        that bucket and frame rate stay two dials."""
        if self.settings.frame_sampling == "fixed":
            return frame_rate
        spread = 2 * torch.rand(len(frame_rate), generator=self.generator) - 1
        return frame_rate * (1 + self.settings.rate_jitter * spread)

    def state_dict(self) -> dict[str, Any]:
        return {
            "generator": self.generator.get_state(),
            "clips": self.clips.state_dict(),
            "drill": self.drill.state_dict(),
            "drill_random": self.drill.random_state(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.generator.set_state(state["generator"])
        self.clips.load_state_dict(state["clips"])
        self.drill.load_state_dict(state["drill"])
        self.drill.load_random_state(state["drill_random"])


def _initial_network(settings: PretrainSettings) -> AnimationNetwork:
    """A new network, or one with the weights of `initial`; only a particle head may be new then."""
    network = AnimationNetwork(settings.architecture)
    if settings.initial is None:
        return network
    initial = load_checkpoint(Path(settings.initial))
    try:
        missing, unexpected = network.load_state_dict(initial.network.state_dict(), strict=False)
    except RuntimeError as error:
        raise SettingsError(f"initial: {settings.initial} has weights of other shapes than this run's") from error
    foreign = [name for name in (*missing, *unexpected) if not name.startswith("particles.")]
    if foreign:
        raise SettingsError(f"initial: {settings.initial} differs in {foreign[0]}; only a particle head may be new")
    return network
