"""Stickers for the tests: the committed held-out ones, so that no test needs the font."""

from functools import lru_cache
from pathlib import Path

from torch import Tensor

from sticker_diffusion.stickers.emoji import StickerBank
from sticker_diffusion.stickers.image import resize
from sticker_diffusion.stickers.sticker_folder import read_stickers

HELD_OUT = Path(__file__).resolve().parents[2] / "benchmarks" / "held_out"


@lru_cache(maxsize=1)
def held_out_bank() -> StickerBank:
    return read_stickers(HELD_OUT)


def sticker(character: str = "🦀", size: int = 64) -> Tensor:
    """(4,size,size) premultiplied in [-1,1]."""
    bank = held_out_bank()
    return resize(bank.pixels[bank.index(character)].float() / 127.5 - 1, size)
