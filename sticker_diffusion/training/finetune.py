"""HITL finetuning: a model learns from the clips that people chose, with stage-1 clips as replay."""

import math
from typing import Any

import torch
from torch import Tensor, nn

from sticker_diffusion.checkpoint import Checkpoint
from sticker_diffusion.network import AnimationNetwork
from sticker_diffusion.schedule import NoiseSchedule
from sticker_diffusion.training.clip_source import BatchSource
from sticker_diffusion.training.config import FinetuneSettings
from sticker_diffusion.training.loss import clip_loss
from sticker_diffusion.training.mixed_precision import Precision
from sticker_diffusion.training.noising import Noised, kept_conditions, noised
from sticker_diffusion.training.parts import part_of
from sticker_diffusion.training.starting import without_particles


class HitlFinetuning:
    """A Recipe over released clips; all randomness of the loss comes from one generator.

    There is no caption drill: it knows verbs and particles from the procedural animations, which a student never sees.
    A particle head cannot learn from pixels, so unless it is kept as it is, what shows beside a sticker is painted.
    """

    def __init__(self, settings: FinetuneSettings, initial: Checkpoint, clips: BatchSource) -> None:
        self.settings = settings
        self.clips = clips
        self.precision = Precision.of(settings.dtype, settings.device)
        network = initial.network if settings.keep_particles else without_particles(initial.network)
        self.network: AnimationNetwork = network.to(self.precision.device).train()
        if self.network.particles is not None:
            # The head listens to the text encoder and is not taught: what it hears must not change.
            self.network.text.requires_grad_(False)
            self.network.particles.requires_grad_(False)
        self.schedule = NoiseSchedule(initial.schedule)
        self.generator = torch.Generator().manual_seed(settings.seed)

    def parameters(self) -> list[nn.Parameter]:
        return [parameter for parameter in self.network.parameters() if parameter.requires_grad]

    def draw(self) -> Noised:
        s = self.settings
        return noised(self.clips.batch(s.batch), dropout=s.dropout, schedule=self.schedule, generator=self.generator)

    def loss(self, drawn: Noised, clips: slice, *, progress: float) -> tuple[Tensor, dict[str, float]]:
        seen = part_of(drawn, clips, self.precision.device)
        with self.precision.autocast():
            prediction = self.network(seen.x_t, seen.t, kept_conditions(self.network, seen.batch, seen.kept))
        losses = clip_loss(
            prediction,
            seen.batch,
            kept=seen.kept,
            t=seen.t,
            schedule=self.schedule,
            weights=self.settings.loss,
            motion_share=0.5 * (1 + math.cos(math.pi * progress)),
        )
        return losses.total, losses.record()

    def state_dict(self) -> dict[str, Any]:
        return {"generator": self.generator.get_state(), "clips": self.clips.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.generator.set_state(state["generator"])
        self.clips.load_state_dict(state["clips"])
