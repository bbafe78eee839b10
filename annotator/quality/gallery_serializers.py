from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from annotator.annotation.models import FlagKind
from annotator.generation.clip_serializers import ClipMetricsSerializer, SheetMediaSerializer
from annotator.generation.models import Candidate, ClipState, Task, TaskState
from annotator.media import media_url
from annotator.quality.gallery import NOTHING_SAID, Finding, Order, Said, Shared, Wanted

Json = dict[str, Any]


class ClipFilterSerializer(serializers.Serializer[Any]):
    checkpoint = serializers.IntegerField(required=False, min_value=1, help_text="Only this checkpoint's clips.")
    state = serializers.ChoiceField(choices=ClipState.choices, required=False)
    caption = serializers.CharField(required=False, max_length=300, help_text="Only captions with this text in them.")
    finding = serializers.ChoiceField(
        choices=Finding.choices,
        required=False,
        help_text="`verb_missed`: another verb is seen than was asked for. `frozen`: nothing moves. `seam_jumps`: "
        "from its last frame to the first. `flagged`: by an annotator, by itself or with its task.",
    )
    shared = serializers.ChoiceField(
        choices=Shared.choices, required=False, help_text="By whom it would be shared, of counted verdicts."
    )

    def wanted(self) -> Wanted:
        names = ("checkpoint", "state", "caption", "finding", "shared")
        return Wanted(**{name: self.validated_data[name] for name in names if name in self.validated_data})


class OrderedClipFilterSerializer(ClipFilterSerializer):
    order = serializers.ChoiceField(
        choices=Order.choices, required=False, help_text="Prompt after prompt where none is named."
    )


class GalleryClipSerializer(serializers.Serializer[Candidate]):
    """A clip in a batch's gallery. `id` is its place in the batch."""

    # What was said comes from the context's `said`: two queries for a whole page.
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
    shown = serializers.SerializerMethodField(help_text="Counted verdicts.")
    shareable = serializers.SerializerMethodField(help_text="Counted verdicts that would share it.")
    flags = serializers.SerializerMethodField(help_text="The kinds of flags raised against it or its task.")

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

    def get_shown(self, candidate: Candidate) -> int:
        return self.said(candidate).shown

    def get_shareable(self, candidate: Candidate) -> int:
        return self.said(candidate).shareable

    @extend_schema_field(serializers.ListField(child=serializers.ChoiceField(choices=FlagKind.choices)))
    def get_flags(self, candidate: Candidate) -> list[str]:
        return list(self.said(candidate).flags)

    def said(self, candidate: Candidate) -> Said:
        said: dict[int, Said] = self.context["said"]
        return said.get(candidate.pk, NOTHING_SAID)


class PromptClipSerializer(GalleryClipSerializer):
    """A clip beside the others of its prompt."""

    # From the context's `fitting`; None where nothing was filtered.
    fits = serializers.SerializerMethodField(help_text="Whether the filter that chose its prompt fits this clip.")

    def get_fits(self, candidate: Candidate) -> bool:
        fitting: set[int] | None = self.context["fitting"]
        return fitting is None or candidate.pk in fitting


class PromptRowSerializer(serializers.Serializer[Task]):
    """A prompt of a batch with all of its clips. `id` is the task's."""

    id = serializers.IntegerField()
    caption = serializers.CharField(source="prompt.caption")
    sticker = serializers.SerializerMethodField()
    state = serializers.ChoiceField(choices=TaskState.choices)
    clips = PromptClipSerializer(source="candidates.all", many=True, help_text="By checkpoint.")

    def get_sticker(self, task: Task) -> str:
        return media_url(task.prompt.sticker)
