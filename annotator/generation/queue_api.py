"""The queue and the workers, for pages that look again every few seconds."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotator.accounts.access import IsResearcher
from annotator.generation.by_minute import MINUTES, clips_by_minute
from annotator.generation.outlook import MOST_COUNTED, Outlook, Running, Waiting, outlook
from annotator.polling import IF_NONE_MATCH, UNCHANGED, fresh


class RunningSerializer(serializers.Serializer[Running]):
    worker = serializers.CharField()
    checkpoint = serializers.CharField(help_text="Its name.")
    batch = serializers.IntegerField(allow_null=True, help_text="Null: of previews.")
    batch_name = serializers.CharField(allow_null=True)
    clips = serializers.IntegerField()


class WaitingSerializer(serializers.Serializer[Waiting]):
    batch = serializers.IntegerField(allow_null=True, help_text="Null: a preview.")
    name = serializers.CharField()
    clips = serializers.IntegerField(help_text=f"That wait; counted up to {MOST_COUNTED}.")
    priority = serializers.IntegerField(allow_null=True)
    why = serializers.CharField(help_text="What puts it there, in words.")


class OutlookSerializer(serializers.Serializer[Outlook]):
    workers = serializers.IntegerField(help_text="That are heard of.")
    running = RunningSerializer(many=True)
    next = WaitingSerializer(many=True, help_text="In the order of their turns.")
    held = WaitingSerializer(many=True, help_text="That take no turn for now.")


class PaceSerializer(serializers.Serializer[Any]):
    workers = serializers.DictField(
        child=serializers.ListField(child=serializers.IntegerField()),
        help_text=f"By the worker's name: clips in each of the last {MINUTES} minutes, the latest last.",
    )


class QueueView(APIView):
    permission_classes = [IsResearcher]

    @extend_schema(operation_id="queue", parameters=[IF_NONE_MATCH], responses={200: OutlookSerializer, 304: UNCHANGED})
    def get(self, request: Request) -> Response:
        """What runs on which worker, what goes next and why, and what takes no turn and why."""
        return fresh(request, OutlookSerializer(outlook()).data)


class WorkersPaceView(APIView):
    permission_classes = [IsResearcher]

    @extend_schema(
        operation_id="workers_pace", parameters=[IF_NONE_MATCH], responses={200: PaceSerializer, 304: UNCHANGED}
    )
    def get(self, request: Request) -> Response:
        """How many clips came from each worker, minute by minute."""
        return fresh(request, {"workers": clips_by_minute()})
