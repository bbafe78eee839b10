"""Lineage over HTTP, and withdrawing a prompt, which answers with what is concerned."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotator.accounts.access import IsAdmin, IsResearcher, person
from annotator.annotation.withdrawing import withdraw_prompt
from annotator.lineage import tracing
from annotator.lineage.access import lineage_of
from annotator.lineage.nodes import Kind
from annotator.prompts.models import Prompt


class NodeShape(serializers.Serializer[Any]):
    kind = serializers.CharField()
    key = serializers.CharField(help_text="By which its own lineage is asked for; empty where it has none.")
    name = serializers.CharField()
    how = serializers.CharField(help_text="In what way it is connected.")
    href = serializers.CharField(help_text="Its page; empty where it has none.")
    withdrawn = serializers.BooleanField()


class LineageShape(serializers.Serializer[Any]):
    of = NodeShape()
    came_from = NodeShape(many=True)
    led_to = NodeShape(many=True)


class WithdrawPromptSerializer(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=500)


class LineageView(APIView):
    permission_classes = [IsResearcher]

    @extend_schema(
        operation_id="lineage",
        parameters=[OpenApiParameter("kind", str, OpenApiParameter.PATH, enum=Kind.values)],
        responses=LineageShape,
    )
    def get(self, request: Request, kind: str, key: str) -> Response:
        """What it came from and what came from it. A label is asked for by its submission, a person by an admin."""
        return Response(lineage_of(kind=kind, key=key, asker=person(request)).stored())


class WithdrawPromptView(APIView):
    permission_classes = [IsAdmin]

    @extend_schema(operation_id="withdraw_prompt", request=WithdrawPromptSerializer, responses=LineageShape)
    def post(self, request: Request, pk: int) -> Response:
        """Withdraws a prompt from batches, rates and releases to come; answers what of it is out already."""
        prompt = get_object_or_404(Prompt, pk=pk)
        form = WithdrawPromptSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        withdraw_prompt(prompt, reason=form.validated_data["reason"], by=person(request))
        return Response(tracing.of_prompt(prompt).stored())
