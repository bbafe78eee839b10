"""Typed configuration of a training run, read from YAML.

In all recipes a step's `batch` is seen in `accumulate` parts by each process, to save memory; the step is the same.
`device` is "auto" (CUDA where there is one, else the CPU) or a device of torch; `dtype` what matrix products are in.
"""

from dataclasses import dataclass, field
from typing import Literal

from sticker_diffusion.conditioning import DropoutRates
from sticker_diffusion.network import Architecture
from sticker_diffusion.sampler_settings import DType
from sticker_diffusion.schedule import ScheduleSettings
from sticker_diffusion.stickers.clips import FrameSampling, PoseShown
from sticker_diffusion.training.clip_source import ClipsSettings, Domain
from sticker_diffusion.training.curriculum import Curriculum
from sticker_diffusion.training.loss import LossWeights
from sticker_diffusion.training.preference_pairs import PairsSettings
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
    accumulate: int = 1
    seed: int = 0
    data_seed: int = 0
    threads: int = 2
    device: str = "auto"
    dtype: DType = "bfloat16"
    domain: Domain = "keyframes"
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
        check_budget(self, self.batch, self.accumulate)


def _gentle() -> OptimiserSettings:
    return OptimiserSettings(lr=5e-4, final=0.1, ema=0.99)


@dataclass(frozen=True)
class FinetuneSettings:
    """A HITL finetune of the checkpoint folder `initial` on `data`, which names a release; a budget as in pretraining.

    With `keep_particles` the particle head of `initial` stays as it is, and the text encoder with it, which suits a
    model that knows the verbs; without, the head goes, and the model learns to paint what shows beside a sticker.
    `loss.flow` teaches replayed clips only, whose motion is known.
    """

    initial: str
    data: ClipsSettings
    clips: int | None = None
    minutes: float | None = None
    keep_particles: bool = False
    batch: int = 8
    accumulate: int = 1
    seed: int = 0
    threads: int = 2
    device: str = "auto"
    dtype: DType = "bfloat16"
    save_minutes: float = 3.0
    sheet_minutes: float = 8.0
    dropout: DropoutRates = field(default_factory=DropoutRates)
    optimiser: OptimiserSettings = field(default_factory=_gentle)
    loss: LossWeights = field(default_factory=LossWeights)

    def __post_init__(self) -> None:
        check_budget(self, self.batch, self.accumulate)
        if self.data.release is None:
            raise ValueError("data: release: the folder of a release is missing; a HITL finetune learns from one")


def _careful() -> OptimiserSettings:
    return OptimiserSettings(lr=5e-5, final=0.1, ema=0.99)


@dataclass(frozen=True)
class PreferSettings:
    """Preference learning of the checkpoint folder `initial` from `data`, which names a release with all its clips.

    The budget as in pretraining, and `batch`, count pairs. `beta` is how much a margin over `initial` counts: the
    larger, the sooner a pair is learnt, and the closer the network stays.
    """

    initial: str
    data: PairsSettings
    clips: int | None = None
    minutes: float | None = None
    beta: float = 500.0
    batch: int = 8
    accumulate: int = 1
    seed: int = 0
    threads: int = 2
    device: str = "auto"
    dtype: DType = "bfloat16"
    snr_cap: float = 5.0
    save_minutes: float = 3.0
    sheet_minutes: float = 8.0
    dropout: DropoutRates = field(default_factory=DropoutRates)
    optimiser: OptimiserSettings = field(default_factory=_careful)

    def __post_init__(self) -> None:
        check_budget(self, self.batch, self.accumulate)
        if self.beta <= 0:
            raise ValueError(f"beta must be positive, got {self.beta}")


def _kept() -> DropoutRates:
    return DropoutRates(text=0.0, both=0.0)


@dataclass(frozen=True)
class DistilSettings:
    """A distillation of the checkpoint folder `teacher`; the budget as in pretraining.

    The goal "guidance" makes one pass of three, for scales s_T in 1…text_scale and s_I in 1…image_scale; "steps" makes
    `steps` steps of twice as many, at the same scales. `initial` is what the student starts as, if not as its teacher.
    `default_text_scale` and `default_image_scale` become the checkpoint's own. `data` is what is noised; the teacher
    says what comes out. Sticker and caption are always given, as the student is never asked without them.
    """

    teacher: str
    goal: Literal["guidance", "steps"]
    data: ClipsSettings
    clips: int | None = None
    minutes: float | None = None
    initial: str | None = None
    steps: int = 8
    text_scale: float = 3.0
    image_scale: float = 1.5
    default_text_scale: float = 2.0
    default_image_scale: float = 1.2
    batch: int = 8
    accumulate: int = 1
    seed: int = 0
    threads: int = 2
    device: str = "auto"
    dtype: DType = "bfloat16"
    snr_cap: float = 5.0
    save_minutes: float = 3.0
    sheet_minutes: float = 8.0
    dropout: DropoutRates = field(default_factory=_kept)
    optimiser: OptimiserSettings = field(default_factory=_gentle)

    def __post_init__(self) -> None:
        check_budget(self, self.batch, self.accumulate)
        if not (1 <= self.default_text_scale <= self.text_scale and 1 <= self.default_image_scale <= self.image_scale):
            raise ValueError("each default scale must lie between 1 and the largest one")
        if self.steps < 1:
            raise ValueError(f"steps must be 1 or more, got {self.steps}")
        if self.dropout.text or self.dropout.both:
            raise ValueError("dropout: a distilled student always has sticker and caption; text and both must be 0")
