"""What is said of a recipe's settings is what the trainer takes: the same keys, kinds, choices and defaults."""

import dataclasses
import types
import typing
from pathlib import Path
from typing import Any, Literal

import pytest
import yaml
from django.core.exceptions import ValidationError

from annotator.training.models import Recipe
from annotator.training.recipes import RECIPES
from annotator.training.setting_kinds import Kind, nested
from sticker_diffusion import training
from sticker_diffusion.settings import read_settings
from sticker_diffusion.training.config import DistilSettings, FinetuneSettings, PreferSettings, PretrainSettings

CONFIGS = Path(training.__file__).parent / "configs"
TRAINERS: dict[Recipe, type] = {
    Recipe.FINETUNE: FinetuneSettings,
    Recipe.DISTIL: DistilSettings,
    Recipe.PRETRAIN: PretrainSettings,
    Recipe.PREFER: PreferSettings,
}
# Where the run's own checkpoint and release come in, what is that checkpoint's to say, and what the machine's.
NOT_ASKED = ("initial", "teacher", "data.release", "architecture", "schedule", "device")
LEAVES = ("curriculum",)


def is_asked(key: str) -> bool:
    return not any(key == name or key.startswith(f"{name}.") for name in NOT_ASKED)


def hints_of(cls: Any, path: str = "") -> dict[str, Any]:
    """The types of a dataclass's fields, by key with dots."""
    hints = {}
    for name, hint in typing.get_type_hints(cls).items():
        if dataclasses.is_dataclass(hint) and name not in LEAVES:
            hints.update(hints_of(hint, f"{path}{name}."))
        else:
            hints[f"{path}{name}"] = hint
    return hints


def values_of(settings: dict[str, Any], path: str = "") -> dict[str, Any]:
    values = {}
    for name, value in settings.items():
        if isinstance(value, dict) and name not in LEAVES:
            values.update(values_of(value, f"{path}{name}."))
        else:
            values[f"{path}{name}"] = value
    return values


def of_file(recipe: Recipe) -> dict[str, Any]:
    """What the trainer makes of the recipe's own configuration, but for what a run gives."""
    data = yaml.safe_load((CONFIGS / RECIPES[recipe].config_file).read_text())
    data["data"] = {**data.get("data", {}), "release": "r"}
    if recipe == Recipe.PRETRAIN:
        del data["data"]
    curriculum = data.get("curriculum")
    values = values_of(dataclasses.asdict(read_settings(TRAINERS[recipe], data, where="file")))
    return {**values, **({"curriculum": curriculum} if curriculum else {})}


def kind_of(hint: Any) -> Kind:
    if typing.get_origin(hint) in (types.UnionType, typing.Union):
        hint = next(option for option in typing.get_args(hint) if option is not type(None))
    if typing.get_origin(hint) is Literal:
        return Kind.CHOICE
    plain = {bool: Kind.SWITCH, int: Kind.WHOLE, float: Kind.NUMBER}
    return plain.get(hint, Kind.OBJECT)


@pytest.mark.parametrize("recipe", list(Recipe))
def test_a_recipe_has_the_keys_kinds_and_choices_that_its_trainer_reads(recipe: Recipe) -> None:
    said = {setting.key: setting for setting in RECIPES[recipe].settings}
    read = {key: hint for key, hint in hints_of(TRAINERS[recipe]).items() if is_asked(key)}
    assert sorted(said) == sorted(read)
    assert {key: setting.kind for key, setting in said.items()} == {key: kind_of(hint) for key, hint in read.items()}
    choices = {key: typing.get_args(hint) for key, hint in read.items() if kind_of(hint) == Kind.CHOICE}
    assert {key: setting.choices for key, setting in said.items() if setting.kind == Kind.CHOICE} == choices


@pytest.mark.parametrize("recipe", list(Recipe))
def test_the_defaults_are_those_of_the_recipes_own_configuration(recipe: Recipe) -> None:
    read = {key: value for key, value in of_file(recipe).items() if is_asked(key)}
    assert {setting.key: setting.default for setting in RECIPES[recipe].settings} == read
    for setting in RECIPES[recipe].settings:
        assert setting.default is None or setting.fits(setting.default), setting.key


def as_ordered(recipe: Recipe, config: dict[str, Any]) -> dict[str, Any]:
    """The settings that reach the trainer's machine."""
    complete = RECIPES[recipe].complete(config)
    data = {"data": {**complete["data"], "release": "r"}} if "data" in complete else {}
    return {**complete, **data, RECIPES[recipe].starts_from: "folder"}


@pytest.mark.parametrize("recipe", list(Recipe))
def test_what_is_completed_is_what_the_trainer_takes(recipe: Recipe) -> None:
    ordered = as_ordered(recipe, {"minutes": 2, "batch": 4})
    read = read_settings(TRAINERS[recipe], ordered, where="run")
    assert (read.minutes, read.clips, read.batch) == (2, None, 4)  # type: ignore[attr-defined]


@pytest.mark.parametrize("recipe", list(Recipe))
def test_the_trainer_takes_what_is_at_a_bound(recipe: Recipe) -> None:
    # These must fit others as well.
    together = {
        "text_scale",
        "image_scale",
        "default_text_scale",
        "default_image_scale",
        "dropout.text",
        "dropout.both",
        "accumulate",
    }
    for setting in RECIPES[recipe].settings:
        for bound in {setting.least, setting.most} - {None}:
            if setting.key not in together:
                value = bound if setting.kind == Kind.NUMBER else int(bound or 0)
                read_settings(TRAINERS[recipe], as_ordered(recipe, nested({setting.key: value})), where=setting.key)


@pytest.mark.parametrize(
    ("config", "complaint"),
    [
        ({"learning_rate": 1}, "learning_rate: a run of the recipe HITL finetune has no such setting. It has: clips, "),
        ({"optimiser": {"rate": 1}}, "optimiser.rate: "),
        ({"optimiser": 0.1}, "optimiser: an object of settings is expected, not 0.1"),
        ({"batch": 0}, "batch: a whole number from 1 to 4096 is expected, not 0"),
        ({"batch": 2.5}, "batch: a whole number"),
        ({"batch": True}, "batch: a whole number"),
        ({"optimiser": {"lr": float("nan")}}, "optimiser.lr: a number from 0 to 1"),
        ({"dtype": "float8"}, "dtype: one of bfloat16, float32, float16 is expected, not 'float8'"),
        ({"keep_particles": "yes"}, "keep_particles: true or false is expected"),
        ({"clips": 10, "minutes": 1}, "One budget is expected"),
        ({"batch": 8, "accumulate": 3}, "accumulate: 3 parts do not divide a batch of 8"),
        ({"data": {"release": "/r"}}, "data.release: "),
        ({"initial": "x"}, "given as `initial`"),
    ],
)
def test_a_setting_that_cannot_be_is_named_with_what_would_be_right(config: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValidationError) as refused:
        RECIPES[Recipe.FINETUNE].complete(config)
    assert complaint in refused.value.message_dict["config"][0]


def test_an_order_of_clips_can_be_none() -> None:
    ordered = as_ordered(Recipe.PRETRAIN, {"curriculum": None})
    assert read_settings(PretrainSettings, ordered, where="run").curriculum is None


def test_a_setting_that_is_null_is_not_given() -> None:
    complete = RECIPES[Recipe.DISTIL].complete({"minutes": None, "steps": None})
    assert (complete["clips"], complete["steps"]) == (4800, 8)
