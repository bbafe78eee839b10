"""Sampler settings, checked without torch: the sampler's own names, ranges and defaults."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite

from django.core.exceptions import ValidationError

Value = int | float | str | bool | None


@dataclass(frozen=True, kw_only=True)
class Whole:
    default: int | None
    low: int
    high: int
    optional: bool = False

    def parse(self, value: object) -> int | None:
        if value is None and self.optional:
            return None
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int) or not self.low <= value <= self.high:
            raise ValueError(f"a whole number from {self.low} to {self.high}{' or null' if self.optional else ''}")
        return value


@dataclass(frozen=True, kw_only=True)
class Real:
    default: float
    low: float
    high: float

    def parse(self, value: object) -> float:
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not isfinite(value):
            raise ValueError(f"a number from {self.low:g} to {self.high:g}")
        if not self.low <= value <= self.high:
            raise ValueError(f"a number from {self.low:g} to {self.high:g}")
        return float(value)


@dataclass(frozen=True, kw_only=True)
class Choice:
    default: str
    among: tuple[str, ...]

    def parse(self, value: object) -> str:
        if not isinstance(value, str) or value not in self.among:
            raise ValueError(f"one of {', '.join(self.among)}")
        return value


@dataclass(frozen=True, kw_only=True)
class Switch:
    default: bool

    def parse(self, value: object) -> bool:
        if not isinstance(value, bool):
            raise ValueError("true or false")
        return value


SETTINGS: dict[str, Whole | Real | Choice | Switch] = {
    "steps": Whole(default=8, low=1, high=50),
    "text_scale": Real(default=1.0, low=0, high=10),
    "image_scale": Real(default=1.0, low=0, high=10),
    "rescale": Real(default=0.0, low=0, high=1),
    "bucket": Whole(default=8, low=1, high=16, optional=True),
    "frame_rate": Whole(default=8, low=1, high=30),
    "frames": Whole(default=8, low=4, high=32),
    "size": Whole(default=320, low=64, high=512),
    "dtype": Choice(default="bfloat16", among=("bfloat16", "float16", "float32")),
    "compile": Switch(default=False),
    "solver": Choice(default="dpm++", among=("dpm++", "ddim", "unipc")),
}
# Settings younger than the first clips: left out of a request at their default, so that its key stays what it was.
LATER = frozenset({"solver"})


def changed(*, settings: Mapping[str, object], defaults: Mapping[str, object]) -> dict[str, object]:
    """Those of the full `settings` that differ from the checkpoint's own."""
    own = merged(given={}, defaults=defaults)
    return {name: value for name, value in settings.items() if own.get(name) != value}


def merged(*, given: Mapping[str, object], defaults: Mapping[str, object]) -> dict[str, Value]:
    """The settings of a request: what is given, else the checkpoint's own defaults, else the sampler's. A setting
    comes back in one type always, so that equal ones hash alike. Raises ValidationError with what would be right."""
    unknown = sorted(set(given) - set(SETTINGS))
    if unknown:
        raise ValidationError(f"Unknown sampler setting {unknown[0]!r}; the known ones are {', '.join(SETTINGS)}.")
    settings: dict[str, Value] = {}
    for name, kind in SETTINGS.items():
        value = given.get(name, defaults.get(name, kind.default))
        try:
            parsed = kind.parse(value)
        except ValueError as expected:
            raise ValidationError(f"{name} is {value!r}: {expected} is expected.") from None
        if name not in LATER or parsed != kind.default:
            settings[name] = parsed
    return settings
