"""The audit over HTTP, for admins: a list, and all of it as CSV or JSON Lines."""

import json
from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet
from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.views import APIView

from annotator import spreadsheets
from annotator.accounts.access import IsAdmin
from annotator.audit.models import Entry
from annotator.audit.queries import entries
from annotator.audit.sentences import sentence

COLUMNS = ("id", "at", "actor", "verb", "subject", "subject_key", "subject_name", "before", "after", "sentence")


class AuditFilterSerializer(serializers.Serializer[Any]):
    verb = serializers.CharField(required=False, help_text='A verb or its beginning, such as "batch."')
    actor = serializers.CharField(required=False, help_text="A username.")
    subject = serializers.CharField(required=False)
    subject_key = serializers.CharField(required=False)
    since = serializers.DateTimeField(required=False)
    until = serializers.DateTimeField(required=False)


class AuditExportSerializer(AuditFilterSerializer):
    format = serializers.ChoiceField(choices=["csv", "jsonl"], required=False, default="csv")


class EntrySerializer(serializers.ModelSerializer[Entry]):
    actor = serializers.CharField(
        source="actor.username", read_only=True, default=None, allow_null=True, help_text="Null: the system."
    )
    before = serializers.DictField(help_text="Of what changed, as it was.")
    after = serializers.DictField(help_text="Of what changed, as it is since.")
    sentence = serializers.SerializerMethodField()

    class Meta:
        model = Entry
        fields = COLUMNS

    def get_sentence(self, entry: Entry) -> str:
        return sentence(entry)


def asked(request: Request) -> QuerySet[Entry]:
    form = AuditFilterSerializer(data=request.query_params)
    form.is_valid(raise_exception=True)
    return entries(**form.validated_data)


@extend_schema_view(get=extend_schema(operation_id="audit", parameters=[AuditFilterSerializer]))
class AuditView(ListAPIView[Entry]):
    """Who changed what and when, newest first."""

    permission_classes = [IsAdmin]
    serializer_class = EntrySerializer
    queryset = Entry.objects.none()

    def get_queryset(self) -> QuerySet[Entry]:
        return asked(self.request)


class AuditExportView(APIView):
    permission_classes = [IsAdmin]

    def perform_content_negotiation(self, request: Request, force: bool = False) -> tuple[Any, str]:
        """`?format=` names the download's format here, not that of the API's answers."""
        return JSONRenderer(), JSONRenderer.media_type

    @extend_schema(
        operation_id="export_audit",
        parameters=[AuditExportSerializer],
        responses={
            (200, "text/csv"): OpenApiResponse(OpenApiTypes.STR, "One row an entry, oldest first."),
            (200, "application/x-ndjson"): OpenApiResponse(OpenApiTypes.STR, "One JSON object a line."),
        },
    )
    def get(self, request: Request) -> StreamingHttpResponse:
        """Downloads the audit, or what a filter leaves of it."""
        form = AuditExportSerializer(data=request.query_params)
        form.is_valid(raise_exception=True)
        kind = form.validated_data["format"]
        found = rows(asked(request).order_by("id"))
        lines = spreadsheets.csv_lines(COLUMNS, found) if kind == "csv" else map(json_line, found)
        return StreamingHttpResponse(
            spreadsheets.in_pieces(lines),
            content_type="text/csv; charset=utf-8" if kind == "csv" else "application/x-ndjson",
            headers={"Content-Disposition": f'attachment; filename="stickerloop-audit.{kind}"'},
        )


def rows(found: QuerySet[Entry]) -> Iterator[dict[str, Any]]:
    for entry in found.iterator(chunk_size=2000):
        yield {**EntrySerializer(entry).data}


def json_line(row: dict[str, Any]) -> str:
    return json.dumps(row, ensure_ascii=False) + "\n"
