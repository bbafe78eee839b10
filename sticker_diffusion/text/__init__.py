"""Captions to states: an encoder of our own for the demo's scale, CLIP and FLAN-T5 for the real one."""

from sticker_diffusion.text.own import TextEncoder, TextSettings, word_pieces, words_of
from sticker_diffusion.text.states import TextStates

__all__ = ["TextEncoder", "TextSettings", "TextStates", "word_pieces", "words_of"]
