from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from annotator.media import media_url
from annotator.prompts.models import Prompt, PromptSet, Split


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
        fields = ["id", "external_id", "caption", "sticker", "split", "created_at"]

    @extend_schema_field(serializers.CharField)
    def get_sticker(self, prompt: Prompt) -> str:
        return media_url(prompt.sticker)


class NewPromptSerializer(serializers.Serializer[Any]):
    sticker = serializers.FileField(help_text="PNG, WebP or GIF, 16 to 4096 pixels a side, at most 8 MB, not animated.")
    caption = serializers.CharField(trim_whitespace=False)
    external_id = serializers.CharField(required=False, allow_blank=True, default="")
    split = serializers.ChoiceField(choices=Split.choices, required=False, default=Split.HITL)
