"""Pretraining that goes on from a checkpoint and ends with one, as the other runs do."""

from pathlib import Path

import yaml

from sticker_diffusion.checkpoint import read_description
from sticker_diffusion.settings import SettingsError
from sticker_diffusion.stickers.emoji import StickerBank
from sticker_diffusion.training.commands import export, pretrain
from sticker_diffusion.training.config import PretrainSettings
from sticker_diffusion.training.processes import launched_as_main
from sticker_diffusion.training.run_settings import read_run_settings

CHECKPOINT = "checkpoint"


def read_pretrain_settings(path: Path, *, initial: str | None, **overrides: object) -> PretrainSettings:
    """Settings of a YAML file; where they start from a checkpoint and name no architecture, they have its own, and its
    noise schedule. Raises SettingsError and CheckpointError."""
    try:
        data = yaml.safe_load(path.read_text()) or {}
    except (OSError, yaml.YAMLError) as error:
        raise SettingsError(f"{path}: cannot be read as YAML: {error}") from error
    start = initial or (data.get("initial") if isinstance(data, dict) else None)
    if start is not None and "architecture" not in data:
        description = read_description(Path(start))
        overrides = {**overrides, "architecture": description.architecture, "schedule": description.schedule}
    return read_run_settings(PretrainSettings, path, initial=initial, **overrides)


def pretrain_to_checkpoint(settings: PretrainSettings, out: Path, *, bank: StickerBank | None = None) -> bool:
    """Pretrain in the folder `out`, going on from its last saved state, up to a checkpoint in OUT/checkpoint.

    Whether the run came to its end: False where a signal stopped it.
    """
    bank = bank or StickerBank.load()
    done = pretrain(settings, out, bank=bank)
    if done and launched_as_main():
        export(out, out / CHECKPOINT, name=out.name, bank=bank)
    return done
