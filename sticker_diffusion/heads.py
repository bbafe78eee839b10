"""The warp head: a clip as a sticker that moves, plus what is painted over it.

x0 = m · warp(sticker) + (1 − m) · painted, per frame. The warp is a few affine motions, each with a soft mask, plus a
small residual flow; all of it is smooth in space, so the same motion on the full-size sticker gives a full-size clip.
Coordinates are those of grid_sample with align_corners=False: x right, y down, pixel centres at −1 + 1/S … 1 − 1/S.
"""

from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sticker_diffusion.stickers.pose import backward_affine

LARGEST_LOG_SCALE = 2.0


@dataclass(frozen=True)
class HeadSettings:
    """`parts` affine motions a frame; `features` channels are pooled into them.

    `rigid` parts are a turn, a scale, a lean and a shift about the sticker's middle, so that what only turns keeps its
    shape exactly; otherwise they are the six numbers of any affine map.
    `smoothing` is the odd width of a box blur, applied twice to the soft masks and the residual flow; 0 is none.
    """

    parts: int = 3
    features: int = 32
    hidden: int = 128
    smoothing: int = 0
    rigid: bool = False

    def __post_init__(self) -> None:
        if self.smoothing and self.smoothing % 2 == 0:
            raise ValueError(f"smoothing must be odd or 0, got {self.smoothing}")


def coordinates(size: int, device: torch.device | None = None) -> Tensor:
    """(size, size, 2) pixel centres as (x, y)."""
    axis = (torch.arange(size, device=device) + 0.5) * (2 / size) - 1
    y, x = torch.meshgrid(axis, axis, indexing="ij")
    return torch.stack([x, y], dim=-1)


@dataclass(frozen=True)
class Layers:
    """How N = (b f) frames are made from a sticker, in fp32.

    affine (N, K, 2, 3) backward affine motions, output → sticker coordinates; parts (N, K, h, w) soft masks, sum 1;
    residual (N, 2, h, w) flow; mask (N, 1, S, S) in (0, 1): 1 shows the warped sticker, 0 the painted layer;
    painted (N, C, S, S) premultiplied in [0, 1].
    """

    affine: Tensor
    parts: Tensor
    residual: Tensor
    mask: Tensor
    painted: Tensor

    def flow(self, size: int) -> Tensor:
        """(N, 2, size, size): sticker coordinate minus output coordinate."""
        grid = coordinates(size, self.affine.device)
        parts = _resize(self.parts, size)
        blended = torch.einsum("nkhw,nkij->nhwij", parts, self.affine)  # a convex blend of affine maps at each place
        source = (blended[..., :2] @ grid[..., None])[..., 0] + blended[..., 2]
        return (source - grid).permute(0, 3, 1, 2) + _resize(self.residual, size)

    def standing(self, chosen: Tensor) -> "Layers":
        """The same, but frames `chosen` (N,) bool show the sticker as it is."""
        still = chosen.view(-1, 1, 1, 1)
        identity = torch.eye(2, 3, device=self.affine.device)
        return replace(
            self,
            affine=torch.where(still, identity, self.affine),
            residual=self.residual.masked_fill(still, 0.0),
            mask=self.mask.masked_fill(still, 1.0),
        )

    def first_flow(self, size: int) -> Tensor:
        """(N, 2, size, size): the flow of the first part alone, which is rigid where the sticker only moves."""
        return affine_flow(self.affine[:, 0], size)

    def render(self, sticker: Tensor, size: int) -> Tensor:
        """(N, C, size, size) premultiplied in [0, 1] from `sticker` (N, C, s, s) premultiplied in [0, 1], any s."""
        grid = coordinates(size, sticker.device) + self.flow(size).permute(0, 2, 3, 1)
        warped = F.grid_sample(sticker.float(), grid, align_corners=False, padding_mode="zeros")
        mask = _resize(self.mask, size)
        return mask * warped + (1 - mask) * _resize(self.painted, size)


def affine_flow(affine: Tensor, size: int) -> Tensor:
    """(N, 2, size, size) of backward maps (N, 2, 3): sticker coordinate minus output coordinate."""
    grid = coordinates(size, affine.device)
    source = torch.einsum("nij,hwj->nihw", affine[..., :2], grid) + affine[:, :, 2, None, None]
    return source - grid.permute(2, 0, 1)


