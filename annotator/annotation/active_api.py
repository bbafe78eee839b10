"""How long people were at work, day by day, for admins."""

from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet
from django.http import StreamingHttpResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_view
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.views import APIView

from annotator.accounts.access import IsAdmin
from annotator.annotation import queries
from annotator.annotation.models import ActiveDay
from annotator.annotation.serializers import ActiveDaySerializer, DaysRequest
from annotator.spreadsheets import csv_lines, in_pieces

COLUMNS = ["day", "username", "active_ms", "judged"]
ROWS_AT_ONCE = 2000


def asked_for(request: Request) -> QuerySet[ActiveDay]:
    form = DaysRequest(data=request.query_params)
    form.is_valid(raise_exception=True)
    return queries.active_days(**form.validated_data)


@extend_schema_view(get=extend_schema(operation_id="active_time", parameters=[DaysRequest]))
class ActiveTimeView(ListAPIView[ActiveDay]):
    """Each person's active time, a row a day (in UTC), newest first."""

    permission_classes = [IsAdmin]
    serializer_class = ActiveDaySerializer
    queryset = ActiveDay.objects.none()

    def get_queryset(self) -> QuerySet[ActiveDay]:
        return asked_for(self.request)


class ActiveTimeExportView(APIView):
    permission_classes = [IsAdmin]

    @extend_schema(
        operation_id="export_active_time",
        parameters=[DaysRequest],
        responses={(200, "text/csv"): OpenApiResponse(OpenApiTypes.STR, "One row a person and day.")},
    )
    def get(self, request: Request) -> StreamingHttpResponse:
        """Downloads the same as CSV, oldest day first."""
        filename = f"stickerloop-active-time-{timezone.now():%Y%m%d-%H%M%S}.csv"
        return StreamingHttpResponse(
            in_pieces(csv_lines(COLUMNS, rows(asked_for(request)))),
            content_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="{filename}"', "Cache-Control": "no-store"},
        )


def rows(days: QuerySet[ActiveDay]) -> Iterator[dict[str, Any]]:
    in_order = days.order_by("day", "user__username").values_list("day", "user__username", "active_ms", "judged")
    for values in in_order.iterator(chunk_size=ROWS_AT_ONCE):
        yield dict(zip(COLUMNS, values, strict=True))
