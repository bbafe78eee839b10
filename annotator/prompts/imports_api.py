"""Imports over HTTP: a zip is taken in, read in the background, looked through, and confirmed."""

from pathlib import Path

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import status
from rest_framework.exceptions import APIException
from rest_framework.generics import ListAPIView, get_object_or_404
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotator.accounts.access import IsResearcher, person
from annotator.polling import IF_NONE_MATCH, UNCHANGED, fresh
from annotator.prompts import imports, queries
from annotator.prompts.models import Import, ImportProblem
from annotator.prompts.serializers import (
    ConfirmImportSerializer,
    ImportProblemSerializer,
    ImportSerializer,
    NewImportSerializer,
)


class NotNow(APIException):
    status_code = status.HTTP_409_CONFLICT


def import_to_see(pk: int) -> Import:
    return get_object_or_404(queries.imports(), pk=pk)


@extend_schema_view(get=extend_schema(operation_id="imports"))
class ImportsView(ListAPIView[Import]):
    """Imports, newest first."""

    permission_classes = [IsResearcher]
    serializer_class = ImportSerializer
    parser_classes = [MultiPartParser]
    queryset = queries.imports()

    @extend_schema(operation_id="begin_import", request=NewImportSerializer, responses={201: ImportSerializer})
    def post(self, request: Request) -> Response:
        """Takes a zip in. It is read in the background; nothing is stored before it is confirmed."""
        form = NewImportSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        data = form.validated_data
        made = imports.begin_import(
            file=Path(data["file"].temporary_file_path()),
            file_name=data["file"].name,
            set_name=data["set_name"],
            licence=data["licence"],
            choices=form.choices(),
            by=person(request),
        )
        return Response(ImportSerializer(made).data, status=201)


class ImportView(APIView):
    permission_classes = [IsResearcher]

    @extend_schema(
        operation_id="import",
        parameters=[IF_NONE_MATCH],
        responses={200: ImportSerializer, 304: UNCHANGED},
    )
    def get(self, request: Request, pk: int) -> Response:
        """An import: how far it is read, and what was found."""
        return fresh(request, ImportSerializer(import_to_see(pk)).data)


@extend_schema_view(get=extend_schema(operation_id="import_problems"))
class ImportProblemsView(ListAPIView[ImportProblem]):
    """What is wrong with the bad rows of an import, row by row."""

    permission_classes = [IsResearcher]
    serializer_class = ImportProblemSerializer
    queryset = ImportProblem.objects.none()
    keyset = "id"

    def get_queryset(self) -> QuerySet[ImportProblem]:
        return import_to_see(self.kwargs["pk"]).problems.all()


class ConfirmImportView(APIView):
    permission_classes = [IsResearcher]

    @extend_schema(operation_id="confirm_import", request=ConfirmImportSerializer, responses=ImportSerializer)
    def post(self, request: Request, pk: int) -> Response:
        """Makes prompts of a checked import's good rows, all at once."""
        form = ConfirmImportSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        try:
            done = imports.confirm_import(import_id=import_to_see(pk).pk, **form.validated_data)
        except imports.NotNowError as error:
            raise NotNow(str(error)) from None
        return Response(ImportSerializer(done).data)


class CancelImportView(APIView):
    permission_classes = [IsResearcher]

    @extend_schema(operation_id="cancel_import", request=None, responses=ImportSerializer)
    def post(self, request: Request, pk: int) -> Response:
        """Ends an import of which nothing was stored yet."""
        try:
            imports.cancel_import(import_id=import_to_see(pk).pk)
        except imports.NotNowError as error:
            raise NotNow(str(error)) from None
        return Response(ImportSerializer(import_to_see(pk)).data)
