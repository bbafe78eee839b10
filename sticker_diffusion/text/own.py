"""Captions to states: words and their character n-grams, hashed, through a short transformer.

Hashed n-grams (Bojanowski et al. 2017, arXiv 1607.04606) give every word a vector, so free text and typos work without
a vocabulary file. The empty caption is the null condition: one start token and nothing else.
"""

import re
import unicodedata
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import nn

from sticker_diffusion.text.states import TextStates

WORD = re.compile(r"\w+")
WORDLESS = "…"


@dataclass(frozen=True)
class TextSettings:
    """`buckets` hash slots of `width` numbers; captions are cut after `length` − 1 words."""

    buckets: int = 8192
    width: int = 96
    length: int = 16
    layers: int = 2
    heads: int = 4


@lru_cache(maxsize=65536)
def word_pieces(word: str, buckets: int) -> tuple[int, ...]:
    """Hash slots of a word: itself and the character 3- and 4-grams of '<word>'. Slot 0 is kept for the start token."""
    marked = f"<{word}>"
    grams = [marked] + [marked[i : i + n] for n in (3, 4) for i in range(len(marked) - n + 1)]
    return tuple(1 + zlib.crc32(gram.encode()) % (buckets - 1) for gram in grams)


def words_of(caption: str) -> list[str]:
    """The words of a caption; of one with signs only, such as "?!", WORDLESS: only '' says nothing at all."""
    words = WORD.findall(unicodedata.normalize("NFKC", caption).casefold())
    return words or ([WORDLESS] if caption.strip() else [])


class TextEncoder(nn.Module):
    def __init__(self, settings: TextSettings) -> None:
        super().__init__()
        self.settings = settings
        self.pieces = nn.EmbeddingBag(settings.buckets, settings.width, mode="mean")
        self.positions = nn.Parameter(torch.randn(settings.length, settings.width) * 0.1)
        layer = nn.TransformerEncoderLayer(
            settings.width, settings.heads, 2 * settings.width, dropout=0.0, batch_first=True, norm_first=True
        )
        self.transformer = nn.TransformerEncoder(layer, settings.layers, enable_nested_tensor=False)
        self.norm = nn.LayerNorm(settings.width)

    def forward(self, captions: Sequence[str]) -> TextStates:
        """Encode B captions at the batch's own length L ≤ `length`; '' is the null condition."""
        s = self.settings
        device = self.positions.device
        words = [words_of(caption)[: s.length - 1] for caption in captions]
        longest = 1 + max((len(w) for w in words), default=0)
        # A padding token is the start token's slot, hidden by the mask.
        bags = [
            bag
            for w in words
            for bag in [(0,), *(word_pieces(word, s.buckets) for word in w), *[(0,)] * (longest - 1 - len(w))]
        ]
        offsets = torch.tensor([0, *(len(bag) for bag in bags[:-1])], device=device).cumsum(0)
        slots = torch.tensor([slot for bag in bags for slot in bag], device=device)
        tokens = self.pieces(slots, offsets).view(len(words), longest, s.width)  # (b l) d -> b l d
        lengths = torch.tensor([1 + len(w) for w in words], device=device)
        mask = torch.arange(longest, device=device)[None] < lengths[:, None]
        states = self.norm(self.transformer(tokens + self.positions[:longest], src_key_padding_mask=~mask))
        weight = mask[..., None].to(states.dtype)
        return TextStates(states, mask, (states * weight).sum(1) / weight.sum(1))
