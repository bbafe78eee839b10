"""Redraw a sticker's outline around its moved body, so that it keeps its width and a clean edge wherever a warp bends.

A sticker with an outline of even width w is its body grown by a disc of radius w. So shrinking its alpha by w gives the
body, and growing the warped body by w the outline again (opening, Serra 1982: for such a shape it changes nothing).
Both use one exact growth of sub-pixel distances. Images are premultiplied RGBA in [0, 1]; lengths are in pixels.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

import torch
import torch.nn.functional as F
from torch import Tensor

from sticker_diffusion.stickers.image import resize

WIDEST = 0.05
"""Widest outline that is redrawn, as a share of the canvas's side; of a wider one, this much."""
BAND = 3.0
"""Pixels on both sides of the body's edge in which its distance is kept through a warp."""
_LEAST_BAND = 1.5  # a thinner outline leaves the warp no room between its two edges
_FAR = 1e6
_LOOKED_AT = 256  # an outline is looked for at this size or less
_SAME_COLOUR = 0.12
_STRAY = 0.01  # share of pixels in an outline that may have another colour
_LEAST_BODY = 0.02  # share of a sticker that is not of the outline's colour
_OPAQUE = 0.98
_TOLERANCE = 0.12  # pixels by which an outline drawn anew may differ from the sticker's own, on the average


@dataclass(frozen=True)
class Outline:
    """`colour` (3,); `width`, up to which nothing else is; `softness`, over how much its outer edge fades."""

    colour: Tensor
    width: float
    softness: float

    @property
    def band(self) -> float:
        """Half the width of the ramp over the body's edge, which must end before the outer edge's begins."""
        return min(BAND, self.width - self.softness / 2 - 1)


def find_outline(sticker: Tensor) -> Outline | None:
    """The outline of sticker (4, S, S), or None where it has none of one colour and width that can be redrawn."""
    size = sticker.shape[-1]
    small = (resize(sticker * 2 - 1, min(size, _LOOKED_AT)) + 1) / 2
    alpha, scale = small[3], size / small.shape[-1]
    inside = alpha > 0.5
    if inside.all() or not inside.any():
        return None
    softness, widest = _softness(alpha), WIDEST * len(alpha)
    depth = _depth(inside, ceil(widest) + 2)
    straight = small[:3] / alpha.clamp(min=0.5)
    rim = straight[:, inside & (depth > softness / 2) & (depth <= softness / 2 + 2)]
    if rim.shape[1] == 0:
        return None
    colour = rim.median(1).values
    other = inside & ((straight - colour[:, None, None]).abs().amax(0) > _SAME_COLOUR)
    if other.sum() < _LEAST_BODY * inside.sum():
        return None
    width = min(widest, _even_width(depth[inside], other[inside], softness=softness))
    while (full := Outline(colour, width * scale, _softness(sticker[3]))).band >= _LEAST_BAND:
        if _is_grown(alpha, Outline(colour, width, softness)):
            return full
        width *= 0.85
    return None


def raised(stickers: Tensor, outlines: Sequence[Outline | None]) -> Tensor:
    """Stickers (B, 4, S, S) as what a warp can carry and `redrawn` reads: linear, and 0 where nothing is.

    Colour becomes its difference from the outline's, alpha a relief: 0 outside, 1 on the outline, then rising over the
    body's edge with the distance from it. A sticker without an outline is left as it is.
    """
    return torch.stack(
        [
            sticker if outline is None else _raised(sticker, outline)
            for sticker, outline in zip(stickers, outlines, strict=True)
        ]
    )


def redrawn(frames: Tensor, outlines: Sequence[Outline | None]) -> Tensor:
    """Warped frames (B, F, 4, S, S) of what `raised` made, with outlines redrawn. Frame 0, the sticker itself, is not.

    An outline is as wide as the body is large: where a frame shrinks the body, its outline shrinks with it.
    """
    return torch.stack(
        [clip if outline is None else _redrawn(clip, outline) for clip, outline in zip(frames, outlines, strict=True)]
    )


def _raised(sticker: Tensor, outline: Outline) -> Tensor:
    alpha = sticker[3:]
    relief = (outline.band - _body_distance(alpha, outline)).clamp(0, 2 * outline.band)
    return torch.cat([sticker[:3] - alpha * outline.colour[:, None, None], alpha + relief])


def _redrawn(clip: Tensor, outline: Outline) -> Tensor:
    relief = clip[:, 3]
    distance = 1 + outline.band - relief
    grown = _grown(_in_pixels(distance, outline.band), outline.width * _scale(distance), beyond=outline.softness)
    alpha = torch.cat([relief[:1].clamp(0, 1), _covered(grown[1:], outline.softness)])[:, None]
    return torch.cat([clip[:, :3] + alpha * outline.colour[:, None, None], alpha], dim=1)


def _in_pixels(warped: Tensor, band: float) -> Tensor:
    """Distances (F, S, S) that a warp has stretched or squeezed, as distances in the frame: divided by their slope."""
    slope = torch.hypot(_steepest(warped, -1), _steepest(warped, -2))
    return torch.where(warped < band, warped / slope.clamp_(min=0.25), _FAR)


