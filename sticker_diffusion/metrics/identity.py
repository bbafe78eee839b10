"""Does every frame still show the sticker? PSNR after the affine motion that explains the frame best is undone.

The alignment is Gauss-Newton (Levenberg's damping) on the six numbers of a backward affine map, coarse to fine, from
eight rotations, so that a full turn is found. Bends and particles are no affine motion: they cost some dB, which the
same figure of the procedural target shows.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from sticker_diffusion.metrics.fidelity import psnr

ROTATIONS = 8
_LEVELS = ((16, 8), (32, 5), (64, 3))  # side in pixels, iterations
_DAMPING = 1e-2


def identity_db(frames: Tensor, sticker: Tensor, *, fine: Tensor | None = None) -> Tensor:
    """PSNR (B,F) of frames (B,F,4,S,S) to the best-aligned sticker (B,4,S,S), premultiplied in [-1,1].

    `fine` (B,4,R,R) is the sticker at the size at which the frames were drawn, before they were averaged down to S. It
    is then what is drawn and averaged down: a sticker drawn at S is blurrier, which costs a perfect clip some 15 dB.
    """
    count = frames.shape[1]
    flat = (frames.flatten(0, 1).float() + 1) / 2
    source = ((sticker.float() + 1) / 2).repeat_interleave(count, 0)
    affine = alignment(flat, source)
    if fine is not None:
        source = ((fine.float() + 1) / 2).repeat_interleave(count, 0)
    aligned = F.interpolate(warped(source, affine), size=flat.shape[-2:], mode="bicubic", antialias=True)
    return psnr(flat * 2 - 1, aligned * 2 - 1).reshape(-1, count)


def alignment(frames: Tensor, source: Tensor) -> Tensor:
    """Backward affine maps (N,2,3) under which source (N,4,S,S) comes nearest to frames (N,4,S,S), both in [0,1]."""
    n, size = len(frames), frames.shape[-1]
    affine = _starts(frames, source).flatten(0, 1)
    for side, iterations in _LEVELS:
        if side > size:
            break
        small_frames, small_source = (F.adaptive_avg_pool2d(images, side) for images in (frames, source))
        starts = len(affine) // n
        affine, error = _refined(
            affine, small_frames.repeat_interleave(starts, 0), small_source.repeat_interleave(starts, 0), iterations
        )
        if starts > 1:
            best = error.reshape(n, starts).argmin(1)
            affine = affine.reshape(n, starts, 2, 3)[torch.arange(n), best]
    return affine


def warped(source: Tensor, affine: Tensor) -> Tensor:
    """source (N,C,S,S) drawn through backward maps (N,2,3)."""
    grid = F.affine_grid(affine, list(source.shape), align_corners=False)
    return F.grid_sample(source, grid, padding_mode="zeros", align_corners=False)


def _starts(frames: Tensor, source: Tensor) -> Tensor:
    """Maps (N,R,2,3) that match middle and size of the alphas, turned to every start rotation."""
    to, to_size = _moments(frames[:, 3])
    start, start_size = _moments(source[:, 3])
    shrink = (start_size / to_size).clamp(1 / 3, 3)
    turns = torch.arange(ROTATIONS) * (2 * math.pi / ROTATIONS)
    rotation = torch.stack(
        [torch.stack([turns.cos(), turns.sin()], -1), torch.stack([-turns.sin(), turns.cos()], -1)], -2
    )
    linear = rotation[None] * shrink[:, None, None, None]
    offset = start[:, None] - (linear @ to[:, None, :, None])[..., 0]
    return torch.cat([linear, offset[..., None]], dim=-1)


def _moments(alpha: Tensor) -> tuple[Tensor, Tensor]:
    """Middle (N,2) and root of the mass (N,) of alpha (N,S,S)."""
    side = alpha.shape[-1]
    axis = (torch.arange(side) * 2 + 1) / side - 1
    mass = alpha.sum(dim=(1, 2)).clamp(min=1e-3)
    middle = torch.stack([(alpha.sum(1) * axis).sum(1) / mass, (alpha.sum(2) * axis).sum(1) / mass], dim=-1)
    return middle, mass.sqrt()


def _refined(affine: Tensor, frames: Tensor, source: Tensor, iterations: int) -> tuple[Tensor, Tensor]:
    """Damped Gauss-Newton from each map; returns the best maps seen and their mean squared errors."""
    n, channels, side, _ = source.shape
    slope_x = F.pad(source[..., 2:] - source[..., :-2], (1, 1)) * (side / 4)
    slope_y = F.pad(source[..., 2:, :] - source[..., :-2, :], (0, 0, 1, 1)) * (side / 4)
    stacked = torch.cat([source, slope_x, slope_y], dim=1)
    axis = (torch.arange(side) * 2 + 1) / side - 1
    # p of a source coordinate's derivatives to the six numbers: (x, y, 1) for each of its rows.
    pixel = torch.stack([axis.expand(side, side), axis[:, None].expand(side, side), torch.ones(side, side)]).flatten(1)
    best = affine
    best_error = torch.full((n,), torch.inf)
    for _ in range(iterations):
        drawn, by_x, by_y = warped(stacked, affine).reshape(n, 3, channels, -1).unbind(1)
        residual = drawn - frames.flatten(2)
        error = residual.square().mean(dim=(1, 2))
        better = error < best_error
        best = torch.where(better[:, None, None], affine, best)
        best_error = torch.where(better, error, best_error)
        # Normal equations: sums over channels first, as every channel has the same coordinates.
        blocks = [[_weighted((a * b).sum(1), pixel) for b in (by_x, by_y)] for a in (by_x, by_y)]
        normal = torch.cat([torch.cat(row, dim=2) for row in blocks], dim=1)
        right = torch.cat([((a * residual).sum(1)) @ pixel.T for a in (by_x, by_y)], dim=1)
        scale = normal.diagonal(dim1=1, dim2=2).clamp(min=1e-4)
        step = torch.linalg.solve(normal + _DAMPING * torch.diag_embed(scale), right)
        affine = affine - step.reshape(n, 2, 3).clamp(-0.3, 0.3)
    return best, best_error


def _weighted(weight: Tensor, pixel: Tensor) -> Tensor:
    """Σ_p weight(n,p) · pixel(i,p) · pixel(j,p): (N,3,3)."""
    return torch.einsum("np,ip,jp->nij", weight, pixel, pixel)
