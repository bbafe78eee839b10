"""Extra practice with captions alone: tell the verb, and where its particles are.

A batch of eight clips shows eight captions; captions alone cost next to nothing. The classifier of verbs is thrown away
after training, what stays is a text encoder that knows the ways to say a verb, typing errors included, and the particle
head, which needs no pictures to learn.
"""

import random
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sticker_diffusion.conditioning import frame_phases
from sticker_diffusion.network import AnimationNetwork
from sticker_diffusion.particles import NONE, ParticleHead
from sticker_diffusion.stickers.captions import caption_of
from sticker_diffusion.stickers.clips import STRENGTHS
from sticker_diffusion.stickers.motions import MANNERS, Style, motion_of

LETTERS = "abcdefghijklmnopqrstuvwxyz"
STYLE_RANGES = (STRENGTHS, (-1, 1), (-1, 1), (-1, 1))
"""Of strength, lag, ease and sway."""


def mistyped(caption: str, rng: random.Random) -> str:
    """The caption with one letter left out, doubled, swapped with the next, or wrong."""
    letters = [i for i, letter in enumerate(caption[:-1]) if letter.isalpha()]
    if not letters:
        return caption
    i = rng.choice(letters)
    here, after = caption[i], caption[i + 1]
    replacement = rng.choice(("" + after, here + here + after, after + here, rng.choice(LETTERS) + after))
    return caption[:i] + replacement + caption[i + 2 :]


@dataclass(frozen=True)
class Practice:
    """C captions, their verbs and a manner (C,) of each, 0…MANNERS − 1; `truth` (C, F, slots, 5) is where their
    particles are, as the particle head places them, and empty where the network has none."""

    captions: list[str]
    verbs: Tensor
    manner: Tensor
    kind: Tensor
    truth: Tensor


class CaptionDrill(nn.Module):
    """Loss of `captions` fresh captions a step: cross-entropy of the verb by the pooled text, and that of particles."""

    def __init__(
        self, *, width: int, names: list[str], verbs: tuple[str, ...], captions: int, typos: float, seed: int
    ) -> None:
        super().__init__()
        self.names, self.verbs, self.captions, self.typos = names, verbs, captions, typos
        self.verb = nn.Linear(width, len(verbs))
        self.random = random.Random(seed)

    def draw(self, network: AnimationNetwork) -> Practice:
        """The next captions to practise, of a network with this one's architecture."""
        rng = self.random
        wanted = [rng.randrange(len(self.verbs)) for _ in range(self.captions)]
        said = [caption_of(self.verbs[verb], rng.choice(self.names), rng) for verb in wanted]
        said = [mistyped(caption, rng) if rng.random() < self.typos else caption for caption in said]
        device = self.verb.weight.device
        verbs = torch.tensor(wanted, device=device)
        a = network.architecture
        if a.particles is None:
            none = torch.zeros(len(wanted), dtype=torch.long, device=device)
            return Practice(said, verbs, manner=none, kind=none, truth=torch.zeros(0, device=device))
        manner = torch.tensor([rng.randrange(MANNERS) for _ in wanted])
        motions = [motion_of(self.verbs[verb]) for verb in wanted]
        kinds = [NONE if m.particle is None else 1 + a.particles.kinds.index(m.particle) for m in motions]
        truth = torch.zeros(len(wanted), a.frames, a.particles.slots, 5)
        for i, motion in enumerate(motions):
            emitted = motion.emit(torch.arange(a.frames) / a.frames, self._style(manner[i : i + 1]))[0]
            truth[i, :, : emitted.shape[1]] = emitted
        return Practice(said, verbs, manner.to(device), torch.tensor(kinds, device=device), truth.to(device))

    def loss(self, network: AnimationNetwork, practice: Practice, *, frozen_text: bool = False) -> Tensor:
        """The drill's loss; with `frozen_text` the text encoder is used and not taught."""
        pooled = network.text(practice.captions).pooled
        pooled = pooled.detach() if frozen_text else pooled
        loss = F.cross_entropy(self.verb(pooled).float(), practice.verbs)
        if network.particles is None:
            return loss
        a = network.architecture
        phases = frame_phases(a.frames, a.harmonics).to(pooled.device)
        return loss + self._particle_loss(network.particles, pooled, phases, practice)

    def _particle_loss(self, head: ParticleHead, pooled: Tensor, phases: Tensor, practice: Practice) -> Tensor:
        logits, places = head(pooled, phases, practice.manner + 1)
        truth = practice.truth
        seen = truth[..., 4]
        off = (places[..., :4] - truth[..., :4]).abs() * truth.new_tensor([1.0, 1.0, 2.0, 0.3])
        of_kind = (practice.kind != NONE).float()[:, None, None]
        placing = (off.sum(-1) * seen).sum() / seen.sum().clamp(min=1)
        spots = seen[0].numel()
        showing = ((places[..., 4] - seen).abs() * of_kind).sum() / (of_kind.sum() * spots).clamp(min=1)
        loss: Tensor = F.cross_entropy(logits, practice.kind) + 2 * placing + 2 * showing
        return loss

    def _style(self, manner: Tensor) -> Style:
        rng = self.random
        strength, lag, ease, sway = (torch.tensor([rng.uniform(low, high)]) for low, high in STYLE_RANGES)
        return Style(strength, torch.ones(1), manner, lag, ease, sway, start=torch.zeros(1))

    def random_state(self) -> dict[str, Any]:
        version, words, gauss = self.random.getstate()
        return {"random": [version, list(words), gauss]}

    def load_random_state(self, state: dict[str, Any]) -> None:
        version, words, gauss = state["random"]
        self.random.setstate((version, tuple(words), gauss))
