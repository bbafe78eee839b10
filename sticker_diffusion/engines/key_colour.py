"""The colour that a sticker is put on before a video model sees it, so that it can be taken off again."""

from dataclasses import dataclass

import torch
from torch import Tensor

PALETTE = 24
_BINS = 8
_LEAST_SHARE = 0.002

# Twelve saturated hues. Compositing C = αF + (1 − α)K is solved for α in RGB, where the error of α is that of C over
# |F − K| (Smith and Blinn, Blue Screen Matting, 1996): so distances are Euclidean in RGB too.
CANDIDATES: dict[str, tuple[float, float, float]] = {
    "green": (0.0, 1.0, 0.0),
    "blue": (0.0, 0.0, 1.0),
    "magenta": (1.0, 0.0, 1.0),
    "cyan": (0.0, 1.0, 1.0),
    "red": (1.0, 0.0, 0.0),
    "yellow": (1.0, 1.0, 0.0),
    "spring green": (0.0, 1.0, 0.5),
    "chartreuse": (0.5, 1.0, 0.0),
    "azure": (0.0, 0.5, 1.0),
    "violet": (0.5, 0.0, 1.0),
    "rose": (1.0, 0.0, 0.5),
    "orange": (1.0, 0.5, 0.0),
}


@dataclass(frozen=True)
class KeyColour:
    """`distance` is that to the nearest of the sticker's colours, in RGB of [0, 1]: 1.73 at most."""

    name: str
    rgb: tuple[float, float, float]
    distance: float

    @property
    def hex(self) -> str:
        return "#" + "".join(f"{round(255 * value):02x}" for value in self.rgb)


def palette_of(sticker: Tensor) -> Tensor:
    """The colours (P, 3) in [0, 1], straight, commonest first, of a sticker (4, S, S) premultiplied in [0, 1].

    Colours are the means of the occupied cells of an 8×8×8 grid; cells with less than 0.2 % of the visible pixels are
    left out. Raises ValueError for a sticker in which nothing is visible.
    """
    alpha = sticker[3].flatten()
    visible = alpha > 0.5
    if not bool(visible.any()):
        visible = alpha > 1 / 255
    if not bool(visible.any()):
        raise ValueError("the sticker is fully transparent; it needs something to move")
    colours = (sticker[:3].flatten(1)[:, visible] / alpha[visible]).clamp(0, 1).T
    cell = (colours * (_BINS - 1e-3)).long()
    cells, index, counts = torch.unique(
        cell @ torch.tensor([_BINS**2, _BINS, 1], device=cell.device), return_inverse=True, return_counts=True
    )
    means = torch.zeros(len(cells), 3, device=colours.device).index_add_(0, index, colours) / counts[:, None]
    order = counts.argsort(descending=True, stable=True)
    common = order[counts[order] >= _LEAST_SHARE * len(colours)]
    palette: Tensor = means[(common if len(common) else order)[:PALETTE]]
    return palette


def choose_key(palette: Tensor) -> KeyColour:
    """The candidate whose nearest colour in `palette` (P, 3) is farthest; the first of equals."""
    colours = torch.tensor(list(CANDIDATES.values()), dtype=palette.dtype, device=palette.device)
    distances = torch.cdist(colours, palette).amin(1)
    best = int(distances.argmax())
    name = list(CANDIDATES)[best]
    return KeyColour(name, CANDIDATES[name], round(float(distances[best]), 4))
