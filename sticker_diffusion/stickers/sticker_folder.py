"""Stickers as PNG files named by codepoint, so that measuring a model needs no font.

`python -m sticker_diffusion.stickers.sticker_folder FOLDER` draws the held-out ones (this needs the font).
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from sticker_diffusion.stickers.emoji import StickerBank, emoji_characters, split_of
from sticker_diffusion.stickers.image import premultiplied_square

RESOLUTION = 192


def straight_image(sticker: Tensor) -> Image.Image:
    """An RGBA image of a premultiplied sticker (4,S,S) in [0,1]."""
    pixels = sticker.permute(1, 2, 0).numpy()
    alpha = pixels[..., 3:]
    colour = np.divide(pixels[..., :3], alpha, out=np.zeros_like(pixels[..., :3]), where=alpha > 0)
    straight = np.concatenate([colour, alpha], axis=-1).clip(0, 1)
    return Image.fromarray((straight * 255).round().astype(np.uint8))


def write_stickers(bank: StickerBank, folder: Path) -> None:
    """One optimised PNG a sticker."""
    folder.mkdir(parents=True, exist_ok=True)
    for character, pixels in zip(bank.characters, bank.pixels, strict=True):
        straight_image(pixels.float() / 255).save(folder / f"{ord(character):x}.png", optimize=True)


def read_stickers(folder: Path) -> StickerBank:
    """The bank in a folder, in order of codepoint. Raises ValueError where no or other files are there."""
    files = sorted(folder.glob("*.png"))
    if not files:
        raise ValueError(f"{folder}: no stickers; expected PNG files named by codepoint, such as 1f436.png.")
    try:
        codepoints = [int(file.stem, 16) for file in files]
    except ValueError as error:
        raise ValueError(f"{folder}: a sticker's file is named by its codepoint, such as 1f436.png: {error}") from error
    images = [premultiplied_square(Image.open(file), RESOLUTION) for file in files]
    pixels = ((torch.stack(images) + 1) / 2 * 255).round().byte()
    return StickerBank(pixels=pixels, characters=tuple(map(chr, codepoints)))


def main() -> None:
    parser = argparse.ArgumentParser(description="Draw the held-out stickers as PNG files.")
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    held_out = [character for character in emoji_characters() if split_of(character) == "heldout"]
    bank = StickerBank.build(held_out, resolution=RESOLUTION)
    write_stickers(bank, folder)
    print(f"{len(bank)} stickers are in {folder}.")


if __name__ == "__main__":
    main()
