"""What researchers do over HTTP with batches, and what they see of clips and workers."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.exceptions import ValidationError
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotator.accounts.access import IsResearcher, person
from annotator.generation import batches, queries
from annotator.generation.access import batch_to_steer
from annotator.generation.clip_serializers import WorkerSerializer
from annotator.generation.models import Batch, Worker
from annotator.generation.serializers import (
    BatchChangesSerializer,
    BatchDetailSerializer,
    BatchListFilterSerializer,
    BatchSerializer,
    NewBatchSerializer,
    RetriedSerializer,
    RetrySerializer,
)
from annotator.polling import IF_NONE_MATCH, UNCHANGED, fresh


class StaleBatchError(ValidationError):
    status_code = 409


def detail(pk: int) -> dict[str, Any]:
    batch = batch_to_steer(pk=pk)
    context = {"progress": queries.progress(batch), "sources": queries.sources_of(batch)}
    return dict(BatchDetailSerializer(batch, context=context).data)


@extend_schema_view(get=extend_schema(operation_id="batches", parameters=[BatchListFilterSerializer]))
class BatchesView(ListAPIView[Batch]):
    """Batches, newest first."""

    permission_classes = [IsResearcher]
    serializer_class = BatchSerializer
    queryset = Batch.objects.none()

    def get_queryset(self) -> QuerySet[Batch]:
        wanted = BatchListFilterSerializer(data=self.request.query_params)
        wanted.is_valid(raise_exception=True)
        return queries.batches(prompt_set_id=wanted.validated_data.get("prompt_set"))

    def paginate_queryset(self, queryset: Any) -> Any:
        page = super().paginate_queryset(queryset)
        self.page = [] if page is None else list(page)
        return page

    def get_serializer_context(self) -> dict[str, Any]:
        page: list[Batch] = getattr(self, "page", [])
        return {**super().get_serializer_context(), "judged": queries.judged([batch.pk for batch in page])}

    @extend_schema(operation_id="create_batch", request=NewBatchSerializer, responses={201: BatchDetailSerializer})
    def post(self, request: Request) -> Response:
        """Makes a batch. The tasks of a large one are made in the background, the first of them at once."""
        form = NewBatchSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        batch = batches.create_batch(created_by=person(request), **form.plan())
        return Response(detail(batch.pk), status=201)


class BatchView(APIView):
    permission_classes = [IsResearcher]

    @extend_schema(
        operation_id="batch",
        parameters=[IF_NONE_MATCH],
        responses={200: BatchDetailSerializer, 304: UNCHANGED},
    )
    def get(self, request: Request, pk: int) -> Response:
        """A batch and how far it is. Carries an ETag, for pages that ask again every few seconds."""
        data = detail(pk)
        return fresh(request, data)

    @extend_schema(operation_id="change_batch", request=BatchChangesSerializer, responses=BatchDetailSerializer)
    def patch(self, request: Request, pk: int) -> Response:
        """Pauses, resumes, reorders or extends an open batch."""
        batch = batch_to_steer(pk=pk)
        form = BatchChangesSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        changes = dict(form.validated_data)
        try:
            batches.steer_batch(
                batch_id=batch.pk,
                by=person(request),
                overlap=changes.pop("overlap", None),
                reasons=changes.pop("reasons", None),
                was=changes.pop("was", None),
                changes=changes,
            )
        except batches.StaleError as error:
            raise StaleBatchError(error.message_dict) from None
        return Response(detail(batch.pk))


class CancelBatchView(APIView):
    permission_classes = [IsResearcher]

    @extend_schema(operation_id="cancel_batch", request=None, responses=BatchDetailSerializer)
    def post(self, request: Request, pk: int) -> Response:
        """Ends a batch for good: nothing more is generated or handed out for it. What was annotated stays."""
        batches.cancel_batch(batch_to_steer(pk=pk).pk, by=person(request))
        return Response(detail(pk))


class CloseBatchView(APIView):
    permission_classes = [IsResearcher]

    @extend_schema(operation_id="close_batch", request=None, responses=BatchDetailSerializer)
    def post(self, request: Request, pk: int) -> Response:
        """Ends a batch as finished: its annotations can no longer be revised. Clips that have not come are given up."""
        batches.close_batch(batch_to_steer(pk=pk).pk, by=person(request))
        return Response(detail(pk))


class RetryFailedView(APIView):
    permission_classes = [IsResearcher]

    @extend_schema(operation_id="retry_failed_clips", request=RetrySerializer, responses=RetriedSerializer)
    def post(self, request: Request, pk: int) -> Response:
        """Queues the failed clips of an open batch again, except in tasks that somebody was already given: all of
        them, or those of one error."""
        batch = batch_to_steer(pk=pk)
        form = RetrySerializer(data=request.data)
        form.is_valid(raise_exception=True)
        return Response({"retried": batches.retry_batch(batch.pk, error=form.validated_data.get("error"))})


@extend_schema_view(get=extend_schema(operation_id="workers"))
class WorkersView(ListAPIView[Worker]):
    """The generate workers heard of in the last day, newest first."""

    permission_classes = [IsResearcher]
    serializer_class = WorkerSerializer
    queryset = Worker.objects.none()

    def get_queryset(self) -> QuerySet[Worker]:
        return queries.workers()
