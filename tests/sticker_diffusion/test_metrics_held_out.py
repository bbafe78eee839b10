"""A finished checkpoint is measured on held-out stickers, and says so in its own folder."""

from pathlib import Path

import pytest

from sticker_diffusion.checkpoint import load_checkpoint
from sticker_diffusion.metrics.held_out import HEADING, held_out_figures, main, write_figures
from tests.sticker_diffusion.small_run import small_bank, small_checkpoint


def test_a_checkpoint_is_measured_the_same_every_time(tmp_path: Path) -> None:
    folder = small_checkpoint(tmp_path / "small")
    figures = held_out_figures(folder, small_bank(), pairs=3)
    assert figures == held_out_figures(folder, small_bank(), pairs=3)
    assert figures["pairs"] == 3
    assert 0 <= figures["verb_recognised"] <= 1
    assert 0 < figures["identity_db"] <= 60


def test_the_figures_stand_once_in_the_description_and_the_card(tmp_path: Path) -> None:
    folder = small_checkpoint(tmp_path / "small")
    figures = {
        "pairs": 19, "verb_recognised": 0.5, "identity_db": 30.0, "sharpness": 1.0, "motion_size": 2.0,
        "seam_ratio": 0.9, "flicker": 0.3, "frozen": 0,
    }  # fmt: skip
    write_figures(folder, figures)
    write_figures(folder, {**figures, "verb_recognised": 0.75})
    assert load_checkpoint(folder).description.provenance.metrics == {"held_out": {**figures, "verb_recognised": 0.75}}
    card = (folder / "README.md").read_text()
    assert card.startswith("small\n")
    assert card.count(HEADING) == 1
    assert "75% of 19 clips" in card


def test_a_folder_that_is_no_checkpoint_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path)]) == 2
    assert str(tmp_path) in capsys.readouterr().err
