from typing import Any

from django.http import StreamingHttpResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.views import APIView

from annotator.accounts.access import IsResearcher
from annotator.quality.serializers import BatchFilterSerializer
from annotator.releases.formats import FORMATS
from annotator.releases.labels import label_rows
from annotator.spreadsheets import in_pieces


class ExportSerializer(BatchFilterSerializer):
    format = serializers.ChoiceField(choices=list(FORMATS), required=False, default="jsonl")


class ExportView(APIView):
    permission_classes = [IsResearcher]

    def perform_content_negotiation(self, request: Request, force: bool = False) -> tuple[Any, str]:
        """`?format=` names the download's format here, not that of the API's answers."""
        return JSONRenderer(), JSONRenderer.media_type

    @extend_schema(
        operation_id="export_labels",
        parameters=[ExportSerializer],
        responses={
            (200, "application/x-ndjson"): OpenApiResponse(
                OpenApiTypes.STR, "One JSON object a line, one line a verdict."
            ),
            (200, "text/csv"): OpenApiResponse(OpenApiTypes.STR, "One row a verdict."),
        },
    )
    def get(self, request: Request) -> StreamingHttpResponse:
        """Downloads the labels: one row a verdict of each annotation's current revision."""
        form = ExportSerializer(data=request.query_params)
        form.is_valid(raise_exception=True)
        name = form.validated_data["format"]
        content_type, lines = FORMATS[name]
        rows = label_rows(batch=form.validated_data.get("batch"))
        filename = f"stickerloop-labels-{timezone.now():%Y%m%d-%H%M%S}.{name}"
        return StreamingHttpResponse(
            in_pieces(lines(rows)),
            content_type=content_type,
            headers={"Content-Disposition": f'attachment; filename="{filename}"', "Cache-Control": "no-store"},
        )
