"""Clips with their verbs for the probe: the generator's, stills, and bodies without their particles; and how to wear
them so that a model's clips, which are softer and less exact, are known as well."""

from __future__ import annotations

import random

import torch
import torch.nn.functional as F
from torch import Tensor

from sticker_diffusion.metrics.probe import BODY_ONLY, CLASSES
from sticker_diffusion.metrics.relevance import STATIC
from sticker_diffusion.stickers.clips import STRENGTHS, ClipGenerator, render_clips
from sticker_diffusion.stickers.image import resize
from sticker_diffusion.stickers.motions import MANNERS, MOTIONS, VERBS

_WITH_PARTICLES = [verb for verb in VERBS if MOTIONS[verb].emitters]
_BESIDE_VERBS = 8  # one clip in so many is a still, one a body only
_NOISE = 0.06
_DRIFT = 0.06  # of half the canvas: 2 pixels of 64
_COARSE = 6


class ProbeClips:
    """An endless source of (clips (N,F,4,S,S) in [-1,1], classes (N,) long) over one split of the generator's bank."""

    def __init__(self, generator: ClipGenerator, *, seed: int) -> None:
        self.generator = generator
        self._random = random.Random(seed)

    def batch(self, count: int) -> tuple[Tensor, Tensor]:
        """The next clips, as drawn."""
        stills, bodies = (count // _BESIDE_VERBS, count // _BESIDE_VERBS)
        drawn = self.generator.batch(count - stills - bodies)
        frames = drawn.frames.shape[1]
        clips = [drawn.frames, *(self._sticker().expand(1, frames, -1, -1, -1) for _ in range(stills))]
        if bodies:
            clips.append(self._bodies(bodies, frames))
        named = [*drawn.verbs, *[STATIC] * stills, *[BODY_ONLY] * bodies]
        return torch.cat(clips), torch.tensor([CLASSES.index(name) for name in named])

    def _sticker(self) -> Tensor:
        bank = self.generator.bank
        image = bank.pixels[self._random.choice(self.generator.members)].float() / 127.5 - 1
        return resize(image, self.generator.size)

    def _bodies(self, count: int, frames: int) -> Tensor:
        return render_clips(
            self._sticker(),
            verbs=[self._random.choice(_WITH_PARTICLES) for _ in range(count)],
            strengths=[self._random.uniform(*STRENGTHS) for _ in range(count)],
            mirrors=[self._random.random() < 0.5 for _ in range(count)],
            manners=[self._random.randrange(MANNERS) for _ in range(count)],
            frames=frames,
            with_particles=False,
        )


def worn(clips: Tensor, generator: torch.Generator) -> Tensor:
    """Clips (N,F,4,S,S) in [-1,1] begun anywhere in the loop, some noisy, soft, shaken or recoloured."""
    count, frames = clips.shape[:2]
    starts = torch.randint(frames, (count,), generator=generator)
    order = (torch.arange(frames) + starts[:, None]) % frames
    out = clips[torch.arange(count)[:, None], order]
    some = torch.rand(4, count, generator=generator) < 0.4
    out[some[0]] = _shaken(out[some[0]], generator)
    out[some[1]] = F.avg_pool3d(out[some[1]], (1, 3, 3), stride=1, padding=(0, 1, 1), count_include_pad=False)
    out[some[2]] = _recoloured(out[some[2]], generator)
    strength = _NOISE * torch.rand(count, 1, 1, 1, 1, generator=generator) * some[3].view(-1, 1, 1, 1, 1)
    return (out + strength * torch.randn(out.shape, generator=generator)).clamp(-1, 1)


def _shaken(clips: Tensor, generator: torch.Generator) -> Tensor:
    """Bent by a small smooth flow, as a model's residual flow errs: of each frame's own, or one that changes slowly."""
    count, frames, _, height, width = clips.shape
    coarse = torch.randn(count, frames, 2, _COARSE, _COARSE, generator=generator)
    slow = (coarse + coarse.roll(1, 1) + coarse.roll(-1, 1)) / 3**0.5
    is_slow, strength = torch.rand(2, count, 1, 1, 1, 1, generator=generator)
    coarse = _DRIFT * strength * torch.where(is_slow < 0.7, slow, coarse / 2)
    flow = F.interpolate(coarse.flatten(0, 1), size=(height, width), mode="bicubic").permute(0, 2, 3, 1)  # to n h w c
    shape = [count * frames, 1, height, width]
    rest = F.affine_grid(torch.eye(2, 3).expand(count * frames, -1, -1), shape, align_corners=False)
    bent: Tensor = F.grid_sample((clips.flatten(0, 1) + 1) / 2, rest + flow, align_corners=False) * 2 - 1
    return bent.reshape(clips.shape)


def _recoloured(clips: Tensor, generator: torch.Generator) -> Tensor:
    """Colours weakened by channel: premultiplied, so they stay below alpha."""
    gain = 0.6 + 0.4 * torch.rand(len(clips), 1, 3, 1, 1, generator=generator)
    return torch.cat([(clips[:, :, :3] + 1) * gain - 1, clips[:, :, 3:]], dim=2)
