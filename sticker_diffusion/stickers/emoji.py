"""Colour emoji as stickers: sprites from an open-licence font, with a white outline redrawn from alpha."""

from __future__ import annotations

import hashlib
import os
import sys
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

import numpy as np
import torch
import torch.nn.functional as F
from fontTools.ttLib import TTFont
from PIL import Image, ImageDraw, ImageFont
from rich.progress import track
from torch import Tensor

Split = Literal["train", "heldout"]

FONT_VARIABLE = "STICKERLOOP_EMOJI_FONT"
FONT_PATHS = (
    Path("/usr/share/fonts/truetype/noto/NotoColorEmoji.ttf"),
    Path("/usr/share/fonts/noto/NotoColorEmoji.ttf"),
)
CACHE_FOLDER = Path(".cache")
SPRITE_SHARE = 0.62
"""Share of the canvas's side that the sprite's longer side takes, outline included."""
OUTLINE_SHARE = 0.028
"""Width of the white outline, as a share of the canvas's side."""
BANK_RESOLUTION = 96
_STRIKE = 109  # the only bitmap size in the font: glyphs of 136 × 128 px
_FIRST_EMOJI = 0x203C  # below stand letters, digits and signs that are emoji only with a variation selector
_NOT_STICKERS = ((0x1F1E6, 0x1F1FF), (0x1F3FB, 0x1F3FF), (0xFE00, 0xFE0F), (0xE0000, 0x10FFFF))


class EmojiFontMissingError(RuntimeError):
    """No colour-emoji font was found."""


def font_path() -> Path:
    """The colour-emoji font; raises EmojiFontMissingError with the way to get one."""
    named = os.environ.get(FONT_VARIABLE)
    candidates = (Path(named),) if named else FONT_PATHS
    for candidate in candidates:
        if candidate.is_file():
            return candidate
    raise EmojiFontMissingError(
        f"No colour-emoji font at {', '.join(map(str, candidates))}. "
        f"Install Debian's fonts-noto-color-emoji, or set {FONT_VARIABLE} to the path of NotoColorEmoji.ttf."
    )


@lru_cache(maxsize=1)
def _font(path: Path) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(path), _STRIKE)


def emoji_characters() -> list[str]:
    """Single-codepoint emoji of the font that have a Unicode name: no flags, skin tones, selectors or tags."""
    with TTFont(str(font_path()), lazy=True) as font:
        codepoints = sorted(font.getBestCmap())
    return [
        chr(codepoint)
        for codepoint in codepoints
        if codepoint >= _FIRST_EMOJI
        and not any(first <= codepoint <= last for first, last in _NOT_STICKERS)
        and unicodedata.name(chr(codepoint), "")
    ]


def emoji_name(character: str) -> str:
    """Lower-case Unicode name, e.g. "dog face"."""
    return unicodedata.name(character).lower()


def split_of(character: str) -> Split:
    """About one emoji in twenty is held out, by a hash of its codepoint, so that the split never moves."""
    digest = hashlib.sha256(f"{ord(character):x}".encode()).digest()
    return "heldout" if digest[0] < 13 else "train"


def _glyph(character: str) -> Image.Image | None:
    font = _font(font_path())
    canvas = Image.new("RGBA", (192, 192))
    ImageDraw.Draw(canvas).text((96, 96), character, font=font, embedded_color=True, anchor="mm")
    box = canvas.getbbox()
    return canvas.crop(box) if box else None


def _premultiplied(image: Image.Image) -> Tensor:
    pixels = torch.from_numpy(np.asarray(image, dtype=np.float32) / 255).permute(2, 0, 1)
    return torch.cat([pixels[:3] * pixels[3:], pixels[3:]])


def _dilated(mask: Tensor, radius: float) -> Tensor:
    """A 0/1 mask (1,S,S) grown by a disc, which must stay inside the canvas."""
    side = mask.shape[-1]
    axis = torch.minimum(torch.arange(side), side - torch.arange(side)).float()
    disc = ((axis[:, None] ** 2 + axis[None] ** 2) <= radius**2).float()
    # A direct convolution takes seconds at 1024 px with a disc of 57.
    touched: Tensor = torch.fft.irfft2(torch.fft.rfft2(mask) * torch.fft.rfft2(disc), s=(side, side))
    return (touched > 0.5).float()


