"""All that can be said of a finished clip without knowing how it should have looked; the worker stores it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from statistics import fmean

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from sticker_diffusion.metrics.asked_verb import asked_verb
from sticker_diffusion.metrics.flicker import alpha_flicker
from sticker_diffusion.metrics.frozen import frozen
from sticker_diffusion.metrics.identity import identity_db
from sticker_diffusion.metrics.probe import FRAMES, SIZE, shipped_probe
from sticker_diffusion.metrics.relevance import TemplateBank
from sticker_diffusion.metrics.seam import seam_ratio, steps
from sticker_diffusion.metrics.sharpness import edge_steepness
from sticker_diffusion.stickers.image import premultiplied_square, resize
from sticker_diffusion.stickers.score import bucket_of, shift_response

_LEAST_ALPHA = 8 / 255
"""Below this nobody sees anything."""
_FINE_SIZE = 192
"""Side from which the sticker is drawn to compare frames with it; beyond, nothing changes but the time."""


class ClipError(ValueError):
    """Frames or a sticker that cannot be measured; the message says what was wrong and what would be right."""


@dataclass(frozen=True)
class ClipMetrics:
    """Figures of one clip, taken at 64 pixels but for sharpness. None is "cannot be said": of a clip in which nothing
    can be seen, or, of the verb asked for, of a caption that the rule does not understand.

    frames: how many, as given.
    frozen: nothing moves, or nothing can be seen.
    motion_size: mean step over the closed loop of eight frames, in 1/64 of the canvas; 0 for a still.
    bucket: 1…16, the bucket of that size.
    seam_ratio: the step from the last frame to the first over the median step; about 1 in a loop.
    flicker: how much alpha comes and goes beyond what one passing edge needs, see alpha_flicker; 0 for none.
    identity_db: PSNR in dB, 60 at most, between each frame after the first and the sticker, once the affine motion that
        explains the frame best is undone; the mean.
    sharpness: how steep edges are after the first frame, over the sticker's at the clip's size; 1 is as sharp,
        which a sticker redrawn between pixels does not reach: the procedural clips have about 0.8 at 64 pixels.
    verb_seen: what the probe takes the motion for: a verb, "static", or "body only" (its particles are missing).
    verb_seen_probability: how sure the probe is, 0…1.
    verb_asked: the one verb that the caption asks for.
    verb_asked_probability: the probe's probability, 0…1, of the verb asked for.
    recognised: whether the verb seen is the one asked for.
    nearest_motion: the verb of the nearest of all procedural clips of this sticker; only on demand: a second.
    """

    frames: int
    frozen: bool
    motion_size: float
    bucket: int
    seam_ratio: float
    flicker: float
    identity_db: float | None = None
    sharpness: float | None = None
    verb_seen: str | None = None
    verb_seen_probability: float | None = None
    verb_asked: str | None = None
    verb_asked_probability: float | None = None
    recognised: bool | None = None
    nearest_motion: str | None = None


@torch.no_grad()
def measure(
    frames: Tensor | NDArray[np.uint8],
    sticker: Tensor | Image.Image,
    caption: str | None = None,
    *,
    bucket_edges: Tensor | None = None,
    nearest: bool = False,
) -> ClipMetrics:
    """Measure one clip: uint8 RGBA with straight alpha (F,S,S,4), or floats (F,4,S,S), premultiplied in [-1,1].

    The sticker is an image, or (4,s,s) premultiplied in [-1,1], of any size. `bucket_edges` (15,) are a checkpoint's
    own; without them the procedural clips' are taken. `nearest` also names the nearest motion. Raises ClipError for
    frames of another shape, values that are not finite, and a sticker of which nothing can be seen.
    """
    given = _checked(torch.as_tensor(frames).cpu())
    source = _source(sticker)
    small_source = resize(source, SIZE)
    size = given.shape[-2]
    fine = resize(source, min(size, _FINE_SIZE))
    ideal = edge_steepness(resize(source, size)).clamp(min=1e-6)
    small, sharpness = [], []
    for frame in map(_premultiplied, given):
        small.append(resize(frame, SIZE))
        sharpness.append(float(edge_steepness(frame) / ideal))
    clip = torch.stack(small)
    eight = clip[torch.arange(FRAMES) * len(clip) // FRAMES]
    # The sticker's own shift, not the first frame's: that may be empty in a clip that fades in.
    motion = steps(eight[None]).mean() / shift_response(small_source[None])[0]
    probe = shipped_probe()
    edges = torch.tensor(probe.description.bucket_edges) if bucket_edges is None else bucket_edges
    asked = None if caption is None else asked_verb(caption)
    common = ClipMetrics(
        frames=len(clip),
        frozen=frozen(clip),
        motion_size=round(float(motion), 4),
        bucket=int(bucket_of(motion[None], edges)),
        seam_ratio=round(float(seam_ratio(clip[None])[0]), 3),
        flicker=round(float(alpha_flicker(clip[None])[0]), 3),
        verb_asked=asked,
    )
    if float(clip[:, 3].amax() + 1) / 2 <= _LEAST_ALPHA:
        return common
    classes = probe.description.classes
    seen = dict(zip(classes, probe.probabilities(eight[None])[0].tolist(), strict=True))
    verb_seen = max(classes, key=seen.__getitem__)
    moving = slice(1, None) if len(clip) > 1 else slice(None)
    return replace(
        common,
        identity_db=round(float(identity_db(clip[None, moving], small_source[None], fine=fine[None]).mean()), 2),
        sharpness=round(fmean(sharpness[moving]), 3),
        verb_seen=verb_seen,
        verb_seen_probability=round(seen[verb_seen], 4),
        verb_asked_probability=round(seen[asked], 4) if asked in seen else None,
        recognised=verb_seen == asked if asked in seen else None,
        nearest_motion=TemplateBank(small_source).recognise(eight).template.seen_as if nearest else None,
    )


def _checked(given: Tensor) -> Tensor:
    floats = given.is_floating_point()
    if not floats and given.dtype != torch.uint8:
        raise ClipError(f"frames are {given.dtype}; uint8 with straight alpha, or premultiplied floats, are expected")
    channels, expected = (1, "(frames, 4, size, size)") if floats else (3, "(frames, size, size, 4)")
    if given.ndim != 4 or given.shape[channels] != 4 or given.shape[2] != given.shape[3 if floats else 1]:
        raise ClipError(f"frames are {given.dtype} {tuple(given.shape)}; {expected} is expected")
    if not len(given):
        raise ClipError("the clip has no frames; one or more are expected")
    finite = torch.isfinite(given).flatten(1).all(1)
    if not bool(finite.all()):
        raise ClipError(f"frame {int(finite.int().argmin())} holds NaN or infinite values; [-1, 1] is expected")
    return given


def _premultiplied(frame: Tensor) -> Tensor:
    """(4,S,S) fp32 in [-1,1], of a frame of either kind."""
    if frame.is_floating_point():
        return frame.float().clamp(-1, 1)
    unit = frame.permute(2, 0, 1).float() / 255  # h w c -> c h w
    return torch.cat([unit[:3] * unit[3:], unit[3:]]) * 2 - 1


def _source(sticker: Tensor | Image.Image) -> Tensor:
    source = premultiplied_square(sticker, max(sticker.size)) if isinstance(sticker, Image.Image) else sticker.float()
    if source.ndim != 3 or source.shape[0] != 4 or source.shape[1] != source.shape[2]:
        raise ClipError(f"the sticker is {tuple(source.shape)}; (4, size, size) is expected")
    if not bool(torch.isfinite(source).all()):
        raise ClipError("the sticker holds NaN or infinite values; [-1, 1] is expected")
    if float(source[3].max() + 1) / 2 <= _LEAST_ALPHA:
        raise ClipError("the sticker is fully transparent; a clip is measured against something that can be seen")
    return source.cpu()
