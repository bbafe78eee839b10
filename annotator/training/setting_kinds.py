"""What a setting of a training run may be, said without torch: to check what people give, and to draw fields for it."""

import math
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from django.core.exceptions import ValidationError


class Kind(StrEnum):
    WHOLE = "whole"
    NUMBER = "number"
    SWITCH = "switch"
    CHOICE = "choice"
    OBJECT = "object"


EXPECTED = {
    Kind.WHOLE: "a whole number",
    Kind.NUMBER: "a number",
    Kind.SWITCH: "true or false",
    Kind.OBJECT: "an object, or null",
}


@dataclass(frozen=True)
class Setting:
    """`key` has a dot where the trainer's settings are nested: optimiser.lr. A default of None: not set, unless given.

    `usual` ones are asked first; the others are there for whoever looks for them.
    """

    key: str
    kind: Kind
    default: Any
    means: str
    least: float | None = None
    most: float | None = None
    choices: tuple[str, ...] = ()
    usual: bool = False

    @property
    def expected(self) -> str:
        """What a value has to be, in words."""
        if self.kind == Kind.CHOICE:
            return f"one of {', '.join(self.choices)}"
        bounds = {
            (False, True): f", {self.least} or more",
            (True, False): f", {self.most} or less",
            (False, False): f" from {self.least} to {self.most}",
            (True, True): "",
        }
        return EXPECTED[self.kind] + bounds[self.least is None, self.most is None]

    def fits(self, value: Any) -> bool:
        match self.kind:
            case Kind.CHOICE:
                return value in self.choices
            case Kind.SWITCH:
                return isinstance(value, bool)
            case Kind.OBJECT:
                return value is None or isinstance(value, dict)
        numbers = (int,) if self.kind == Kind.WHOLE else (int, float)
        if not isinstance(value, numbers) or isinstance(value, bool) or not math.isfinite(value):
            return False
        return (self.least is None or value >= self.least) and (self.most is None or value <= self.most)


def with_defaults(settings: tuple[Setting, ...], defaults: dict[str, Any]) -> tuple[Setting, ...]:
    """The same settings, some with other defaults."""
    return tuple(replace(each, default=defaults.get(each.key, each.default)) for each in settings)


def settings_in(config: dict[str, Any], *, known: tuple[Setting, ...], of: str) -> dict[str, Any]:
    """What is given in a nested object, by key with dots; null is as good as not given, but for an object: it is none.

    Raises ValidationError, which names the key and what would be right.
    """
    by_key = {setting.key: setting for setting in known}
    given: dict[str, Any] = {}

    def read(inner: dict[str, Any], path: str) -> None:
        for name, value in inner.items():
            key = f"{path}{name}"
            setting = by_key.get(key)
            if setting is None and any(other.startswith(f"{key}.") for other in by_key):
                if not isinstance(value, dict):
                    raise ValidationError({"config": f"{key}: an object of settings is expected, not {value!r}."})
                read(value, f"{key}.")
            elif setting is None:
                names = ", ".join(by_key)
                raise ValidationError({"config": f"{key}: {of} has no such setting. It has: {names}."})
            elif value is not None or setting.kind == Kind.OBJECT:
                if not setting.fits(value):
                    raise ValidationError({"config": f"{key}: {setting.expected} is expected, not {value!r}."})
                given[key] = value

    read(config, "")
    return given


def nested(values: dict[str, Any]) -> dict[str, Any]:
    """{"data.replay": 0.5} as {"data": {"replay": 0.5}}."""
    whole: dict[str, Any] = {}
    for key, value in values.items():
        *outer, name = key.split(".")
        at = whole
        for part in outer:
            at = at.setdefault(part, {})
        at[name] = value
    return whole