def _scale(distance: Tensor) -> Tensor:
    """The body's size (F,) in each frame over that in frame 0, by its area."""
    area = (distance < 0).float().sum((1, 2))
    return (area / area[0].clamp(min=1)).sqrt().clamp(0.25, 2)


def _steepest(field: Tensor, axis: int) -> Tensor:
    """The larger of the differences to both neighbours: on ridges and where a ramp ends, the mean would halve it."""
    step = field.diff(dim=axis).abs()
    steepest = F.pad(step, (1, 0) if axis == -1 else (0, 0, 1, 0))
    earlier = steepest.narrow(axis, 0, step.shape[axis])
    torch.maximum(earlier, step, out=earlier)
    return steepest


def _body_distance(alpha: Tensor, outline: Outline) -> Tensor:
    """Signed distance (N, S, S) from the edge of the body, negative inside, of alpha (N, S, S): the outside, grown."""
    # Well inside, resampling leaves alphas a little below 1, which are no distances.
    outside = torch.where(alpha < 0.75, (alpha - 0.5) * outline.softness, _FAR)
    width = torch.full((len(alpha),), outline.width, device=alpha.device)
    return -_grown(outside, width, beyond=outline.band)


def _is_grown(alpha: Tensor, outline: Outline) -> bool:
    """Is the alpha (S, S) its own body, opaque, grown by the outline's width?"""
    body = _body_distance(alpha[None], outline)
    if (alpha[body[0] < 0] > _OPAQUE).float().mean() < 1 - _STRAY:
        return False
    width = torch.tensor([outline.width], device=alpha.device)
    again = _covered(_grown(body, width, beyond=outline.softness), outline.softness)[0]
    return bool((again - alpha).abs().sum() < _TOLERANCE * _edge_length(alpha))


def _covered(distance: Tensor, softness: float) -> Tensor:
    return (0.5 - distance / softness).clamp(0, 1)


def _edge_length(alpha: Tensor) -> Tensor:
    """Pixels of edge in alpha (S, S): Σ|∇|."""
    return (alpha.diff(dim=0)[:, 1:].square() + alpha.diff(dim=1)[1:].square()).sqrt().sum()


def _softness(alpha: Tensor) -> float:
    """Length r of the ramp at the edges of alpha (S, S), at least 1: across a ramp, Σ a (1 − a) is r / 6."""
    return max(1.0, float(6 * (alpha * (1 - alpha)).sum() / _edge_length(alpha).clamp(min=1)))


def _even_width(depth: Tensor, other: Tensor, *, softness: float) -> float:
    """Greatest depth above which next to nothing has another colour, from depths and colours of pixels (N,)."""
    order = depth.argsort()
    ranked, strays = depth[order], other[order].float().cumsum(0)
    # Near the edge colours are blurred with nothing; they are not counted.
    strays = strays - strays[ranked <= softness / 2 + 1][-1:].sum()
    beyond = (strays > _STRAY * torch.arange(1, len(ranked) + 1, device=depth.device)).nonzero()
    return float(ranked[beyond[0, 0]]) if len(beyond) else 0.0


def _depth(inside: Tensor, reach: int) -> Tensor:
    """Distance (S, S) of each inside pixel's centre from the edge, up to `reach`."""
    return _spread(torch.where(inside, _FAR, 0.0)[None], reach)[0].sqrt().clamp(max=reach) - 0.5


def _grown(distance: Tensor, radius: Tensor, *, beyond: float) -> Tensor:
    """Signed distance (N, S, S) from shapes grown by discs of radius (N,), good up to `beyond` outside their edge.

    `distance` (N, S, S) is that from the shapes themselves, good near their edge. A pixel at depth d in a shape holds a
    disc of radius d, so the grown shape is the union of discs of radius r + d around its pixels: |p − q| ≤ r + d is
    |p − q|² + r² − (r + d)² ≤ r², and a least sum of squares separates into rows and columns (Felzenszwalb and
    Huttenlocher 2012, Distance Transforms of Sampled Functions). Depths are real numbers, so the edge is exact to a few
    hundredths of a pixel.
    """
    r = radius[:, None, None]
    near = distance.clamp(min=-0.75)
    height = torch.where(near < 0.75, 2 * r * near - near.square(), _FAR)
    return _spread(height, ceil(float(radius.max()) + beyond) + 1).clamp(min=0).sqrt() - r


def _spread(height: Tensor, reach: int) -> Tensor:
    """min over q of height(q) + |p − q|², within `reach` along each axis; (N, S, S)."""
    for axis in (-2, -1):
        length = height.shape[axis]
        lowest, farther = height.clone(), torch.empty_like(height)
        for step in range(1, min(reach, length - 1) + 1):
            torch.add(height, step**2, out=farther)
            for to, start in ((0, step), (step, 0)):
                part = lowest.narrow(axis, to, length - step)
                torch.minimum(part, farther.narrow(axis, start, length - step), out=part)
        height = lowest
    return height
