"""Sample a checkpoint on held-out stickers and measure the clips."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from statistics import fmean

import torch
from torch import Tensor

from sticker_diffusion.animator import Animator, SamplerSettings
from sticker_diffusion.metrics.fidelity import psnr
from sticker_diffusion.metrics.flicker import alpha_flicker
from sticker_diffusion.metrics.frozen import frozen
from sticker_diffusion.metrics.identity import identity_db
from sticker_diffusion.metrics.relevance import TemplateBank
from sticker_diffusion.metrics.seam import seam_ratio
from sticker_diffusion.metrics.sharpness import sharpness
from sticker_diffusion.stickers.clips import Pair, PoseShown, render_clip
from sticker_diffusion.stickers.emoji import StickerBank
from sticker_diffusion.stickers.image import resize
from sticker_diffusion.stickers.score import motion_score

MODEL_SIZE = 64
FULL_SIZE = 192
"""Side at which clips are made, in pixels: every figure but sharpness is taken after averaging down to MODEL_SIZE."""
MICRO_BATCH = 8


@dataclass(frozen=True)
class Sampled:
    """Clips of one checkpoint at one setting: `full` (N,F,4,FULL_SIZE,FULL_SIZE) uint8, `small` fp32 in [-1,1].

    `pose` is what the checkpoint takes a sticker to show.
    """

    settings: SamplerSettings
    pairs: Sequence[Pair]
    full: Tensor
    small: Tensor
    pose: PoseShown


@dataclass(frozen=True)
class ClipMeasures:
    """Figures of one clip. The procedural target is the caption's verb in the manner, size and direction nearest to the
    clip, as a caption leaves all three free; `static_psnr_db` is the unmoved sticker against that same target."""

    verb: str
    recognised_as: str
    identity_db: float
    target_identity_db: float
    conditioned_db: float
    psnr_db: float
    static_psnr_db: float
    sharpness: float
    seam_ratio: float
    target_seam_ratio: float
    motion_size: float
    target_motion_size: float
    flicker: float
    target_flicker: float
    frozen: bool

    @property
    def recognised(self) -> bool:
        return self.verb == self.recognised_as


def stickers_of(bank: StickerBank, pairs: Sequence[Pair]) -> Tensor:
    """(N,4,R,R) premultiplied in [-1,1], in the order of the pairs."""
    return bank.pixels[[bank.index(pair.character) for pair in pairs]].float() / 127.5 - 1


def sample_pairs(
    animator: Animator,
    bank: StickerBank,
    pairs: Sequence[Pair],
    settings: SamplerSettings,
    *,
    progress: Callable[[int], None] = lambda done: None,
) -> Sampled:
    """Animate every pair with its own caption and seed; `progress` hears how many clips each micro-batch has made."""
    settings = replace(settings, size=FULL_SIZE)
    stickers = stickers_of(bank, pairs)
    full: list[Tensor] = []
    small: list[Tensor] = []
    for start in range(0, len(pairs), MICRO_BATCH):
        chosen = pairs[start : start + MICRO_BATCH]
        frames = animator.animate_premultiplied(
            list(stickers[start : start + MICRO_BATCH]),
            [pair.caption for pair in chosen],
            settings,
            [pair.seed for pair in chosen],
        )
        frames = frames.float().cpu()
        small.append(torch.stack([_small(clip) for clip in frames]))
        full.append(((frames + 1) * 127.5).round().byte())
        progress(len(chosen))
    return Sampled(settings, pairs, torch.cat(full), torch.cat(small), animator.checkpoint.pose)


def _small(clip: Tensor) -> Tensor:
    return torch.stack([resize(frame, MODEL_SIZE) for frame in clip])


def measure(samples: Sequence[Sampled], bank: StickerBank) -> list[list[ClipMeasures]]:
    """Measures of every clip of every sample, in order. A sticker's templates are drawn once for all of its clips."""
    by_sticker: dict[tuple[str, PoseShown], list[tuple[int, int]]] = defaultdict(list)
    for s, sampled in enumerate(samples):
        for i, pair in enumerate(sampled.pairs):
            by_sticker[pair.character, sampled.pose].append((s, i))
    measured: dict[tuple[int, int], ClipMeasures] = {}
    for (character, pose), places in by_sticker.items():
        sticker = bank.pixels[bank.index(character)].float() / 127.5 - 1
        small = resize(sticker, MODEL_SIZE)
        templates = TemplateBank(small, pose=pose)
        for s, i in places:
            sampled = samples[s]
            measured[s, i] = measure_clip(
                sampled.small[i], sampled.full[i], verb=sampled.pairs[i].verb, sticker=sticker, templates=templates
            )
    return [[measured[s, i] for i in range(len(sampled.pairs))] for s, sampled in enumerate(samples)]