def with_outline(sprite: Tensor, *, size: int, supersample: int = 2) -> Tensor:
    """Put a premultiplied sprite (4,h,w) of any size in the middle of a (4,size,size) canvas, with a white outline.

    The outline is the sprite's alpha dilated by a disc at `supersample` times the target size, then averaged down,
    so its edge is anti-aliased at the target size whatever the sprite's own resolution.
    """
    canvas = size * supersample
    outline = OUTLINE_SHARE * canvas
    longest = SPRITE_SHARE * canvas - 2 * outline
    scale = longest / max(sprite.shape[1:])
    height, width = (max(1, round(side * scale)) for side in sprite.shape[1:])
    mode = "bicubic"
    resized = F.interpolate(sprite[None], size=(height, width), mode=mode, antialias=True)[0].clamp(0, 1)
    resized[:3] = torch.minimum(resized[:3], resized[3:])
    top, left = (canvas - height) // 2, (canvas - width) // 2
    placed = F.pad(resized, (left, canvas - width - left, top, canvas - height - top))
    white = _dilated((placed[3:] > 0.4).float(), outline)
    drawn = placed + white * (1 - placed[3:])
    return F.avg_pool2d(drawn[None], supersample)[0]


def render_emoji(character: str, size: int) -> Tensor:
    """The emoji as a sticker: premultiplied RGBA in [0,1], (4,size,size), outlined, 62 % of the canvas.

    Raises ValueError where the font draws nothing for the character.
    """
    glyph = _glyph(character)
    if glyph is None:
        raise ValueError(f"The emoji font has no picture for {character!r} (U+{ord(character):04X}).")
    return with_outline(_premultiplied(glyph), size=size)


@dataclass(frozen=True)
class StickerBank:
    """Sprites kept in memory: `pixels` (N,4,R,R) uint8 premultiplied, with characters, names and splits beside."""

    pixels: Tensor
    characters: tuple[str, ...]

    @property
    def resolution(self) -> int:
        return int(self.pixels.shape[-1])

    @property
    def names(self) -> list[str]:
        return [emoji_name(character) for character in self.characters]

    def __len__(self) -> int:
        return len(self.characters)

    def indices(self, split: Split) -> list[int]:
        """Positions in the bank of one split's stickers."""
        return [i for i, character in enumerate(self.characters) if split_of(character) == split]

    def index(self, character: str) -> int:
        return self.characters.index(character)

    @classmethod
    def build(cls, characters: Iterable[str], *, resolution: int = BANK_RESOLUTION) -> StickerBank:
        """Draw the characters; those for which the font has no picture are left out."""
        drawn: list[Tensor] = []
        kept: list[str] = []
        for character in track(list(characters), description="Drawing emoji", disable=not sys.stderr.isatty()):
            try:
                sticker = render_emoji(character, resolution)
            except ValueError:
                continue
            drawn.append((sticker * 255).round().byte())
            kept.append(character)
        return cls(pixels=torch.stack(drawn), characters=tuple(kept))

    @classmethod
    def load(cls, *, cache: Path = CACHE_FOLDER, resolution: int = BANK_RESOLUTION) -> StickerBank:
        """The bank of all emoji, from the cache folder's file or drawn (under a minute) and kept there."""
        path = cache / f"emoji-{resolution}.npz"
        if path.is_file():
            with np.load(path) as stored:
                return cls(
                    pixels=torch.from_numpy(stored["pixels"]),
                    characters=tuple(chr(codepoint) for codepoint in stored["codepoints"]),
                )
        bank = cls.build(emoji_characters(), resolution=resolution)
        cache.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(f".{os.getpid()}.partial.npz")
        np.savez_compressed(
            partial, pixels=bank.pixels.numpy(), codepoints=np.array([ord(character) for character in bank.characters])
        )
        partial.replace(path)
        return bank
