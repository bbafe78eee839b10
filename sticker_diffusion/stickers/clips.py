"""Procedural clips: a sticker from the bank, moved by a verb, with its caption, flow and motion bucket."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from sticker_diffusion.stickers.captions import caption_of
from sticker_diffusion.stickers.emoji import Split, StickerBank
from sticker_diffusion.stickers.motions import MANNERS, VERBS, Style, motion_of
from sticker_diffusion.stickers.particle import ATLAS_SHARE, draw_particles, on_canvas, particle_sprite
from sticker_diffusion.stickers.pose import Box
from sticker_diffusion.stickers.score import FRAME_RATE, bucket_edges, bucket_of, motion_score, normalised_rate

STRENGTHS = (0.5, 1.4)
PoseShown = Literal["rest", "height"]
"""Which pose of its motion a sticker shows: rest, or the height of the action."""
FrameSampling = Literal["fixed", "normalised"]
"""The frame rate that a clip is told to have: one for all, or one that makes all clips move equally fast."""
_PLACED_SCALES = (0.8, 1.25)
_PLACED_SHIFT = 0.1
_EDGE_SAMPLE = 768
_EDGE_SEED = 20240209
_RECOLOURED = 0.3
_COLOUR_ORDERS = ((0, 2, 1), (1, 0, 2), (2, 1, 0), (1, 2, 0), (2, 0, 1))


@dataclass(frozen=True)
class ClipBatch:
    """B clips of F frames; pixels are premultiplied RGBA in [-1,1], fp32.

    sticker (B,4,S,S); frames (B,F,4,S,S), frames[:,0] is the sticker; affine (B,F,2,3) takes output coordinates to
    sticker coordinates; flow (B,F,2,S,S) is source minus output coordinate with the non-rigid part; flow_weight
    (B,F,1,S,S) in [0,1] says where the flow is known and seen; score (B,); bucket (B,) long, 1…16; frame_rate (B,) in
    frames a second; manner (B,) long, 1…MANNERS, 0 where nobody knows it; motion_known (B,) 1 or 0: whether affine
    and flow are the clip's; weight (B,) of the clip's errors, 1 for all by default.
    """

    sticker: Tensor
    frames: Tensor
    affine: Tensor
    flow: Tensor
    flow_weight: Tensor
    captions: list[str]
    verbs: list[str]
    score: Tensor
    bucket: Tensor
    frame_rate: Tensor
    manner: Tensor
    motion_known: Tensor
    weight: Tensor


@dataclass(frozen=True)
class _Moved:
    """What the verbs of a batch do to its stickers: backward maps and a layer of particles."""

    affine: Tensor
    source: Tensor
    particles: Tensor
    with_particles: Tensor


@dataclass(frozen=True)
class _Placement:
    """Where a bank's sprite stands in its sticker: sticker coordinate = scale · bank coordinate + shift; (N,2)."""

    scale: Tensor
    shift: Tensor


@dataclass(frozen=True)
class _Drawn:
    frames: Tensor
    moved: _Moved
    flow_weight: Tensor
    captions: list[str]
    verbs: list[str]
    manner: Tensor
    score: Tensor


@dataclass(frozen=True)
class _Recipe:
    """Everything about one clip that is left to chance."""

    verb: str
    member: int
    caption: str
    manner: int
    style: tuple[float, ...]
    colours: tuple[int, ...]
    placement: tuple[float, ...]