def measure_clip(clip: Tensor, full: Tensor, *, verb: str, sticker: Tensor, templates: TemplateBank) -> ClipMeasures:
    """Measures of one clip: (F,4,S,S) in [-1,1] and full-size uint8, for a full-size sticker (4,R,R) in [-1,1]."""
    small = templates.frames[-1, 0]
    match = templates.fit(clip, verb=verb)
    target = templates.target(match)
    full_target = render_clip(
        sticker,
        verb=verb,
        strength=match.template.strength,
        phase=match.phase,
        mirror=match.template.mirror,
        manner=match.template.manner,
        pose=templates.pose,
    )
    both = torch.stack([clip, target])
    # Both as drawn at full size and averaged down: a sticker drawn at 64 px is blurrier than itself.
    drawn = torch.stack([clip, _small(full_target)])
    identity = identity_db(drawn, small.expand(2, -1, -1, -1), fine=sticker.expand(2, -1, -1, -1)).mean(1)
    seam, size, flicker = (metric(both).tolist() for metric in (seam_ratio, motion_score, alpha_flicker))
    return ClipMeasures(
        verb=verb,
        recognised_as=templates.recognise(clip).template.seen_as,
        identity_db=float(identity[0]),
        target_identity_db=float(identity[1]),
        conditioned_db=float(psnr(clip[0], small)),
        psnr_db=float(psnr(clip, target).mean()),
        static_psnr_db=float(psnr(small.expand_as(target), target).mean()),
        sharpness=sharpness(full.float() / 127.5 - 1, full_target),
        seam_ratio=seam[0],
        target_seam_ratio=seam[1],
        motion_size=size[0],
        target_motion_size=size[1],
        flicker=flicker[0],
        target_flicker=flicker[1],
        frozen=frozen(clip),
    )


FIGURES = (
    "identity_db",
    "target_identity_db",
    "conditioned_db",
    "psnr_db",
    "static_psnr_db",
    "sharpness",
    "seam_ratio",
    "target_seam_ratio",
    "motion_size",
    "target_motion_size",
    "flicker",
    "target_flicker",
)


def summary(clips: Sequence[ClipMeasures]) -> dict[str, float | int]:
    """Means over clips, and the share whose verb was recognised."""
    return {
        "pairs": len(clips),
        "verb_recognised": round(fmean(clip.recognised for clip in clips), 4),
        "frozen": sum(clip.frozen for clip in clips),
        **{figure: round(fmean(getattr(clip, figure) for clip in clips), 3) for figure in FIGURES},
    }


def by_verb(clips: Sequence[ClipMeasures]) -> dict[str, dict[str, float | int]]:
    """The summary of each verb's clips."""
    verbs = dict.fromkeys(clip.verb for clip in clips)
    return {verb: summary([clip for clip in clips if clip.verb == verb]) for verb in verbs}


def confusions(clips: Sequence[ClipMeasures]) -> dict[str, int]:
    """How often "asked→seen" went wrong."""
    counts: dict[str, int] = defaultdict(int)
    for clip in clips:
        if not clip.recognised:
            counts[f"{clip.verb}→{clip.recognised_as}"] += 1
    return dict(sorted(counts.items(), key=lambda item: -item[1]))


def rank_correlation(x: Tensor, y: Tensor) -> Tensor:
    """Spearman's rank correlation along the last axis of x and y (…,K), whose values are distinct."""
    ranks_x, ranks_y = (values.argsort(-1).argsort(-1).double() for values in (x, y))
    centred_x, centred_y = (ranks - ranks.mean(-1, keepdim=True) for ranks in (ranks_x, ranks_y))
    return (centred_x * centred_y).sum(-1) / (centred_x.square().sum(-1) * centred_y.square().sum(-1)).sqrt()