def _resize(x: Tensor, size: int) -> Tensor:
    return x if x.shape[-1] == size else F.interpolate(x, size=(size, size), mode="bilinear", align_corners=False)


class WarpHead(nn.Module):
    """Channels of the UNet's last convolution to Layers. `patch` is the pixel-unshuffle factor of its input."""

    def __init__(self, settings: HeadSettings, *, channels: int, patch: int, condition_width: int) -> None:
        super().__init__()
        self.patch = patch
        self.smoothing = settings.smoothing
        self.rigid = settings.rigid
        k = settings.parts
        # painted and mask at full resolution; parts and residual at twice the latent one; pooled features, votes.
        self.widths = [channels * patch**2, patch**2, 4 * k, 8, settings.features, k]
        self.motion = nn.Sequential(
            nn.Linear(k * settings.features + condition_width, settings.hidden),
            nn.SiLU(),
            nn.Linear(settings.hidden, settings.hidden),
            nn.SiLU(),
            nn.Linear(settings.hidden, (7 if settings.rigid else 6) * k),
        )
        for parameter in self.motion[-1].parameters():
            nn.init.zeros_(parameter)
        # Part 0 starts as the whole frame, so that the parts are not copies of each other.
        part_bias = torch.zeros(k, 1, 1)
        part_bias[0] = 2.0
        self.part_bias = nn.Parameter(part_bias)

    @property
    def in_channels(self) -> int:
        return sum(self.widths)

    def forward(self, x: Tensor, condition: Tensor, middle: Tensor) -> Layers:
        """x ((b f), in_channels, h, w), condition ((b f), condition_width) and the middles of the stickers' boxes
        ((b f), 2) to Layers, in fp32."""
        painted, mask, parts, residual, features, votes = x.float().split(self.widths, dim=1)
        weight = votes.flatten(2).softmax(-1)  # n k (h w)
        pooled = torch.einsum("nkp,ncp->nkc", weight, features.flatten(2)).flatten(1)
        moved = self.motion(torch.cat([pooled, condition.float()], dim=1)).unflatten(1, (len(self.part_bias), -1))
        return Layers(
            affine=self._affine(moved, middle),
            parts=self._smooth((F.pixel_shuffle(parts, 2) + self.part_bias).softmax(1)),
            residual=self._smooth(0.1 * F.pixel_shuffle(residual, 2)),
            mask=torch.sigmoid(F.pixel_shuffle(mask, self.patch) + 3),
            painted=_premultiplied(F.pixel_shuffle(painted, self.patch)),
        )

    def _affine(self, moved: Tensor, middle: Tensor) -> Tensor:
        """(n, k, 2, 3) from the numbers of the parts (n, k, 6 or 7)."""
        # The other parts move against the first: wherever they have nothing to add, the whole sticker moves rigidly.
        moved = torch.cat([moved[:, :1], moved[:, :1] + moved[:, 1:]], dim=1)
        if not self.rigid:
            affine: Tensor = torch.eye(2, 3, device=moved.device) + moved.unflatten(2, (2, 3))
            return affine
        turn = F.normalize(moved[..., :2] + torch.tensor([1.0, 0.0], device=moved.device), dim=-1, eps=1e-4)
        scale = moved[..., 2:4].clamp(-LARGEST_LOG_SCALE, LARGEST_LOG_SCALE)
        return backward_affine(
            torch.cat([turn, scale, moved[..., 4:5]], dim=-1), shift=moved[..., 5:], anchor=middle[:, None]
        )

    def _smooth(self, x: Tensor) -> Tensor:
        """Motion varies slowly over a sticker; a flow that changes from cell to cell tears its outline."""
        if self.smoothing:
            for _ in range(2):
                x = F.avg_pool2d(F.pad(x, [self.smoothing // 2] * 4, mode="replicate"), self.smoothing, stride=1)
        return x


def _premultiplied(x: Tensor) -> Tensor:
    """Straight colour and alpha logits to premultiplied colour: 0 ≤ rgb ≤ alpha ≤ 1 by construction."""
    colour, alpha = torch.sigmoid(x[:, :-1]), torch.sigmoid(x[:, -1:])
    return torch.cat([colour * alpha, alpha], dim=1)
