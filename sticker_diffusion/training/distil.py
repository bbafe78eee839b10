"""Distillation: guidance into one pass, and two steps into one.

Guidance: Meng et al. 2022 (arXiv 2210.03142), section 3.1, with the two scales of InstructPix2Pix as inputs. The
student's one pass comes close to the teacher's guided x0, clamped as the sampler clamps it.
Steps: Salimans & Ho 2022 (arXiv 2202.00512), algorithm 2. One DDIM step of the student lands where two of the
teacher's do; of a teacher that is not guidance-distilled these are guided, so that both can be learnt at once.
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from sticker_diffusion.checkpoint import Checkpoint
from sticker_diffusion.conditioning import Kept, draw_dropout
from sticker_diffusion.network import AnimationNetwork
from sticker_diffusion.schedule import NoiseSchedule
from sticker_diffusion.settings import SettingsError
from sticker_diffusion.stickers.clips import ClipBatch
from sticker_diffusion.training.clip_source import BatchSource
from sticker_diffusion.training.config import DistilSettings
from sticker_diffusion.training.loss import draw_timesteps, snr_weight
from sticker_diffusion.training.mixed_precision import Precision
from sticker_diffusion.training.noising import kept_conditions
from sticker_diffusion.training.parts import part_of
from sticker_diffusion.training.starting import deaf_to_scales
from sticker_diffusion.training.teacher import Teacher, step_grid


@dataclass(frozen=True)
class Asked:
    """What teacher and student are asked: x_t at times (B, 1) or (B, 3) (Teacher.target), and the scales (B, 2)."""

    batch: ClipBatch
    kept: Kept
    x_t: Tensor
    times: Tensor
    scales: Tensor


class Distillation:
    """A Recipe; all randomness of the loss comes from one generator.

    A student that starts as its teacher keeps text encoder and particle head as they are: the head learns nothing from
    pixels, and what it hears must not change. Raises SettingsError for networks that do not go together.
    """

    def __init__(
        self, settings: DistilSettings, teacher: Checkpoint, initial: Checkpoint | None, clips: BatchSource
    ) -> None:
        self.settings = settings
        self.clips = clips
        self.schedule = NoiseSchedule(teacher.schedule)
        self.precision = Precision.of(settings.dtype, settings.device)
        self.teacher = Teacher(teacher, self.schedule, self.precision.device)
        start = initial or teacher
        self.network = AnimationNetwork(start.architecture)
        self.network.load_state_dict(start.network.state_dict())
        self.network.to(self.precision.device)
        if start.description.distilled is None:
            deaf_to_scales(self.network)
        if initial is None:
            self.network.text.requires_grad_(False)
            if self.network.particles is not None:
                self.network.particles.requires_grad_(False)
        _check_that_they_match(settings, teacher, start)
        self.grid = step_grid(self.schedule.settings, settings.steps) if settings.goal == "steps" else None
        self.generator = torch.Generator().manual_seed(settings.seed)

    def parameters(self) -> list[nn.Parameter]:
        return [parameter for parameter in self.network.parameters() if parameter.requires_grad]

    def draw(self) -> Asked:
        s = self.settings
        batch = self.clips.batch(s.batch)
        kept = draw_dropout(s.batch, s.dropout, self.generator)
        scales = self._scales()
        if self.grid is None:
            times = draw_timesteps(s.batch, self.schedule.settings.timesteps, self.generator)[:, None]
        else:
            times = self.grid[torch.randint(len(self.grid), (s.batch,), generator=self.generator)]
        noise = torch.randn(batch.frames.shape, generator=self.generator)
        return Asked(batch, kept, self.schedule.add_noise(batch.frames, noise, times[:, 0]), times, scales)

    def loss(self, drawn: Asked, clips: slice, *, progress: float) -> tuple[Tensor, dict[str, float]]:
        asked = part_of(drawn, clips, self.precision.device)
        t, batch, kept, scales = asked.times[:, 0], asked.batch, asked.kept, asked.scales
        with self.precision.autocast():
            target = self.teacher.target(asked.x_t, asked.times, batch=batch, kept=kept, scales=scales)
            made = self.network(asked.x_t, t, kept_conditions(self.network, batch, kept), scales).x0
        error = (made.float() - target).square().mean(dim=(1, 2, 3, 4))
        total = (batch.weight * snr_weight(self.schedule, t, self.settings.snr_cap) * error).mean()
        return total, {"total": float(total.detach()), "x0": float(error.detach().mean())}

    def _scales(self) -> Tensor:
        """(B, 2): s_T and s_I, uniform between 1 and the largest."""
        most = torch.tensor([self.settings.text_scale, self.settings.image_scale])
        return 1 + (most - 1) * torch.rand(self.settings.batch, 2, generator=self.generator)

    def state_dict(self) -> dict[str, Any]:
        return {"generator": self.generator.get_state(), "clips": self.clips.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.generator.set_state(state["generator"])
        self.clips.load_state_dict(state["clips"])


def _check_that_they_match(settings: DistilSettings, teacher: Checkpoint, start: Checkpoint) -> None:
    a, b = teacher.architecture, start.architecture
    if (a.frames, a.size) != (b.frames, b.size) or teacher.schedule != start.schedule:
        raise SettingsError("initial: must make clips of the teacher's size, on the teacher's noise schedule")
    distilled = teacher.description.distilled
    if distilled is None:
        return
    if settings.goal == "guidance":
        raise SettingsError("teacher: is guidance-distilled already; its steps can be (goal: steps)")
    if settings.text_scale > distilled.text_scale or settings.image_scale > distilled.image_scale:
        raise SettingsError(
            f"text_scale, image_scale: the teacher knows scales up to {distilled.text_scale:g} "
            f"and {distilled.image_scale:g}"
        )
    if distilled.steps is not None and distilled.steps != 2 * settings.steps:
        raise SettingsError(
            f"steps: the teacher is distilled to {distilled.steps} steps, of which two become one; "
            f"give {distilled.steps // 2}"
        )