def _move(*, verbs: list[str], style: Style, box: Box, frames: int, size: int, with_particles: bool = True) -> _Moved:
    count = len(verbs)
    phase = torch.arange(frames, dtype=torch.float32) / frames
    affine = torch.empty(count, frames, 2, 3)
    source = torch.empty(count, frames, size, size, 2)
    drawn: list[Tensor] = []
    drawn_for: list[Tensor] = []
    for verb in dict.fromkeys(verbs):
        motion = motion_of(verb)
        chosen = torch.tensor([i for i, other in enumerate(verbs) if other == verb])
        own_style = style[chosen]
        own_box = Box(box.x[chosen], box.y[chosen], box.half_width[chosen], box.half_height[chosen])
        warp = motion.warp(phase, own_style, own_box)
        affine[chosen] = warp.affine
        source[chosen] = warp.source(size)
        if with_particles and motion.particle is not None:
            placed = on_canvas(motion.emit(phase, own_style), box=own_box, mirror=own_style.mirror)
            sprite = particle_sprite(motion.particle, max(8, round(ATLAS_SHARE * size)))
            drawn.append(draw_particles(sprite.expand(len(chosen), -1, -1, -1), placed, size=size))
            drawn_for.append(chosen)
    none = torch.zeros(0, frames, 4, size, size)
    return _Moved(
        affine=affine,
        source=source,
        particles=torch.cat([none, *drawn]),
        with_particles=torch.cat([torch.zeros(0, dtype=torch.long), *drawn_for]),
    )


def _sample(images: Tensor, source: Tensor) -> Tensor:
    """images (N,4,H,W) at source coordinates (N,F,S,S,2): (N,F,4,S,S), transparent outside."""
    n, frames, size = source.shape[:3]
    taken = F.grid_sample(
        images, source.reshape(n, frames * size, size, 2), mode="bilinear", padding_mode="zeros", align_corners=False
    )
    return taken.reshape(n, 4, frames, size, size).transpose(1, 2)


def _pixel_centres(size: int) -> Tensor:
    axis = (torch.arange(size, dtype=torch.float32) * 2 + 1) / size - 1
    return torch.stack([axis.expand(size, size), axis[:, None].expand(size, size)], dim=-1)


def render_clip(
    sticker: Tensor,
    *,
    verb: str,
    strength: float = 1.0,
    phase: int = 0,
    mirror: bool = False,
    manner: int = 0,
    pose: PoseShown = "rest",
    frames: int = 8,
) -> Tensor:
    """The verb's motion, without jitter, of a sticker (4,S,S) premultiplied in [-1,1]: (F,4,S,S) in [-1,1].

    Frame `phase` is the sticker itself, which stands in `pose`. Raises UnknownVerbError.
    """
    clip = render_clips(
        sticker, verbs=[verb], strengths=[strength], mirrors=[mirror], manners=[manner], pose=pose, frames=frames
    )
    return clip[0].roll(phase, 0)


def render_clips(
    sticker: Tensor,
    *,
    verbs: list[str],
    strengths: list[float],
    mirrors: list[bool],
    manners: list[int],
    pose: PoseShown = "rest",
    frames: int = 8,
    with_particles: bool = True,
) -> Tensor:
    """Several clips (N,F,4,S,S) of one sticker at once; frame 0 of each is the sticker."""
    count, size = len(verbs), sticker.shape[-1]
    image = (sticker.float() + 1) / 2
    style = Style.plain(
        strength=torch.tensor(strengths, dtype=torch.float32),
        mirror=torch.tensor([-1.0 if mirrored else 1.0 for mirrored in mirrors]),
        manner=torch.tensor(manners),
        start=torch.tensor([_start(verb, manner, pose) for verb, manner in zip(verbs, manners, strict=True)]),
    )
    one = Box.of(image[3:])
    box = Box(*(side.expand(count) for side in (one.x, one.y, one.half_width, one.half_height)))
    moved = _move(verbs=verbs, style=style, box=box, frames=frames, size=size, with_particles=with_particles)
    drawn = _sample(image.expand(count, -1, -1, -1), moved.source)
    drawn = _with_particles(drawn, moved)
    drawn = drawn * 2 - 1
    drawn[:, 0] = sticker  # the same bits, where a resampling at rest would round
    return drawn


def _start(verb: str, manner: int, pose: PoseShown) -> float:
    """The phase at which a motion shows the pose."""
    return motion_of(verb).height(manner) if pose == "height" else 0.0


