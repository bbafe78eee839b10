"""Typed configuration of a training run, read from YAML."""

from dataclasses import dataclass, field
from typing import Literal

from sticker_diffusion.conditioning import DropoutRates
from sticker_diffusion.network import Architecture
from sticker_diffusion.schedule import ScheduleSettings
from sticker_diffusion.stickers.clips import FrameSampling, PoseShown
from sticker_diffusion.training.curriculum import Curriculum
from sticker_diffusion.training.loss import LossWeights
from sticker_diffusion.training.run_settings import check_budget


@dataclass(frozen=True)
class OptimiserSettings:
    """AdamW with linear warm-up and a cosine to `final` × lr over the budget; `ema` is the averaged weights' decay."""

    lr: float = 1.5e-3
    warmup_steps: int = 100
    final: float = 0.02
    beta1: float = 0.9
    beta2: float = 0.99
    weight_decay: float = 0.01
    clip_norm: float = 1.0
    ema: float = 0.998


@dataclass(frozen=True)
class DrillSettings:
    """`captions` extra captions a step, a share `typos` of them mistyped; `weight` in the loss.

    `rehearsal` is a number of steps before the first, of the drill's own parts and the particle head alone.
    """

    captions: int = 48
    typos: float = 0.15
    weight: float = 0.2
    rehearsal: int = 0


@dataclass(frozen=True)
class PretrainSettings:
    """A run ends at `clips` or after `minutes` of training, whichever is given (exactly one).

    `initial` is a checkpoint folder of the same architecture to start from. `data_seed` is what the clips are, `seed`
    everything else that is left to chance. `domain` is what is seen: the keyframe animations by verb, or the general
    model's camera moves. `pose` is what the sticker shows, rest or the height of the action. `frame_sampling` is the
    frame rate that clips are told to have; a normalised one is told with an error of up to `rate_jitter`, as a share.
    `curriculum` is the order of the clips; without one they come as they are numbered. `mirror_probability` is the
    share of motions whose left and right are exchanged.
    """

    clips: int | None = None
    minutes: float | None = None
    initial: str | None = None
    batch: int = 8
    seed: int = 0
    data_seed: int = 0
    threads: int = 2
    dtype: Literal["float32", "bfloat16"] = "bfloat16"
    domain: Literal["keyframes", "camera"] = "keyframes"
    pose: PoseShown = "rest"
    frame_sampling: FrameSampling = "fixed"
    rate_jitter: float = 0.2
    curriculum: Curriculum | None = None
    mirror_probability: float = 0.5
    save_minutes: float = 3.0
    sheet_minutes: float = 8.0
    architecture: Architecture = field(default_factory=Architecture)
    schedule: ScheduleSettings = field(default_factory=ScheduleSettings)
    dropout: DropoutRates = field(default_factory=DropoutRates)
    optimiser: OptimiserSettings = field(default_factory=OptimiserSettings)
    loss: LossWeights = field(default_factory=LossWeights)
    drill: DrillSettings = field(default_factory=DrillSettings)

    def __post_init__(self) -> None:
        check_budget(self, self.batch)
