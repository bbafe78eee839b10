"""The sheet of two checkpoints beside each other: the same rows for both, and an error that names a bad folder."""

from pathlib import Path

import pytest
import torch
from PIL import Image

from benchmarks import before_after
from benchmarks.before_after import SEEDS, VERBS, WORDINGS, prompts
from sticker_diffusion.checkpoint import save_checkpoint
from sticker_diffusion.network import AnimationNetwork, Architecture
from sticker_diffusion.stickers.clips import held_out_pairs
from tests.sticker_diffusion.stickers import held_out_bank
from tests.sticker_diffusion.test_model_report import tiny_description


def test_rows_are_verbs_then_wordings_then_seeds_of_one_caption() -> None:
    rows = prompts(held_out_pairs(held_out_bank()))
    assert [pair.verb for _, pair in rows[: len(VERBS)]] == list(VERBS)
    worded = [pair for _, pair in rows[len(VERBS) : len(VERBS) + len(WORDINGS)]]
    assert all(pair.name in pair.caption for pair in worded)
    seeded = [pair for _, pair in rows[-len(SEEDS) :]]
    assert [pair.seed for pair in seeded] == list(SEEDS)
    assert len({(pair.character, pair.caption) for pair in seeded}) == 1


def test_the_sheet_has_both_checkpoints_clips(
    tiny_architecture: Architecture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(before_after, "VERBS", VERBS[:1])
    for seed, name in enumerate(("before", "after")):
        torch.manual_seed(seed)
        network = AnimationNetwork(tiny_architecture)
        save_checkpoint(
            tmp_path / name, network=network, description=tiny_description(tiny_architecture), card="# It\n"
        )
    image = tmp_path / "sheet.webp"
    folders = [str(tmp_path / "before"), str(tmp_path / "after")]
    assert before_after.main([*folders, "--image", str(image)]) == 0
    with Image.open(image) as sheet:
        assert sheet.width > 2 * tiny_architecture.frames * tiny_architecture.size
    assert before_after.main([str(tmp_path / "none"), folders[1], "--image", str(image)]) == 2
    assert str(tmp_path / "none") in capsys.readouterr().err