def _with_particles(frames: Tensor, moved: _Moved) -> Tensor:
    if len(moved.with_particles):
        layer = moved.particles
        frames = frames.contiguous()
        frames[moved.with_particles] = layer + frames[moved.with_particles] * (1 - layer[:, :, 3:])
    return frames


class ClipGenerator:
    """Clips of one split's stickers, drawn on the CPU in batches; clip i of a seed is the same whoever asks, and when.

    Verbs take turns by index, so that each is seen equally often. `edges` are the score's bucket edges (15,); without
    them they are estimated from keyframe clips of a fixed seed, so that every generator with the same bank, pose and
    size has the same ones. `mirror_probability` is the share of motions whose left and right are exchanged; stickers
    are flipped half the time in any case. `order` is how `batch` goes through the clips, over and over; None is 0, 1….
    """

    def __init__(
        self,
        bank: StickerBank,
        *,
        frames: int = 8,
        size: int = 64,
        seed: int = 0,
        split: Split = "train",
        edges: Tensor | None = None,
        mirror_probability: float = 0.5,
        verbs: Sequence[str] = VERBS,
        pose: PoseShown = "rest",
        frame_sampling: FrameSampling = "fixed",
        order: Sequence[int] | None = None,
    ) -> None:
        self.bank = bank
        self.frames = frames
        self.size = size
        self.seed = seed
        self.mirror_probability = mirror_probability
        self.verbs = tuple(verbs)
        self.pose = pose
        self.frame_sampling = frame_sampling
        self.order = order
        self.position = 0
        self.members = bank.indices(split)
        if not self.members:
            raise ValueError(f"The bank of {len(bank)} stickers has none in the split {split!r}.")
        self._names = bank.names
        self._box = Box.of(bank.pixels[:, 3].float() / 255)
        self.edges = self._estimated_edges() if edges is None else edges

    def _estimated_edges(self) -> Tensor:
        recipes = [self._recipe(_EDGE_SEED, index, VERBS) for index in range(_EDGE_SAMPLE)]
        return bucket_edges(torch.cat([self._draw(recipes[i : i + 64]).score for i in range(0, _EDGE_SAMPLE, 64)]))

    def state_dict(self) -> dict[str, Any]:
        """Where `batch` stands, in plain JSON types."""
        return {"position": self.position}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on where the generator that gave `state` stood."""
        self.position = state["position"]

    def batch(self, n: int) -> ClipBatch:
        """The next n clips of the order."""
        places = range(self.position, self.position + n)
        self.position += n
        return self.clips(places if self.order is None else [self.order[place % len(self.order)] for place in places])

    def clips(self, indices: Sequence[int]) -> ClipBatch:
        """The clips of these indices, whatever was drawn before."""
        drawn = self._draw([self._recipe(self.seed, index, self.verbs) for index in indices])
        return ClipBatch(
            sticker=drawn.frames[:, 0].clone(),
            frames=drawn.frames,
            affine=drawn.moved.affine,
            flow=(drawn.moved.source - _pixel_centres(self.size)).permute(0, 1, 4, 2, 3).contiguous(),
            flow_weight=drawn.flow_weight,
            captions=drawn.captions,
            verbs=drawn.verbs,
            score=drawn.score,
            bucket=bucket_of(drawn.score, self.edges),
            frame_rate=(
                normalised_rate(drawn.score, self.edges)
                if self.frame_sampling == "normalised"
                else torch.full_like(drawn.score, FRAME_RATE)
            ),
            manner=drawn.manner + 1,
            motion_known=torch.ones(len(indices)),
            weight=torch.ones(len(indices)),
        )

    def _recipe(self, seed: int, index: int, verbs: Sequence[str]) -> _Recipe:
        rng = random.Random(seed * 1_000_003 + index)
        verb = verbs[index % len(verbs)]
        member = rng.choice(self.members)
        manner = rng.randrange(MANNERS)
        mirror = -1.0 if rng.random() < self.mirror_probability else 1.0
        start = _start(verb, manner, self.pose)
        return _Recipe(
            verb=verb,
            member=member,
            caption=caption_of(verb, self._names[member], rng),
            manner=manner,
            style=(rng.uniform(*STRENGTHS), mirror, rng.uniform(-1, 1), rng.uniform(-1, 1), rng.uniform(-1, 1), start),
            colours=rng.choice(_COLOUR_ORDERS) if rng.random() < _RECOLOURED else (0, 1, 2),
            placement=(
                rng.uniform(*_PLACED_SCALES),
                rng.choice((-1.0, 1.0)),
                rng.uniform(-_PLACED_SHIFT, _PLACED_SHIFT),
                rng.uniform(-_PLACED_SHIFT, _PLACED_SHIFT),
            ),
        )

    def _draw(self, recipes: Sequence[_Recipe]) -> _Drawn:
        strength, mirror, lag, ease, sway, start = torch.tensor([recipe.style for recipe in recipes]).unbind(1)
        manner = torch.tensor([recipe.manner for recipe in recipes])
        style = Style(strength, mirror, manner, lag, ease, sway, start)
        verbs = [recipe.verb for recipe in recipes]
        images, box, placed = self._placed(recipes)
        moved = _move(verbs=verbs, style=style, box=box, frames=self.frames, size=self.size)
        # Sticker coordinates to the bank's: the placement undone.
        frames = _sample(images, (moved.source - placed.shift[:, None, None, None]) / placed.scale[:, None, None, None])
        weight = frames[:, :, 3:].clone()
        frames = _with_particles(frames, moved)
        if len(moved.with_particles):
            weight[moved.with_particles] *= 1 - moved.particles[:, :, 3:]
        frames = frames * 2 - 1
        captions = [recipe.caption for recipe in recipes]
        return _Drawn(frames, moved, weight, captions, verbs, manner, motion_score(frames))

    def _placed(self, recipes: Sequence[_Recipe]) -> tuple[Tensor, Box, _Placement]:
        members = torch.tensor([recipe.member for recipe in recipes])
        colours = torch.tensor([(*recipe.colours, 3) for recipe in recipes])
        images = (self.bank.pixels[members].float() / 255).gather(
            1, colours[:, :, None, None].expand(-1, -1, *self.bank.pixels.shape[2:])
        )
        size, flipped, *shift = torch.tensor([recipe.placement for recipe in recipes]).unbind(1)
        placed = _Placement(torch.stack([size * flipped, size], dim=1), torch.stack(shift, dim=1))
        of_bank = self._box
        box = Box(
            x=of_bank.x[members] * placed.scale[:, 0] + placed.shift[:, 0],
            y=of_bank.y[members] * placed.scale[:, 1] + placed.shift[:, 1],
            half_width=of_bank.half_width[members] * size,
            half_height=of_bank.half_height[members] * size,
        )
        return images, box, placed


@dataclass(frozen=True)
class Pair:
    """A held-out sticker with a verb to show: the metrics' unit."""

    character: str
    name: str
    verb: str
    caption: str
    seed: int


def held_out_pairs(bank: StickerBank, count: int = 128, seed: int = 2024) -> list[Pair]:
    """Fixed pairs of held-out stickers and verbs: every verb equally often (to one), stickers in a shuffled round."""
    rng = random.Random(seed)
    members = bank.indices("heldout")
    rng.shuffle(members)
    names = bank.names
    pairs = []
    for i in range(count):
        member = members[i % len(members)]
        verb = VERBS[(i + i // len(members)) % len(VERBS)]
        caption = caption_of(verb, names[member], rng)
        pairs.append(Pair(bank.characters[member], names[member], verb, caption, seed * 1000 + i))
    return pairs
