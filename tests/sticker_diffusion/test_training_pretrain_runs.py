"""Pretraining goes on from a checkpoint, with its architecture, and ends with one that says where it came from."""

import json
from pathlib import Path

import pytest

from sticker_diffusion.checkpoint import load_checkpoint
from sticker_diffusion.settings import SettingsError
from sticker_diffusion.training.pretrain_runs import pretrain_to_checkpoint, read_pretrain_settings
from tests.sticker_diffusion.small_run import small_bank, small_checkpoint


def test_a_pretraining_goes_on_from_a_checkpoint_and_ends_with_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    initial = small_checkpoint(tmp_path / "initial")
    config = tmp_path / "run.json"
    config.write_text(json.dumps({"initial": str(initial), "clips": 8, "batch": 4, "threads": 1, "domain": "camera"}))
    settings = read_pretrain_settings(config, initial=None)
    assert settings.architecture == load_checkpoint(initial).architecture
    with monkeypatch.context() as launched:
        launched.setenv("RANK", "1")
        assert pretrain_to_checkpoint(settings, tmp_path / "more", bank=small_bank())
        assert not (tmp_path / "more" / "checkpoint").exists(), "only the main process writes it"
    assert pretrain_to_checkpoint(settings, tmp_path / "more", bank=small_bank())
    made = load_checkpoint(tmp_path / "more" / "checkpoint").description
    assert (made.name, made.provenance.parent) == ("more", "initial")
    assert (made.provenance.recipe["command"], made.provenance.data["clips"]) == ("pretrain", 8)
    longer = read_pretrain_settings(config, initial=None, clips=12)
    assert pretrain_to_checkpoint(longer, tmp_path / "more", bank=small_bank()), "it goes on"
    assert load_checkpoint(tmp_path / "more" / "checkpoint").description.provenance.recipe["steps"] == 3


def test_a_file_that_is_no_mapping_is_named(tmp_path: Path) -> None:
    config = tmp_path / "run.yaml"
    config.write_text("- 1")
    with pytest.raises(SettingsError, match="expected a mapping"):
        read_pretrain_settings(config, initial=None)
