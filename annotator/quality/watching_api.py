"""What is drawn of a batch: how fast it comes, and what is shared of it."""

from dataclasses import asdict
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotator.accounts.access import IsResearcher
from annotator.checkpoints.models import CheckpointRole
from annotator.generation.access import batch_to_steer
from annotator.polling import IF_NONE_MATCH, UNCHANGED, fresh
from annotator.quality.by_checkpoint import checkpoints_of
from annotator.quality.motion import FEWEST_PROMPTS, METHOD, motion_and_share
from annotator.quality.series import MOST_STRETCHES, Series, annotations_over_time, clips_over_time

Plain = serializers.Serializer[Any]


class SeriesSerializer(serializers.Serializer[Series]):
    starts_at = serializers.DateTimeField()
    seconds = serializers.IntegerField(help_text="How long each stretch is.")
    counts = serializers.ListField(
        child=serializers.IntegerField(), help_text=f"How many came in each stretch; {MOST_STRETCHES} at most."
    )


class OverTimeSerializer(Plain):
    clips = SeriesSerializer(allow_null=True, help_text="Made for the batch; null before the first minute is over.")
    annotations = SeriesSerializer(allow_null=True, help_text="That count; null before the first minute is over.")


class MotionSerializer(Plain):
    bucket = serializers.IntegerField(help_text="Of motion size, 1…16.")
    motion_size = serializers.FloatField(help_text="The mean over its verdicts.")
    prompts = serializers.IntegerField()
    shown = serializers.IntegerField(help_text="Counted verdicts.")
    shareable = serializers.IntegerField()
    rate = serializers.FloatField(help_text="shareable / shown")
    low = serializers.FloatField()
    high = serializers.FloatField()
    enough = serializers.BooleanField(help_text=f"Judged in at least {FEWEST_PROMPTS} prompts.")


class MotionAndShareSerializer(Plain):
    buckets = MotionSerializer(many=True, help_text="Those with verdicts, the calmest first.")
    interval = serializers.CharField(help_text="How `low` and `high` were computed.")


class CheckpointFiguresSerializer(Plain):
    checkpoint = serializers.IntegerField()
    name = serializers.CharField()
    role = serializers.ChoiceField(choices=CheckpointRole.choices)
    clips = serializers.IntegerField()
    ready = serializers.IntegerField()
    failed = serializers.IntegerField()
    asked = serializers.IntegerField(help_text="Clips whose caption asks for a verb that is known.")
    recognised = serializers.IntegerField(help_text="Of those, clips in which it is seen.")
    frozen = serializers.IntegerField()
    motion_size = serializers.FloatField(allow_null=True, help_text="The mean, as those below.")
    identity_db = serializers.FloatField(allow_null=True)
    seam_ratio = serializers.FloatField(allow_null=True)
    shown = serializers.IntegerField(help_text="Counted verdicts.")
    shareable = serializers.IntegerField()


class BatchCheckpointsSerializer(Plain):
    checkpoints = CheckpointFiguresSerializer(many=True)


class OverTimeView(APIView):
    permission_classes = [IsResearcher]

    @extend_schema(
        operation_id="batch_over_time",
        parameters=[IF_NONE_MATCH],
        responses={200: OverTimeSerializer, 304: UNCHANGED},
    )
    def get(self, request: Request, pk: int) -> Response:
        """How many clips and annotations of a batch came when. While more come, only whole stretches are counted."""
        batch = batch_to_steer(pk=pk)
        found = {"clips": clips_over_time(batch), "annotations": annotations_over_time(batch)}
        return fresh(request, OverTimeSerializer(found).data)


class MotionView(APIView):
    permission_classes = [IsResearcher]

    @extend_schema(
        operation_id="batch_motion",
        parameters=[IF_NONE_MATCH],
        responses={200: MotionAndShareSerializer, 304: UNCHANGED},
    )
    def get(self, request: Request, pk: int) -> Response:
        """The share rate of a batch's clips by how much they move."""
        buckets = [asdict(each) for each in motion_and_share(batch_to_steer(pk=pk))]
        return fresh(request, MotionAndShareSerializer({"buckets": buckets, "interval": METHOD}).data)


class BatchCheckpointsView(APIView):
    permission_classes = [IsResearcher]

    @extend_schema(
        operation_id="batch_checkpoints",
        parameters=[IF_NONE_MATCH],
        responses={200: BatchCheckpointsSerializer, 304: UNCHANGED},
    )
    def get(self, request: Request, pk: int) -> Response:
        """What was measured of the clips of each checkpoint of a batch, and how many were shared."""
        found = {"checkpoints": checkpoints_of(batch_to_steer(pk=pk))}
        return fresh(request, BatchCheckpointsSerializer(found).data)
