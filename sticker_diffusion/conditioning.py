"""What the network is told beside the noisy clip, and the one draw that drops conditions in training."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from sticker_diffusion.stickers.motions import MANNERS
from sticker_diffusion.text import TextStates

BUCKETS = 16


@dataclass(frozen=True)
class Conditions:
    """Conditions of B clips.

    sticker (B, C, H, W) in [−1, 1] premultiplied; has_image (B,) 1 or 0, where the sticker is dropped; text; bucket
    (B,) 1…16, 0 = not given; frame_rate (B,) frames a second; manner (B,) 1…MANNERS, 0 = not given: which of a verb's
    motions it is. conditioned_frame is the frame that the sticker is.
    """

    sticker: Tensor
    has_image: Tensor
    text: TextStates
    bucket: Tensor
    frame_rate: Tensor
    manner: Tensor
    conditioned_frame: int = 0


def manner_of(seed: int) -> int:
    """Which of a verb's motions the clip of a seed shows, 1…MANNERS."""
    return 1 + seed % MANNERS


def is_mirrored(seed: int) -> bool:
    """Whether the clip of a seed is made of the sticker's mirror image and flipped back: every other round of manners,
    so that a prompt's clips move both ways while the network knows one."""
    return seed // MANNERS % 2 == 1


def frame_phases(frames: int, harmonics: int, conditioned_frame: int = 0) -> Tensor:
    """(F, 2·harmonics): cos and sin of 2πk(f − c)/F, k = 1 … harmonics: each frame's phase after frame c."""
    f = torch.arange(frames) - conditioned_frame
    angles = 2 * math.pi * f[:, None] * torch.arange(1, harmonics + 1)[None] / frames
    return torch.cat([angles.cos(), angles.sin()], dim=1)


class MotionConditioning(nn.Module):
    """One vector a frame from phase, motion bucket, manner, frame rate, and (distilled) guidance scales."""

    def __init__(self, *, frames: int, harmonics: int, bucket_width: int, manner_width: int) -> None:
        super().__init__()
        self.frames = frames
        self.harmonics = harmonics
        self.buckets = nn.Embedding(BUCKETS + 1, bucket_width)
        self.manners = nn.Embedding(MANNERS + 1, manner_width) if manner_width else None
        self.width = 2 * harmonics + bucket_width + manner_width + 1 + 1 + 2

    def forward(self, c: Conditions, guidance: Tensor | None = None) -> Tensor:
        """((B F), width). guidance (B, 2) holds s_T and s_I for a guidance-distilled network; None means (1, 1)."""
        batch = c.bucket.shape[0]
        device = c.bucket.device
        phases = frame_phases(self.frames, self.harmonics, c.conditioned_frame).to(device)
        scales = torch.ones(batch, 2, device=device) if guidance is None else guidance
        per_clip = torch.cat(
            [
                self.buckets(c.bucket),
                *([] if self.manners is None else [self.manners(c.manner)]),
                torch.log2(c.frame_rate.float() / 8)[:, None],
                c.has_image.float()[:, None],
                scales.float() - 1,
            ],
            dim=1,
        )
        # b d, f p -> (b f) (p d)
        return torch.cat([phases.repeat(batch, 1), per_clip.repeat_interleave(self.frames, dim=0)], dim=1)


@dataclass(frozen=True)
class DropoutRates:
    """Shares of one categorical draw; the rest keeps both conditions. Bucket and manner are dropped independently."""

    text: float = 0.1
    both: float = 0.1
    bucket: float = 0.1
    manner: float = 0.1

    def __post_init__(self) -> None:
        shares = (self.text, self.both, self.bucket, self.manner)
        if min(shares) < 0 or self.text + self.both > 1 or max(shares) > 1:
            raise ValueError(f"dropout shares must be in [0, 1] and text + both at most 1, got {self}")


@dataclass(frozen=True)
class Kept:
    """Which conditions a clip keeps, each (B,) bool. Text is never kept without the image."""

    image: Tensor
    text: Tensor
    bucket: Tensor
    manner: Tensor


def draw_dropout(count: int, rates: DropoutRates, generator: torch.Generator | None = None) -> Kept:
    """One categorical draw a clip (IP2P, Brooks et al. 2022, arXiv 2211.09800, section 3.2.1, has independent ones).

    Guidance uses (∅, ∅), (c_I, ∅) and (c_I, c_T) and never (∅, c_T); independent draws would spend clips on it.
    """
    u = torch.rand(count, generator=generator)
    image = u >= rates.both
    bucket = torch.rand(count, generator=generator) >= rates.bucket
    manner = torch.rand(count, generator=generator) >= rates.manner
    return Kept(image, u >= rates.both + rates.text, bucket, manner)
