"""The loss of clips: x0 error weighted by signal-to-noise, and supervised motion where the data knows it."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from sticker_diffusion.conditioning import Kept
from sticker_diffusion.heads import affine_flow
from sticker_diffusion.network import Prediction
from sticker_diffusion.schedule import NoiseSchedule
from sticker_diffusion.stickers.clips import ClipBatch

# Charbonnier's epsilon, in grid coordinates: a third of a pixel at 64 × 64.
FLOW_SOFTNESS = 0.01
# Pixels around the sticker where its motion is taught as well.
EDGE = 4


@dataclass(frozen=True)
class LossWeights:
    """`snr_cap` bounds min(1 + SNR, cap).

    `flow` weighs the supervised motion, of which `flow_end` is left at the end of training: pixels alone would bend a
    turning sticker to win a little along its edges. `cover` is the price of painting, most where the moved sticker is
    known to show; where nobody knows the motion, where anything shows. `particles` is what an error counts more where
    something else shows: hearts and tears are a hundredth of the picture and the whole of their verb.
    """

    snr_cap: float = 5.0
    flow: float = 0.5
    flow_end: float = 0.0
    cover: float = 0.02
    particles: float = 0.0


@dataclass(frozen=True)
class Losses:
    total: Tensor
    x0: Tensor
    flow: Tensor
    cover: Tensor

    def record(self) -> dict[str, float]:
        return {name: round(float(getattr(self, name).detach()), 5) for name in ("total", "x0", "flow", "cover")}


def draw_timesteps(count: int, timesteps: int, generator: torch.Generator) -> Tensor:
    """(B,): 65 % uniform, 25 % in the noisiest fifth, 10 % the very first step: there few-step sampling lives."""
    u = torch.rand(count, generator=generator)
    t = torch.randint(0, timesteps, (count,), generator=generator)
    noisy = torch.randint(timesteps * 4 // 5, timesteps, (count,), generator=generator)
    t = torch.where(u < 0.35, noisy, t)
    return torch.where(u < 0.1, timesteps - 1, t)


def snr_weight(schedule: NoiseSchedule, t: Tensor, cap: float) -> Tensor:
    """(B,) weights of x0 errors: min(1 + SNR, cap), which is min-SNR weighting (Hang et al. 2023, arXiv 2303.09556)
    kept at 1 where there is no signal; Salimans & Ho 2022 (arXiv 2202.00512) call 1 + SNR "SNR+1"."""
    return (1 + schedule.snr(t)).clamp(max=cap)


def clip_loss(
    prediction: Prediction,
    batch: ClipBatch,
    *,
    kept: Kept,
    t: Tensor,
    schedule: NoiseSchedule,
    weights: LossWeights,
    motion_share: float,
) -> Losses:
    """Mean losses of clips; `motion_share` in [0, 1] is what is left of the supervised motion.

    Each is a mean over all clips, those without a known motion or a sticker included, so that those of a batch's parts
    add up to the batch's.

    A clip whose motion nobody knows, as one that people chose, teaches by its pixels and by the price of painting.
    """
    motion_known = batch.motion_known[:, None, None, None, None]
    # Where particles are or are painted: with the target's alone, painting too much would cost less than too little.
    beside = (batch.frames[:, :, 3:] + 1) / 2 * (1 - batch.flow_weight) * motion_known  # b f 1 h w
    painted = ((1 - prediction.layers.mask) * prediction.layers.painted[:, -1:]).detach().view_as(beside)
    beside = torch.maximum(beside, painted * motion_known * kept.image[:, None, None, None, None])
    error = ((prediction.x0 - batch.frames).square() * (1 + weights.particles * beside)).mean(dim=(1, 2, 3, 4))
    x0 = (batch.weight * error * snr_weight(schedule, t, weights.snr_cap)).mean()
    layers = prediction.layers
    image = kept.image.to(error.dtype)
    known = batch.flow_weight * image[:, None, None, None, None]  # b f 1 h w
    size, truth, affine = known.shape[-1], batch.flow.flatten(0, 1), batch.affine.flatten(0, 1)
    # The motion goes on outside the sticker; taught up to its edge only, the edge itself is drawn ragged.
    around = F.max_pool2d(known.flatten(0, 1), 2 * EDGE + 1, stride=1, padding=EDGE).view_as(known)
    made, made_first = layers.flow(size), layers.first_flow(size)
    # What bends is taught apart from what moves rigidly, so that neither makes up for the other's errors.
    bent = (made - made_first) - (truth - affine_flow(affine, size))
    moved = sum(_mean_where(_soft_length(off).view_as(known), around) for off in (made - truth, bent))
    turned = (layers.affine[:, 0] - affine).abs().mean(dim=(1, 2)).view(known.shape[:2]).mean(dim=1)
    flow = (moved + turned * image * batch.motion_known).mean()
    hidden = (1 - layers.mask).view_as(known)
    unknown = (1 - motion_known) * image[:, None, None, None, None]
    shown = known + unknown * (batch.frames[:, :, 3:] + 1) / 2
    cover = (_mean_where(hidden, shown) + 0.2 * hidden.mean(dim=(1, 2, 3, 4)) * image).mean()
    share = weights.flow_end + (1 - weights.flow_end) * motion_share
    total = x0 + share * weights.flow * flow + weights.cover * cover
    return Losses(total, x0, flow, cover)


def _mean_where(value: Tensor, where: Tensor) -> Tensor:
    """(B,) means of value (B, F, 1, h, w) over each clip's own places, weighed by `where`; 0 for a clip without any."""
    places = (1, 2, 3, 4)
    return (value * where).sum(dim=places) / where.sum(dim=places).clamp(min=1)


def _soft_length(off: Tensor) -> Tensor:
    """Charbonnier's distance (N, 1, h, w) of offsets (N, 2, h, w)."""
    return (off.square().sum(1, keepdim=True) + FLOW_SOFTNESS**2).sqrt() - FLOW_SOFTNESS
