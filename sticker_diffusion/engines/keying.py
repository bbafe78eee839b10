"""From frames on a key colour back to transparency: the background is followed, then each pixel is unmixed.

A pixel is C = αF + (1 − α)B. B is a smooth surface that is fitted anew in every frame, as video models let the key
colour drift. F is unknown, but the sticker's own colours are not: for each of them α is one projection, and the
one that explains the pixel best is taken.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

_BORDER = 0.06  # of the shorter side
_NEAR = 0.35  # how far, in RGB of [0, 1], the background may step from one frame to the next
_LEAST_BORDER = 0.03  # of the border's pixels, below which the background cannot be seen and stays as it was
_OPAQUE_BIAS = 0.1
_LOW, _HIGH = 0.04, 0.9


@dataclass(frozen=True)
class Backgrounds:
    """A surface for each frame: coefficients (N, 6, 3) over 1, x, y, x², xy, y², with x and y in [−1, 1].

    `seen` is the share of frames whose border showed it; the others keep that of the frame before.
    """

    coefficients: Tensor
    seen: float

    def at(self, frame: int, basis: Tensor) -> Tensor:
        """(3, H, W) of one frame, for a basis (6, H, W)."""
        return torch.einsum("khw,kc->chw", basis, self.coefficients[frame]).clamp(0, 1)

    def drift(self, key: Tensor) -> float:
        """The farthest that the middle of the background went from the key colour (3,), in RGB of [0, 1]."""
        return float((self.coefficients[:, 0] - key.to(self.coefficients.device)).norm(dim=-1).max())


def basis(height: int, width: int, *, device: torch.device | str = "cpu") -> Tensor:
    """(6, H, W): 1, x, y, x², xy, y² at the pixels' centres."""
    y = ((torch.arange(height, device=device) + 0.5) * 2 / height - 1)[:, None].expand(height, width)
    x = ((torch.arange(width, device=device) + 0.5) * 2 / width - 1)[None].expand(height, width)
    return torch.stack([torch.ones_like(x), x, y, x * x, x * y, y * y])


def follow_background(frames: Tensor, key: Tensor) -> Backgrounds:
    """The background of frames (N, 3, H, W) in [0, 1], from their borders, starting at the key colour (3,).

    A border pixel counts where it is near the background of the frame before; three fits, each without the worst
    outliers of the last. Then every pixel near that fit counts, not only those of the border.
    """
    _, _, height, width = frames.shape
    whole = basis(height, width, device=frames.device)
    band = max(1, round(_BORDER * min(height, width)))
    border = torch.ones(height, width, dtype=torch.bool, device=frames.device)
    border[band:-band, band:-band] = False
    current = torch.zeros(6, 3, device=frames.device)
    current[0] = key
    fitted, seen = [], 0
    for frame in frames:
        distance = (frame - torch.einsum("khw,kc->chw", whole, current)).norm(dim=0)
        near = border & (distance < _NEAR)
        if int(near.sum()) >= _LEAST_BORDER * int(border.sum()):
            seen += 1
            current = _fit(frame, whole, near, degree=1)
            distance = (frame - torch.einsum("khw,kc->chw", whole, current)).norm(dim=0)
            current = _fit(frame, whole, distance < _NEAR / 4, degree=2)
        fitted.append(current)
    return Backgrounds(torch.stack(fitted), seen / len(frames))


def _fit(frame: Tensor, whole: Tensor, chosen: Tensor, *, degree: int) -> Tensor:
    """Least squares over the chosen pixels, trimmed twice at 2.5 robust deviations: (6, 3)."""
    terms = 3 if degree == 1 else 6
    colours, points = frame[:, chosen].T, whole[:terms, chosen].T
    weights = torch.ones(len(points), 1, device=frame.device)
    ridge = 1e-4 * len(points) * torch.eye(terms, device=frame.device)
    ridge[0, 0] = 0
    solution = torch.zeros(terms, 3, device=frame.device)
    for _ in range(3):
        weighted = points * weights
        solution = torch.linalg.solve(
            points.T @ weighted + ridge + 1e-9 * torch.eye(terms, device=frame.device), weighted.T @ colours
        )
        residual = (colours - points @ solution).norm(dim=1)
        weights = (residual <= 2.5 * residual.median() + 1e-3).float()[:, None]
    return F.pad(solution, (0, 0, 0, 6 - terms))


def unmix(frame: Tensor, background: Tensor, palette: Tensor) -> Tensor:
    """RGBA (4, H, W), premultiplied in [0, 1], of a frame (3, H, W) over a background (3, H, W).

    palette (P, 3) are the sticker's colours F_j. α_j = ⟨C − B, F_j − B⟩ / |F_j − B|², clamped; the residual of j plus a
    small price on transparency chooses, so that a colour between two explanations is the opaque one.
    """
    colour, behind = frame.flatten(1).T, background.flatten(1).T
    offset = colour - behind
    best = torch.full((len(colour),), torch.inf, device=frame.device)
    alpha = torch.zeros_like(best)
    own = torch.zeros_like(colour)
    for foreground in palette:
        direction = foreground - behind
        share = ((offset * direction).sum(1) / (direction * direction).sum(1).clamp(min=1e-4)).clamp(0, 1)
        cost = (offset - share[:, None] * direction).norm(dim=1) + _OPAQUE_BIAS * (1 - share)
        better = cost < best
        best = torch.where(better, cost, best)
        alpha = torch.where(better, share, alpha)
        own = torch.where(better[:, None], foreground, own)
    # What noise leaves of the background, and what spill takes from the sticker.
    alpha = ((alpha - _LOW) / (_HIGH - _LOW)).clamp(0, 1)
    straight = ((offset + behind * alpha[:, None]) / alpha[:, None].clamp(min=1e-3)).clamp(0, 1)
    straight = _without_spill(straight, behind, own)
    rgba = torch.cat([straight * alpha[:, None], alpha[:, None]], dim=1)
    unmixed: Tensor = rgba.T.unflatten(1, frame.shape[1:])
    return unmixed


def _without_spill(colour: Tensor, behind: Tensor, own: Tensor) -> Tensor:
    """Colours (N, 3) with no more of the background's hue than the sticker's nearest colour has."""
    hue = behind - behind.mean(1, keepdim=True)
    hue = hue / hue.norm(dim=1, keepdim=True).clamp(min=1e-3)
    surplus = ((colour - own) * hue).sum(1, keepdim=True).clamp(min=0)
    clean: Tensor = (colour - surplus * hue).clamp(0, 1)
    return clean
