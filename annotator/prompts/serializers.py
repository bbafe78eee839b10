from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from annotator.media import media_url
from annotator.prompts.models import Import, ImportProblem, Prompt, PromptSet, Split
from annotator.prompts.reading import Choices


class PromptSetSerializer(serializers.ModelSerializer[PromptSet]):
    created_by = serializers.CharField(source="created_by.username", read_only=True)
    prompts = serializers.IntegerField(source="prompt_count", read_only=True, default=0)

    class Meta:
        model = PromptSet
        fields = ["id", "name", "description", "licence", "prompts", "created_by", "created_at"]


class PromptSerializer(serializers.ModelSerializer[Prompt]):
    sticker = serializers.SerializerMethodField(help_text="The address of its image.")

    class Meta:
        model = Prompt
        fields = ["id", "external_id", "caption", "sticker", "split", "created_at", "withdrawn_at"]
        read_only_fields = ["withdrawn_at"]

    @extend_schema_field(serializers.CharField)
    def get_sticker(self, prompt: Prompt) -> str:
        return media_url(prompt.sticker)


class NewPromptSerializer(serializers.Serializer[Any]):
    sticker = serializers.FileField(help_text="PNG, WebP or GIF, 16 to 4096 pixels a side, at most 8 MB, not animated.")
    caption = serializers.CharField(trim_whitespace=False)
    external_id = serializers.CharField(required=False, allow_blank=True, default="")
    split = serializers.ChoiceField(choices=Split.choices, required=False, default=Split.HITL)


class NewImportSerializer(serializers.Serializer[Any]):
    file = serializers.FileField(
        help_text="A zip of images, with a table (CSV or JSON Lines) that has captions for them, or without."
    )
    set_name = serializers.CharField(max_length=100, help_text="The prompt set; made when it is new.")
    licence = serializers.CharField(max_length=200, allow_blank=True, default="", help_text="Of a new set's stickers.")
    accept_photos = serializers.BooleanField(default=False, help_text="Take images without transparency, JPEG too.")
    heldout_share = serializers.FloatField(
        min_value=0, max_value=1, default=0.0, help_text="By sticker, where a row names no split."
    )

    def validate_file(self, file: Any) -> Any:
        if not file.name.lower().endswith(".zip"):
            sentence = f"{file.name} is no zip: put the images into one, with their table if there is one."
            raise serializers.ValidationError(sentence)
        return file

    def choices(self) -> Choices:
        data = self.validated_data
        return Choices(accept_photos=data["accept_photos"], heldout_share=data["heldout_share"])


class ImportSerializer(serializers.ModelSerializer[Import]):
    created_by = serializers.CharField(source="created_by.username")
    seconds_left = serializers.SerializerMethodField(help_text="While it is read; null where that is not known.")

    class Meta:
        model = Import
        fields = [
            "id", "file_name", "set_name", "licence", "accept_photos", "heldout_share", "state", "rows", "rows_read",
            "good_rows", "bad_rows", "rows_there", "captions_from_names", "error", "prompt_set", "seconds_left",
            "created_by", "created_at",
        ]  # fmt: skip
        read_only_fields = fields
        extra_kwargs = {
            "rows": {"help_text": "In all; null until that is known."},
            "good_rows": {"help_text": "Prompts that confirming adds."},
            "rows_there": {"help_text": "Rows that the set has already."},
            "captions_from_names": {"help_text": "There was no table: each caption is its file's name in words."},
            "error": {"help_text": "Why it was refused as a whole."},
            "prompt_set": {"help_text": "Once it is done."},
        }

    def get_seconds_left(self, one: Import) -> float | None:
        if not one.rows or not one.rows_read or one.started_at is None:
            return None
        each = (timezone.now() - one.started_at).total_seconds() / one.rows_read
        return round(each * (one.rows - one.rows_read), 1)


class ImportProblemSerializer(serializers.ModelSerializer[ImportProblem]):
    class Meta:
        model = ImportProblem
        fields = ["place", "column", "sentence"]
        read_only_fields = fields
        extra_kwargs = {
            "place": {"help_text": "The row, or the file."},
            "column": {"help_text": "Empty where it is the row itself."},
        }


class ConfirmImportSerializer(serializers.Serializer[Any]):
    good_rows_only = serializers.BooleanField(default=False, help_text="Leave the bad rows out.")
