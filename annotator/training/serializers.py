from typing import Any

from rest_framework import serializers

from annotator.checkpoints.models import Checkpoint
from annotator.checkpoints.serializers import CheckpointDetailSerializer
from annotator.media import media_url
from annotator.releases.models import Release
from annotator.training.models import Recipe, Trainer, TrainingRun
from annotator.training.queries import minutes_left
from annotator.training.recipes import Need
from annotator.training.setting_kinds import Kind, Setting


class NewTrainingRunSerializer(serializers.Serializer[Any]):
    name = serializers.CharField(
        max_length=80, help_text="Of the run and of its checkpoint: small letters, digits, . - _"
    )
    recipe = serializers.ChoiceField(choices=Recipe.choices)
    initial = serializers.SlugRelatedField(
        slug_field="name",
        queryset=Checkpoint.objects.all(),
        help_text="The name of the checkpoint to finetune, or of the teacher to distil.",
    )
    release = serializers.SlugRelatedField(
        slug_field="public_id",
        queryset=Release.objects.all(),
        required=False,
        allow_null=True,
        default=None,
        help_text="A frozen training release; a HITL finetune needs one, or a folder.",
    )
    data_folder = serializers.CharField(
        max_length=500,
        required=False,
        allow_blank=True,
        default="",
        help_text="Instead of a release: a folder of clips with metadata.jsonl, on the trainer's machine.",
    )
    config = serializers.DictField(
        required=False,
        default=dict,
        help_text="The recipe's settings where they differ from its defaults; training_recipes lists them. A key with "
        'a dot is an object\'s: data.replay is {"data": {"replay": 0.5}}.',
    )


class SettingSerializer(serializers.Serializer[Setting]):
    key = serializers.CharField(help_text="With a dot where settings are nested: data.replay.")
    kind = serializers.ChoiceField(choices=list(Kind))
    default = serializers.JSONField(allow_null=True, help_text="What it is where it is not given; null: nothing.")
    means = serializers.CharField()
    expected = serializers.CharField(help_text="What a value has to be, in words.")
    least = serializers.FloatField(allow_null=True)
    most = serializers.FloatField(allow_null=True)
    choices = serializers.ListField(child=serializers.CharField())
    usual = serializers.BooleanField(help_text="One of the few that are asked first.")


class TrainingRecipeSerializer(serializers.Serializer[Any]):
    recipe = serializers.ChoiceField(choices=Recipe.choices)
    name = serializers.CharField()
    about = serializers.CharField()
    starts_from = serializers.CharField(help_text="What its checkpoint is to it: initial or teacher.")
    release = serializers.ChoiceField(choices=list(Need), help_text="Whether it learns from a release.")
    settings = SettingSerializer(many=True)


class TrainerSerializer(serializers.ModelSerializer[Trainer]):
    class Meta:
        model = Trainer
        fields = ["name", "device", "last_seen_at"]


class TrainingRunSerializer(serializers.ModelSerializer[TrainingRun]):
    initial = serializers.SlugRelatedField[Checkpoint](slug_field="name", read_only=True)
    release = serializers.UUIDField(source="release.public_id", read_only=True, default=None)
    release_name = serializers.CharField(source="release.name", read_only=True, default=None)
    output = serializers.SlugRelatedField[Checkpoint](slug_field="name", read_only=True, allow_null=True)
    created_by = serializers.CharField(source="created_by.username", read_only=True)
    progress = serializers.FloatField(help_text="The spent share of the budget, 0 to 1.")
    minutes_left = serializers.SerializerMethodField(help_text="At the pace so far, while it runs.")

    class Meta:
        model = TrainingRun
        fields = [
            "public_id",
            "name",
            "recipe",
            "initial",
            "release",
            "release_name",
            "state",
            "trainer",
            "error",
            "progress",
            "minutes_left",
            "output",
            "created_by",
            "created_at",
            "ended_at",
        ]

    def get_minutes_left(self, run: TrainingRun) -> float | None:
        return minutes_left(run)


class TrainingRunDetailSerializer(TrainingRunSerializer):
    attempt = serializers.IntegerField(help_text="How often a trainer was given it.")
    config = serializers.DictField(help_text="All its settings, the defaults among them.")
    data_folder = serializers.CharField(source="data", help_text="A folder of clips, where it learns from no release.")
    curve = serializers.ListField(
        child=serializers.DictField(), help_text="Step, clips, progress, seconds, learning rate and losses, thinned."
    )
    checkpoint = CheckpointDetailSerializer(
        source="output", allow_null=True, read_only=True, help_text="What it made, once it is done."
    )
    sheet = serializers.SerializerMethodField(help_text="The newest samples of the fixed prompts, as one picture.")

    class Meta(TrainingRunSerializer.Meta):
        own = ["attempt", "config", "data_folder", "curve", "sheet", "checkpoint"]
        fields = [*TrainingRunSerializer.Meta.fields, *own]

    def get_sheet(self, run: TrainingRun) -> str | None:
        return media_url(run.sheet) if run.sheet else None
