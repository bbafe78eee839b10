"""Settings of a run of any recipe: read from YAML, and kept beside its state."""

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Protocol, TypeVar

import yaml

from sticker_diffusion.settings import SettingsError, read_settings

BUDGET = ("clips", "minutes")
CHANGEABLE = (*BUDGET, "accumulate", "device")
"""What a begun run may go on with otherwise: its steps stay the same."""


class RunSettings(Protocol):
    """A dataclass with a budget: `clips` or `minutes`, exactly one of them."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def clips(self) -> int | None: ...

    @property
    def minutes(self) -> float | None: ...


S = TypeVar("S", bound=RunSettings)


def check_budget(settings: RunSettings, batch: int, accumulate: int) -> None:
    """Raises ValueError for none or two budgets, or one that is not positive, and for a batch without such parts."""
    if (settings.clips is None) == (settings.minutes is None):
        raise ValueError("give exactly one of clips and minutes as the budget")
    if (settings.clips or settings.minutes or 0) <= 0 or batch < 1:
        raise ValueError("clips, minutes and batch must be positive")
    if accumulate < 1 or batch % accumulate:
        raise ValueError(
            f"batch must be a multiple of accumulate, the number of its parts; got {batch} and {accumulate}"
        )


def read_run_settings(cls: type[S], path: Path, **overrides: object) -> S:
    """Settings of the YAML file at `path`, with overrides that are not None; a budget replaces the file's, a mapping
    its own keys only.

    Raises SettingsError.
    """
    try:
        data = yaml.safe_load(path.read_text()) or {}
    except (OSError, yaml.YAMLError) as error:
        raise SettingsError(f"{path}: cannot be read as YAML: {error}") from error
    if not isinstance(data, dict):
        raise SettingsError(f"{path}: expected a mapping of settings, got {type(data).__name__}")
    given = _given(overrides)
    for key, value in given.items():
        if isinstance(value, dict) and isinstance(data.get(key), dict):
            given[key] = {**data[key], **value}
    if given.keys() & set(BUDGET):
        data = {key: value for key, value in data.items() if key not in BUDGET}
    return read_settings(cls, {**data, **given}, where=str(path))


def _given(overrides: Mapping[str, object]) -> dict[str, object]:
    """Those that are not None, and of mappings the same."""
    inner = {key: _given(value) or None if isinstance(value, dict) else value for key, value in overrides.items()}
    return {key: value for key, value in inner.items() if value is not None}


def keep_run_settings(file: Path, settings: RunSettings) -> None:
    """Write a run's settings beside its state; SettingsError where it was begun with others.

    The budget may change, and what changes nothing in a step.
    """
    if file.exists():
        begun = read_settings(type(settings), json.loads(file.read_text()), where=str(file))
        if dataclasses.replace(begun, **{name: getattr(settings, name) for name in CHANGEABLE}) != settings:
            raise SettingsError(f"{file}: this run was begun with other settings; use those, or another folder")
    text = json.dumps(dataclasses.asdict(settings), indent=2) + "\n"
    # Of several processes the first writes; the others must not empty the file while one of them reads it.
    if not file.exists() or file.read_text() != text:
        file.write_text(text)
