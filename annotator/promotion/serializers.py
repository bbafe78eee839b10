from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from annotator.checkpoints.models import CheckpointRole
from annotator.checkpoints.serializers import CheckpointSerializer
from annotator.generation.sampler_settings import changed
from annotator.promotion.models import Promotion
from annotator.prompts.models import Split
from annotator.quality.serializers import LARGEST_KEY, RateShape

Plain = serializers.Serializer[Any]


class LatencyShape(Plain):
    device = serializers.CharField(help_text="The machine that the seconds are of.")
    clips = serializers.IntegerField()
    median = serializers.FloatField(help_text="Seconds a clip.")
    low = serializers.FloatField(help_text="The lower quartile.")
    high = serializers.FloatField(help_text="The upper quartile.")
    micro_batch = serializers.IntegerField(allow_null=True, help_text="How many clips were usually made at once.")
    passes = serializers.IntegerField(allow_null=True, help_text="Of the network for a clip; null where not said.")


class ToTeacherShape(Plain):
    prompts = serializers.IntegerField(help_text="Prompts that both were judged on; only these are compared.")
    difference = serializers.FloatField(help_text="Its share rate minus the teacher's, -1…1.")
    low = serializers.FloatField()
    high = serializers.FloatField()


class ConditionShape(Plain):
    kind = serializers.CharField()
    met = serializers.BooleanField()
    says = serializers.CharField(help_text="The condition with its figures, as a sentence.")


class SourceFiguresShape(Plain):
    # DRF takes declared fields off the class, so its own `source` stays what it is.
    source = serializers.IntegerField(  # type: ignore[assignment]
        help_text="Of the batch: a checkpoint with its sampler settings."
    )
    checkpoint = serializers.IntegerField()
    name = serializers.CharField()
    role = serializers.ChoiceField(choices=CheckpointRole.choices)
    parameters = serializers.IntegerField()
    settings = serializers.DictField()
    changed = serializers.DictField(help_text="Those of the settings that differ from the checkpoint's own.")
    share = RateShape(allow_null=True, help_text="Null before its clips are judged.")
    latency = LatencyShape(allow_null=True)
    comparable = serializers.BooleanField(help_text="Timed on the machine that most sources share.")
    beaten_by = serializers.ListField(
        child=serializers.IntegerField(),
        allow_null=True,
        help_text="Sources that are not slower, and shared more with the whole interval of the difference above zero. "
        "Empty: it is on the frontier. Null: it cannot be said.",
    )
    to_best_teacher = ToTeacherShape(allow_null=True)
    conditions = ConditionShape(many=True, help_text="Of the rule, for students.")
    by_rule = serializers.BooleanField(allow_null=True, help_text="All are met; null for a teacher.")


class RuleShape(Plain):
    margin = serializers.FloatField(help_text="How far below the teacher's its share rate may surely be, 0…1.")
    least_prompts = serializers.IntegerField(help_text="Held-out prompts judged with both.")


class JudgedPromptsShape(Plain):
    hitl = serializers.IntegerField()
    heldout = serializers.IntegerField()


class SelectionShape(Plain):
    batch = serializers.IntegerField()
    name = serializers.CharField()
    prompts = JudgedPromptsShape(help_text="Judged so far, by split.")
    split = serializers.ChoiceField(choices=Split.choices, help_text="The prompts that all figures are of.")
    machine = serializers.CharField(allow_null=True, help_text="On which most sources were timed.")
    best_teacher = serializers.IntegerField(allow_null=True, help_text="The source that students are compared with.")
    sources = SourceFiguresShape(many=True, help_text="Shared most first.")
    rule = RuleShape()
    same_speed = serializers.FloatField(help_text="Medians within this factor are one speed.")
    interval = serializers.CharField(help_text="How the intervals of rates and differences were computed.")
    timed = serializers.CharField(help_text="What the seconds are.")
    behind = serializers.IntegerField(help_text="Tasks whose latest annotations are not in yet; they soon are.")


class PromotionSerializer(serializers.Serializer[Promotion]):
    id = serializers.IntegerField()
    checkpoint = CheckpointSerializer()
    batch = serializers.IntegerField(source="batch.pk")
    batch_name = serializers.CharField(source="batch.name")
    settings = serializers.DictField()
    changed = serializers.SerializerMethodField(
        help_text="Those of the settings that differ from the checkpoint's own."
    )
    rule = RuleShape()
    by_rule = serializers.BooleanField(help_text="False: against the rule, for the reason in `note`.")
    note = serializers.CharField()
    promoted_by = serializers.CharField(source="promoted_by.username")
    promoted_at = serializers.DateTimeField()
    revoked_at = serializers.DateTimeField(allow_null=True)
    revoked_by = serializers.CharField(source="revoked_by.username", allow_null=True, default=None)
    revoked_because = serializers.CharField()

    @extend_schema_field(serializers.DictField())
    def get_changed(self, promotion: Promotion) -> dict[str, Any]:
        return changed(settings=promotion.settings, defaults=promotion.checkpoint.default_settings)


class PromotionDetailSerializer(PromotionSerializer):
    figures = SelectionShape(help_text="As they were when it was promoted.")


class StandingSerializer(Plain):
    promotion = PromotionSerializer(allow_null=True)


class PromotionFilterSerializer(Plain):
    batch = serializers.IntegerField(
        required=False, min_value=1, max_value=LARGEST_KEY, help_text="Only those decided on this batch."
    )


class PromoteRequest(Plain):
    source = serializers.IntegerField(min_value=1, max_value=LARGEST_KEY)  # type: ignore[assignment] # as above
    note = serializers.CharField(
        max_length=500, allow_blank=True, default="", help_text="Needed where it is against the rule."
    )


class RevokeRequest(Plain):
    reason = serializers.CharField(max_length=500)
