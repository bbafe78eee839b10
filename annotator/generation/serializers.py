from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from annotator.generation.models import MOST_GOLD, MOST_REPEATS, Batch, BatchState, Reason, Source
from annotator.generation.overlap import MOST_OVERLAP
from annotator.generation.planning_serializers import BatchPlanSerializer
from annotator.generation.sampler_settings import changed
from annotator.prompts.models import Split

LONGEST_INSTRUCTIONS = 5_000

Json = dict[str, Any]


class ReasonsField(serializers.ListField):
    child = serializers.ChoiceField(choices=Reason.choices)


class RatesSerializer(serializers.Serializer[Any]):
    gold_rate = serializers.FloatField(
        required=False,
        min_value=0,
        max_value=MOST_GOLD,
        help_text="Of the tasks that a person is given, about this share have a known answer; nobody sees which.",
    )
    repeat_rate = serializers.FloatField(
        required=False,
        min_value=0,
        max_value=MOST_REPEATS,
        help_text="And about this share are tasks that they judged twenty tasks ago or more.",
    )


class NewBatchSerializer(RatesSerializer, BatchPlanSerializer):
    name = serializers.CharField(max_length=100)
    overlap = serializers.IntegerField(
        min_value=1, max_value=MOST_OVERLAP, required=False, default=1, help_text="People who judge each task."
    )
    priority = serializers.IntegerField(
        min_value=-100, max_value=100, required=False, default=0, help_text="Higher goes first."
    )
    instructions = serializers.CharField(
        max_length=LONGEST_INSTRUCTIONS, required=False, allow_blank=True, default="", help_text="Shown to annotators."
    )
    person_share = serializers.FloatField(
        required=False, default=0.3, help_text="The share of the batch that one person may judge: above 0, up to 1."
    )
    pooled = serializers.BooleanField(
        required=False, default=False, help_text="Only people who are let in may annotate it; else everybody."
    )
    reasons = ReasonsField(
        required=False, default=list, help_text="What annotators may say of a candidate that they do not pick."
    )


class BatchListFilterSerializer(serializers.Serializer[Any]):
    prompt_set = serializers.IntegerField(min_value=1, required=False, help_text="Only batches of this prompt set.")


class BatchChangesSerializer(RatesSerializer):
    name = serializers.CharField(max_length=100, required=False)
    generation_paused = serializers.BooleanField(required=False)
    annotation_paused = serializers.BooleanField(required=False)
    priority = serializers.IntegerField(min_value=-100, max_value=100, required=False)
    overlap = serializers.IntegerField(min_value=1, max_value=MOST_OVERLAP, required=False)
    instructions = serializers.CharField(max_length=LONGEST_INSTRUCTIONS, required=False, allow_blank=True)
    pooled = serializers.BooleanField(required=False)
    reasons = ReasonsField(required=False)
    was = serializers.DictField(
        required=False, help_text="What you saw in these fields: refused with 409 where somebody changed one since."
    )


class TaskCountsSerializer(serializers.Serializer[Any]):
    filling = serializers.IntegerField()
    open = serializers.IntegerField()
    done = serializers.IntegerField()
    held = serializers.IntegerField()
    void = serializers.IntegerField()


class ClipCountsSerializer(serializers.Serializer[Any]):
    queued = serializers.IntegerField()
    running = serializers.IntegerField()
    ready = serializers.IntegerField()
    failed = serializers.IntegerField()


class ErrorCountSerializer(serializers.Serializer[Any]):
    error = serializers.CharField()
    count = serializers.IntegerField()


class JudgedSerializer(serializers.Serializer[Any]):
    tasks = TaskCountsSerializer()
    counted = serializers.IntegerField(help_text="Annotations that count.")
    wanted = serializers.IntegerField(help_text="Annotations that the tasks made so far want in all.")


