"""What each recipe needs, and which settings it has. A further recipe is an entry here, a value of `Recipe` with its
migration, and a command of the same name in `python -m sticker_diffusion.training`."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.core.exceptions import ValidationError

from annotator.training.models import Recipe
from annotator.training.setting_kinds import Setting, nested, settings_in
from annotator.training.settings_described import DISTIL, FINETUNE, PREFER, PRETRAIN

CHECKPOINT_KEYS = ("initial", "teacher")
BUDGET = ("clips", "minutes")


class Need(StrEnum):
    NEEDED = "needed"
    OPTIONAL = "optional"
    NONE = "none"


@dataclass(frozen=True)
class RecipeDescription:
    """`starts_from` is the trainer's key of the checkpoint's folder. `only_shareable`: of a release, the clips that
    people would share, or all that were judged. The defaults are those of `config_file`, in
    sticker_diffusion/training/configs: by hand or from here, a recipe is the same."""

    recipe: Recipe
    about: str
    starts_from: str
    release: Need
    config_file: str
    settings: tuple[Setting, ...]
    only_shareable: bool = True

    @property
    def name(self) -> str:
        return str(self.recipe.label)

    def complete(self, config: dict[str, Any]) -> dict[str, Any]:
        """All settings of a run: what is given, and the defaults for the rest; one budget. Raises ValidationError."""
        if key := next((key for key in CHECKPOINT_KEYS if key in config), None):
            raise ValidationError(
                {"config": f"{key}: the run's own checkpoint is given as `initial`, beside the settings."}
            )
        given = settings_in(config, known=self.settings, of=f"a run of the recipe {self.name}")
        if all(key in given for key in BUDGET):
            raise ValidationError({"config": "One budget is expected: clips or minutes, not both."})
        budgeted = any(key in given for key in BUDGET)
        usual = {
            setting.key: setting.default
            for setting in self.settings
            if setting.default is not None and not (budgeted and setting.key in BUDGET)
        }
        whole = {**usual, **given}
        if whole["batch"] % whole["accumulate"]:
            raise ValidationError(
                {"config": f"accumulate: {whole['accumulate']} parts do not divide a batch of {whole['batch']}."}
            )
        return nested(whole)


RECIPES = {
    description.recipe: description
    for description in (
        RecipeDescription(
            recipe=Recipe.FINETUNE,
            about="Learns from the clips of a release that people would share, with camera moves as replay.",
            starts_from="initial",
            release=Need.NEEDED,
            config_file="student.yaml",
            settings=FINETUNE,
        ),
        RecipeDescription(
            recipe=Recipe.DISTIL,
            about="The same pictures in fewer passes or fewer steps.",
            starts_from="teacher",
            release=Need.OPTIONAL,
            config_file="distil_guidance.yaml",
            settings=DISTIL,
        ),
        RecipeDescription(
            recipe=Recipe.PREFER,
            about="Learns from pairs of a release's clips of one task, one shared and one not (Diffusion-DPO).",
            starts_from="initial",
            release=Need.NEEDED,
            config_file="prefer.yaml",
            settings=PREFER,
            only_shareable=False,
        ),
        RecipeDescription(
            recipe=Recipe.PRETRAIN,
            about="Goes on learning from procedural clips: verbs, or camera moves.",
            starts_from="initial",
            release=Need.NONE,
            config_file="demo_teacher.yaml",
            settings=PRETRAIN,
        ),
    )
}
