from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from annotator.examples.models import LONGEST_NOTE, Example
from annotator.media import media_url


class ExampleRequest(serializers.Serializer[Any]):
    clip = serializers.CharField(max_length=64, help_text="The key of a ready clip of another batch.")
    good = serializers.BooleanField()
    note = serializers.CharField(max_length=LONGEST_NOTE, help_text="Why, in a sentence.")
    practice = serializers.BooleanField(
        default=False, help_text="Asked about before a person's first task, and not shown with the instructions."
    )


class ExampleSerializer(serializers.Serializer[Any]):
    """An example as researchers see it."""

    id = serializers.IntegerField()
    clip = serializers.CharField(source="clip.key")
    caption = serializers.CharField(source="clip.caption")
    checkpoint_name = serializers.CharField(source="clip.checkpoint.name")
    sticker = serializers.SerializerMethodField()
    animation = serializers.SerializerMethodField()
    good = serializers.BooleanField()
    note = serializers.CharField()
    practice = serializers.BooleanField()

    @extend_schema_field(serializers.CharField)
    def get_sticker(self, example: Example) -> str:
        return media_url(example.clip.sticker)

    @extend_schema_field(serializers.CharField)
    def get_animation(self, example: Example) -> str:
        return media_url(example.clip.animation)


class ExamplesShape(serializers.Serializer[Any]):
    results = ExampleSerializer(many=True)


class ShownExampleShape(serializers.Serializer[Any]):
    caption = serializers.CharField()
    sticker = serializers.CharField()
    animation = serializers.CharField(help_text="The animated WebP, with alpha.")
    good = serializers.BooleanField()
    note = serializers.CharField()


class GuideShape(serializers.Serializer[Any]):
    examples = ShownExampleShape(many=True, help_text="Shown with the instructions.")
    practice = ShownExampleShape(many=True, help_text="Asked about before the first task.")
