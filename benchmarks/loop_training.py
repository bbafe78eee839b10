"""The training runs of the loop: the recipes of the shipped configurations, asked for by their commands."""

from __future__ import annotations

import json
import random
import shutil
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from demo.machine import ROOT

CONFIGS = ROOT / "sticker_diffusion" / "training" / "configs"
ASKED_OTHERWISE = {"initial", "teacher", "goal", "clips", "minutes", "steps"}
"""Keys for which the commands have options of their own."""
METADATA = "metadata.jsonl"


def recipe(config: str, **instead: Any) -> list[str]:
    """A shipped configuration as `--set` options of `manage.py finetune` or `distil`; `instead` has keys to replace."""
    settings = yaml.safe_load((CONFIGS / config).read_text(encoding="utf-8"))
    own = {key: value for key, value in settings.items() if key not in ASKED_OTHERWISE}
    return [word for pair in pairs({**own, **instead}) for word in ("--set", pair)]


def pairs(settings: Mapping[str, Any], above: str = "") -> Iterator[str]:
    """{"data": {"replay": 0.25}} as data.replay=0.25."""
    for key, value in settings.items():
        if isinstance(value, Mapping):
            yield from pairs(value, f"{above}{key}.")
        else:
            yield f"{above}{key}={json.dumps(value)}"


def unfiltered_folder(packed: Path, folder: Path, *, clips: int, seed: int) -> Path:
    """The control's data: as many of the teachers' clips as the release has, drawn without a look at the labels.

    `packed` is an export of all judged clips in the layout of folders. In each line stands what people said, as in a
    release; training does not look at it.
    """
    beside = folder.with_name(f"{folder.name}.part")
    shutil.rmtree(beside, ignore_errors=True)
    with zipfile.ZipFile(packed) as archive:
        archive.extractall(beside)
    lines = (beside / METADATA).read_text(encoding="utf-8").splitlines()
    drawn = random.Random(seed).sample(lines, min(clips, len(lines)))
    (beside / METADATA).write_text("\n".join(drawn) + "\n", encoding="utf-8")
    shutil.rmtree(folder, ignore_errors=True)
    beside.rename(folder)
    return folder
