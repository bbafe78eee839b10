from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from annotator.generation.models import Worker
from annotator.generation.queries import is_live


class SheetMediaSerializer(serializers.Serializer[Any]):
    frames = serializers.IntegerField()
    columns = serializers.IntegerField()
    cell = serializers.IntegerField()
    frame_rate = serializers.IntegerField()


class ClipMetricsSerializer(serializers.Serializer[Any]):
    """What was measured of a clip; null where it could not be said, or was not yet measured when the clip was made."""

    motion_size = serializers.FloatField(allow_null=True, help_text="In 1/64 of the canvas per eighth of the loop.")
    bucket = serializers.IntegerField(allow_null=True, help_text="1…16, the bucket of that size.")
    identity_db = serializers.FloatField(allow_null=True, help_text="How well frames show the sticker, 60 at most.")
    seam_ratio = serializers.FloatField(allow_null=True, help_text="About 1 in a loop.")
    flicker = serializers.FloatField(allow_null=True, help_text="Of the outline, 0 for none.")
    sharpness = serializers.FloatField(allow_null=True, help_text="1 is as sharp as the sticker.")
    frozen = serializers.BooleanField(allow_null=True)
    verb_seen = serializers.CharField(allow_null=True, help_text="What a classifier takes the motion for.")
    verb_seen_probability = serializers.FloatField(allow_null=True)
    verb_asked = serializers.CharField(allow_null=True, help_text="The verb of the caption, where a rule finds one.")
    recognised = serializers.BooleanField(allow_null=True, help_text="Whether the verb seen is the one asked for.")


class WorkerSerializer(serializers.Serializer[Worker]):
    name = serializers.CharField()
    version = serializers.CharField()
    device = serializers.CharField()
    live = serializers.SerializerMethodField()
    stopping = serializers.BooleanField()
    held = serializers.IntegerField(help_text="Clips in its hands, waiting or sampling.")
    micro_batch = serializers.IntegerField(help_text="Clips it samples at once.")
    state = serializers.DictField(help_text="As the worker describes itself: checkpoint, memory, clips a minute.")
    last_seen_at = serializers.DateTimeField()

    @extend_schema_field(serializers.BooleanField)
    def get_live(self, worker: Worker) -> bool:
        return is_live(worker)
