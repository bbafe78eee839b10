"""Stickers from the emoji font: outlined, centred, of a fixed size, and split once and for all."""

from pathlib import Path

import pytest
import torch

from sticker_diffusion.stickers import emoji
from sticker_diffusion.stickers.emoji import StickerBank, split_of, with_outline
from sticker_diffusion.stickers.sticker_folder import read_stickers, write_stickers
from tests.sticker_diffusion.stickers import held_out_bank


def font_is_here() -> bool:
    try:
        return emoji.font_path().is_file()
    except emoji.EmojiFontMissingError:
        return False


needs_font = pytest.mark.skipif(not font_is_here(), reason="Debian's fonts-noto-color-emoji is not installed")


def test_the_split_never_moves() -> None:
    assert [split_of(character) for character in "🦀🦝🐶🐱🍕"] == ["heldout", "heldout", "train", "train", "train"]
    held_out = sum(split_of(chr(codepoint)) == "heldout" for codepoint in range(0x1F300, 0x1F700))
    assert 0.03 < held_out / 0x400 < 0.07


@pytest.mark.parametrize("size", [64, 128, 200])
def test_an_outline_is_white_smooth_and_keeps_to_its_share_of_the_canvas(size: int) -> None:
    sprite = torch.zeros(4, 30, 40)
    sprite[0] = sprite[3] = 1.0
    sticker = with_outline(sprite, size=size)
    alpha = sticker[3]
    rows, columns = alpha.amax(1) > 0.5, alpha.amax(0) > 0.5
    assert abs(int(columns.sum()) - 0.62 * size) <= 2
    assert int(rows.sum()) < int(columns.sum())
    left = int(columns.nonzero()[0])
    edge = sticker[:, size // 2, left]
    assert float(edge[1]) > 0.5
    assert bool((sticker[:3] <= sticker[3:] + 1e-5).all())
    assert len(set(alpha.flatten().tolist())) > 2
    assert torch.allclose(alpha, alpha.flip(0), atol=0.51)


@needs_font
def test_the_font_has_over_thirteen_hundred_single_emoji_without_flags_or_tones() -> None:
    characters = emoji.emoji_characters()
    assert 1300 < len(characters) < 1500
    assert not {"🇦", "🏻", "#", "1"} & set(characters)
    assert {"🐶", "🍕", "🐙"} <= set(characters)


@needs_font
def test_a_bank_is_drawn_once_and_then_read_from_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(emoji, "emoji_characters", lambda: ["🐶", "🦀"])
    drawn = StickerBank.load(cache=tmp_path, resolution=48)
    assert len(list(tmp_path.iterdir())) == 1

    def never(*args: object, **kwargs: object) -> StickerBank:
        raise AssertionError("drawn twice")

    monkeypatch.setattr(StickerBank, "build", never)
    read = StickerBank.load(cache=tmp_path, resolution=48)
    assert torch.equal(read.pixels, drawn.pixels)
    assert read.characters == ("🐶", "🦀")
    assert read.names == ["dog face", "crab"]
    assert (read.indices("train"), read.indices("heldout")) == ([0], [1])


def test_without_the_font_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(emoji.FONT_VARIABLE, str(tmp_path / "none.ttf"))
    with pytest.raises(emoji.EmojiFontMissingError, match=r"fonts-noto-color-emoji"):
        emoji.font_path()


def test_stickers_written_to_a_folder_are_read_back(tmp_path: Path) -> None:
    whole = held_out_bank()
    some = StickerBank(whole.pixels[:3], whole.characters[:3])
    write_stickers(some, tmp_path)
    read = read_stickers(tmp_path)
    assert read.characters == some.characters
    difference = (read.pixels.int() - some.pixels.int()).abs()
    assert int(difference.max()) <= 2


def test_a_folder_without_stickers_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no stickers"):
        read_stickers(tmp_path)
    (tmp_path / "dog.png").write_bytes(b"")
    with pytest.raises(ValueError, match="named by its codepoint"):
        read_stickers(tmp_path)
