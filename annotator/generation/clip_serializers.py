from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from annotator.generation.models import Candidate, ClipState, Worker
from annotator.generation.queries import is_live
from annotator.media import media_url

Json = dict[str, Any]


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


class GalleryClipSerializer(serializers.Serializer[Candidate]):
    """A clip in a batch's gallery. `id` is its place in the batch."""

    id = serializers.IntegerField()
    task = serializers.IntegerField(source="task_id")
    key = serializers.CharField(source="clip.key")
    caption = serializers.CharField(source="clip.caption")
    sticker = serializers.SerializerMethodField()
    sheet = serializers.SerializerMethodField()
    animation = serializers.SerializerMethodField()
    media = serializers.SerializerMethodField()
    checkpoint = serializers.IntegerField(source="clip.checkpoint_id")
    checkpoint_name = serializers.CharField(source="clip.checkpoint.name")
    seed = serializers.IntegerField(source="clip.seed")
    settings = serializers.DictField(source="clip.settings")
    state = serializers.ChoiceField(source="clip.state", choices=ClipState.choices)
    dropped = serializers.BooleanField(help_text="Annotators do not see it: it failed before its task opened.")
    error = serializers.CharField(source="clip.error")
    attempt = serializers.IntegerField(source="clip.attempt")
    worker = serializers.CharField(source="clip.worker")
    seconds = serializers.SerializerMethodField(help_text="How long its micro-batch was sampled.")
    timings = serializers.DictField(source="clip.timings", child=serializers.FloatField(), help_text="Seconds a stage.")
    metrics = serializers.SerializerMethodField()

    @extend_schema_field(serializers.CharField)
    def get_sticker(self, candidate: Candidate) -> str:
        return media_url(candidate.clip.sticker)

    @extend_schema_field(serializers.CharField(allow_null=True))
    def get_sheet(self, candidate: Candidate) -> str | None:
        return media_url(candidate.clip.sheet) if candidate.clip.sheet else None

    @extend_schema_field(serializers.CharField(allow_null=True))
    def get_animation(self, candidate: Candidate) -> str | None:
        return media_url(candidate.clip.animation) if candidate.clip.animation else None

    @extend_schema_field(serializers.FloatField(allow_null=True))
    def get_seconds(self, candidate: Candidate) -> float | None:
        seconds: float | None = candidate.clip.timings.get("sample")
        return seconds

    @extend_schema_field(SheetMediaSerializer(allow_null=True))
    def get_media(self, candidate: Candidate) -> Json | None:
        return dict(SheetMediaSerializer(candidate.clip.media).data) if candidate.clip.media else None

    @extend_schema_field(ClipMetricsSerializer(allow_null=True))
    def get_metrics(self, candidate: Candidate) -> Json | None:
        measured = candidate.clip.metrics
        return {name: measured.get(name) for name in ClipMetricsSerializer().get_fields()} if measured else None


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


class GalleryFilterSerializer(serializers.Serializer[Any]):
    checkpoint = serializers.IntegerField(required=False, min_value=1)
    state = serializers.ChoiceField(choices=ClipState.choices, required=False)