class ProgressSerializer(JudgedSerializer):
    prompts = serializers.IntegerField()
    made = serializers.BooleanField(help_text="False while tasks are still being made.")
    clips = ClipCountsSerializer()
    rate = serializers.FloatField(allow_null=True, help_text="Clips a minute over the last five minutes.")
    seconds_left = serializers.IntegerField(allow_null=True, help_text="Until the last clip, at that rate.")
    # DRF takes declared fields off the class, so its own `errors` stays what it is.
    errors = ErrorCountSerializer(  # type: ignore[assignment]
        many=True, help_text="What failed clips say, the most frequent first."
    )


class LenderSerializer(serializers.Serializer[Source]):
    id = serializers.IntegerField()
    batch = serializers.IntegerField(source="batch.id")
    batch_name = serializers.CharField(source="batch.name")


class SourceSerializer(serializers.Serializer[Source]):
    id = serializers.IntegerField()
    checkpoint = serializers.IntegerField(source="checkpoint.id")
    name = serializers.CharField(source="checkpoint.name")
    role = serializers.CharField(source="checkpoint.role")
    settings = serializers.DictField()
    changed = serializers.SerializerMethodField(
        help_text="Those of the settings that differ from the checkpoint's own."
    )
    clips_of = LenderSerializer(allow_null=True, help_text="Whose clips it takes; null where they are its own.")
    clips_per_prompt = serializers.IntegerField()

    @extend_schema_field(serializers.DictField())
    def get_changed(self, source: Source) -> Json:
        return changed(settings=source.settings, defaults=source.checkpoint.default_settings)


class BatchBaseSerializer(serializers.Serializer[Batch]):
    id = serializers.IntegerField()
    public_id = serializers.UUIDField(help_text="Names the batch to annotators.")
    name = serializers.CharField()
    prompt_set = serializers.IntegerField(source="prompt_set.id")
    prompt_set_name = serializers.CharField(source="prompt_set.name")
    prompts = serializers.IntegerField(source="prompt_count")
    splits = serializers.ListField(child=serializers.ChoiceField(choices=Split.choices))
    words = serializers.ListField(child=serializers.CharField())
    unused_only = serializers.BooleanField()
    sample = serializers.IntegerField(allow_null=True)
    state = serializers.ChoiceField(choices=BatchState.choices)
    generation_paused = serializers.BooleanField()
    annotation_paused = serializers.BooleanField()
    priority = serializers.IntegerField()
    overlap = serializers.IntegerField()
    created_by = serializers.CharField(source="created_by.username")
    created_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)


class BatchSerializer(BatchBaseSerializer):
    """A batch in a list."""

    # From the context's `judged`: one query for a whole page.
    progress = serializers.SerializerMethodField()

    @extend_schema_field(JudgedSerializer)
    def get_progress(self, batch: Batch) -> Json:
        return dict(JudgedSerializer(self.context["judged"][batch.pk]).data)


class BatchDetailSerializer(BatchBaseSerializer):
    """A batch on its own page."""

    # `sources` and `progress` come from the context.
    instructions = serializers.CharField()
    person_share = serializers.FloatField()
    gold_rate = serializers.FloatField()
    repeat_rate = serializers.FloatField()
    pooled = serializers.BooleanField()
    reasons = ReasonsField()
    seed_base = serializers.IntegerField()
    sources = serializers.SerializerMethodField()
    progress = serializers.SerializerMethodField()

    @extend_schema_field(SourceSerializer(many=True))
    def get_sources(self, batch: Batch) -> list[Json]:
        return list(SourceSerializer(self.context["sources"], many=True).data)

    @extend_schema_field(ProgressSerializer)
    def get_progress(self, batch: Batch) -> Json:
        return dict(ProgressSerializer(self.context["progress"]).data)


class RetrySerializer(serializers.Serializer[Any]):
    error = serializers.CharField(
        required=False, allow_blank=True, trim_whitespace=False, help_text="Only clips that failed with these words."
    )


class RetriedSerializer(serializers.Serializer[Any]):
    retried = serializers.IntegerField(
        help_text="Clips queued again; those of tasks that people have seen stay failed."
    )
