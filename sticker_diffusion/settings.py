"""Typed settings from JSON or YAML mappings; an unknown key fails with the known ones listed."""

import dataclasses
import types
import typing
from collections.abc import Mapping
from typing import Any, Literal, TypeVar

T = TypeVar("T")


class SettingsError(ValueError):
    """A settings mapping that cannot be used; the message names the place, the key and what would be right."""


def read_settings(cls: type[T], data: Mapping[str, Any], *, where: str) -> T:
    """Build the dataclass `cls` from `data`, nested dataclasses included.

    Raises SettingsError for an unknown or missing key or a value of the wrong type; `where` names the source in it.
    """
    if not isinstance(data, Mapping):
        raise SettingsError(f"{where}: expected a mapping of {cls.__name__} settings, got {type(data).__name__}")
    fields = {f.name: f for f in dataclasses.fields(cls)}  # type: ignore[arg-type]
    unknown = sorted(set(data) - set(fields))
    if unknown:
        raise SettingsError(f"{where}: unknown key {', '.join(unknown)}; known keys are {', '.join(fields)}")
    required = [
        name
        for name, f in fields.items()
        if f.default is dataclasses.MISSING and f.default_factory is dataclasses.MISSING
    ]
    missing = [name for name in required if name not in data]
    if missing:
        raise SettingsError(f"{where}: missing key {', '.join(missing)}")
    hints = typing.get_type_hints(cls)
    try:
        return cls(**{name: _coerce(value, hints[name], f"{where}: {name}") for name, value in data.items()})
    except SettingsError:
        raise
    except ValueError as error:
        raise SettingsError(f"{where}: {error}") from error


def _coerce(value: Any, hint: Any, where: str) -> Any:  # noqa: PLR0911 - one return a kind of type
    origin = typing.get_origin(hint)
    if origin in (types.UnionType, typing.Union):
        options = typing.get_args(hint)
        if value is None and type(None) in options:
            return None
        return _coerce(value, next(o for o in options if o is not type(None)), where)
    if origin is Literal:
        choices = typing.get_args(hint)
        if value not in choices:
            raise SettingsError(f"{where}: must be one of {', '.join(map(repr, choices))}, got {value!r}")
        return value
    if origin is tuple:
        if not isinstance(value, list | tuple):
            raise SettingsError(f"{where}: must be a list, got {value!r}")
        item = typing.get_args(hint)[0]
        return tuple(_coerce(v, item, where) for v in value)
    if dataclasses.is_dataclass(hint):
        return value if isinstance(value, hint) else read_settings(hint, value, where=where)  # type: ignore[arg-type]
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    plain = hint in (int, float, str, bool)
    if plain and (not isinstance(value, hint) or (isinstance(value, bool) and hint is not bool)):
        raise SettingsError(f"{where}: must be {hint.__name__}, got {value!r}")
    return value
