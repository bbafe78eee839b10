"""Frames whose alpha is known: a sticker that moves over a background that drifts, with spill and noise.

python -m tests.sticker_diffusion.composites: keys all held-out stickers, and prints the errors.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from sticker_diffusion.engines.key_colour import KeyColour, choose_key, palette_of
from sticker_diffusion.engines.keying import Backgrounds, basis, follow_background, unmix
from tests.sticker_diffusion.stickers import held_out_bank, sticker

SHIFTS = [0, 2, 4, 2, 0]
ROUGH = {"drift": 0.12, "spill": 0.12, "noise": 0.01}


@dataclass(frozen=True)
class Composite:
    """frames (N, 3, S, S) in [0, 1]; truth (N, 4, S, S) premultiplied in [0, 1]."""

    frames: Tensor
    truth: Tensor
    key: KeyColour
    palette: Tensor


def composite(
    sticker: Tensor,
    *,
    shifts: list[int],
    drift: float = 0.0,
    spill: float = 0.0,
    noise: float = 0.0,
) -> Composite:
    """The sticker (4, S, S), premultiplied in [0, 1], shifted sideways by so many pixels in each frame.

    drift: from the first frame to the last the background goes by 2·drift towards grey, tilts by drift / 2 and darkens
    towards its corners. spill: the share of the background in the sticker's colour, falling off within 5 pixels of its
    edge. noise: its standard deviation.
    """
    palette = palette_of(sticker)
    key = choose_key(palette)
    size = sticker.shape[-1]
    generator = torch.Generator().manual_seed(0)
    _, x, y, xx, _, yy = basis(size, size)
    colour, grey = torch.tensor(key.rgb)[:, None, None], torch.tensor([0.35, 0.45, 0.4])[:, None, None]
    frames, truth = [], []
    for i, shift in enumerate(shifts):
        gone = drift * i / max(len(shifts) - 1, 1)
        background = (colour + 2 * gone * (grey - colour) + gone * (x / 2 - y / 3 - (xx + yy) / 3)).clamp(0, 1)
        moved = sticker.roll(shift, dims=-1)
        alpha = moved[3:]
        near = (2 * F.avg_pool2d((1 - alpha)[None], 9, stride=1, padding=4, count_include_pad=False)[0]).clamp(0, 1)
        seen = moved[:3] * (1 - spill * near) + alpha * spill * near * background + (1 - alpha) * background
        frames.append((seen + noise * torch.randn(seen.shape, generator=generator)).clamp(0, 1))
        truth.append(moved)
    return Composite(torch.stack(frames), torch.stack(truth), key, palette)


def unit(character: str, size: int = 96) -> Tensor:
    """A held-out sticker (4, size, size), premultiplied in [0, 1]."""
    return ((sticker(character, size) + 1) / 2).clamp(0, 1)


def keyed(scene: Composite, backgrounds: Backgrounds | None = None) -> Tensor:
    """(N, 4, S, S) premultiplied in [0, 1]."""
    backgrounds = backgrounds or follow_background(scene.frames, torch.tensor(scene.key.rgb))
    grid = basis(*scene.frames.shape[-2:])
    return torch.stack([unmix(frame, backgrounds.at(i, grid), scene.palette) for i, frame in enumerate(scene.frames)])


def errors(found: Tensor, truth: Tensor) -> tuple[float, float, float]:
    """Mean absolute errors: of alpha over all pixels, of alpha over those of the edges alone, of colour."""
    difference = (found[:, 3] - truth[:, 3]).abs()
    edge = (truth[:, 3] > 0.02) & (truth[:, 3] < 0.98)
    return float(difference.mean()), float(difference[edge].mean()), float((found[:, :3] - truth[:, :3]).abs().mean())


if __name__ == "__main__":
    torch.set_num_threads(1)
    for name, rough in (("clean", {}), ("rough", ROUGH), ("rougher", {"drift": 0.25, "spill": 0.25, "noise": 0.02})):
        found = []
        for character in held_out_bank().characters:
            scene = composite(unit(character), shifts=SHIFTS, **rough)
            found.append(errors(keyed(scene), scene.truth))
        for label, values in zip(("alpha", "alpha at edges", "colour"), zip(*found, strict=True), strict=True):
            print(f"{name:8} {label:15} mean {sum(values) / len(values):.4f}  worst {max(values):.4f}")
