"""Exports over HTTP: asked for, written in the background, downloaded in as many goes as it takes."""

from uuid import UUID

from django.db.models import QuerySet
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema, extend_schema_view
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotator.accounts.access import IsResearcher, person
from annotator.polling import IF_NONE_MATCH, UNCHANGED, fresh
from annotator.releases import queries
from annotator.releases.access import export_to_see
from annotator.releases.api import Conflict
from annotator.releases.downloads import download
from annotator.releases.exports import ExportStateError, ask_export, cancel_export, forget_export
from annotator.releases.models import Export, ExportState
from annotator.releases.serializers import (
    ExportFilterSerializer,
    ExportSerializer,
    NewExportSerializer,
    file_name,
)


@extend_schema_view(get=extend_schema(operation_id="exports", parameters=[ExportFilterSerializer]))
class ExportsView(ListAPIView[Export]):
    """Exports, newest first."""

    permission_classes = [IsResearcher]
    serializer_class = ExportSerializer
    queryset = queries.exports()

    def get_queryset(self) -> QuerySet[Export]:
        form = ExportFilterSerializer(data=self.request.query_params)
        form.is_valid(raise_exception=True)
        return queries.exports(release=form.validated_data.get("release"))

    @extend_schema(operation_id="ask_export", request=NewExportSerializer, responses={201: ExportSerializer})
    def post(self, request: Request) -> Response:
        """Queues an export, of a release or of what a rule selects now; it is written in the background."""
        form = NewExportSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        made = ask_export(by=person(request), **form.asked())
        return Response(ExportSerializer(made).data, status=201)


class ExportView(APIView):
    permission_classes = [IsResearcher]

    @extend_schema(operation_id="export", parameters=[IF_NONE_MATCH], responses={200: ExportSerializer, 304: UNCHANGED})
    def get(self, request: Request, public_id: UUID) -> Response:
        """An export: how far it is, or its file's name, size and sha256."""
        return fresh(request, ExportSerializer(export_to_see(public_id=public_id)).data)

    @extend_schema(operation_id="forget_export", responses={204: None})
    def delete(self, request: Request, public_id: UUID) -> Response:
        """Takes an ended export off the list; its file goes with the next sweep."""
        try:
            forget_export(export_to_see(public_id=public_id))
        except ExportStateError as error:
            raise Conflict(str(error)) from None
        return Response(status=204)


class CancelExportView(APIView):
    permission_classes = [IsResearcher]

    @extend_schema(operation_id="cancel_export", request=None, responses=ExportSerializer)
    def post(self, request: Request, public_id: UUID) -> Response:
        """Stops an export that waits or is being written."""
        export = export_to_see(public_id=public_id)
        try:
            cancel_export(export)
        except ExportStateError as error:
            raise Conflict(str(error)) from None
        return Response(ExportSerializer(export).data)


class ExportFileView(APIView):
    permission_classes = [IsResearcher]

    @extend_schema(
        operation_id="export_file",
        parameters=[
            OpenApiParameter("Range", str, OpenApiParameter.HEADER, description="bytes=N- goes on from byte N."),
            OpenApiParameter("If-Range", str, OpenApiParameter.HEADER),
        ],
        responses={
            (200, "application/zip"): OpenApiResponse(OpenApiTypes.BINARY, "The zip."),
            (206, "application/zip"): OpenApiResponse(OpenApiTypes.BINARY, "The part that was asked for."),
            416: OpenApiResponse(description="The file has no such part; Content-Range tells its size."),
        },
    )
    def get(self, request: Request, public_id: UUID) -> HttpResponseBase:
        """Downloads an export, from where an earlier download was cut off if asked so."""
        export = export_to_see(public_id=public_id)
        if export.state != ExportState.READY:
            raise Conflict(f"This export is {export.state}: it can be downloaded once it is ready.")
        return download(request, blob=export.file, size=export.bytes, file_name=file_name(export))
