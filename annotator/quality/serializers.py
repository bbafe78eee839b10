from typing import Any

from rest_framework import serializers

from annotator.checkpoints.models import CheckpointRole

Plain = serializers.Serializer[Any]
LARGEST_KEY = 2**63 - 1


class BatchFilterSerializer(Plain):
    batch = serializers.IntegerField(
        required=False, min_value=1, max_value=LARGEST_KEY, help_text="Only the labels of this batch."
    )


class ShareRateSerializer(Plain):
    checkpoint = serializers.IntegerField()
    name = serializers.CharField()
    role = serializers.ChoiceField(choices=CheckpointRole.choices)
    prompts = serializers.IntegerField(help_text="Prompts with at least one counted verdict.")
    shown = serializers.IntegerField(help_text="Counted verdicts.")
    shareable = serializers.IntegerField()
    rate = serializers.FloatField(help_text="shareable / shown")
    low = serializers.FloatField()
    high = serializers.FloatField()


class SummarySerializer(Plain):
    annotations = serializers.IntegerField(help_text="Annotations that count.")
    verdicts = serializers.IntegerField()
    shareable = serializers.IntegerField()
    prompts = serializers.IntegerField()
    annotators = serializers.IntegerField()
    share_rates = ShareRateSerializer(many=True)
    interval = serializers.CharField(help_text="How `low` and `high` were computed.")
