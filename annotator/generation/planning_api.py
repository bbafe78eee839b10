"""Before a batch is queued, and when more prompts are: what it would cost."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotator.accounts.access import IsResearcher, person
from annotator.generation.access import batch_to_steer
from annotator.generation.api import StaleBatchError, detail
from annotator.generation.batches import StaleError
from annotator.generation.estimates import estimate_batch
from annotator.generation.extending import estimate_extension, extend_batch
from annotator.generation.planning_serializers import BatchPlanSerializer, EstimateSerializer, PromptFilterSerializer
from annotator.generation.serializers import BatchDetailSerializer


class EstimateView(APIView):
    permission_classes = [IsResearcher]

    @extend_schema(operation_id="estimate_batch", request=BatchPlanSerializer, responses=EstimateSerializer)
    def post(self, request: Request) -> Response:
        """How many clips and tasks a batch would have, how many of the clips are there already, and how long workers
        would take for the others, by what was measured of late. Nothing is made."""
        form = BatchPlanSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        return Response(EstimateSerializer(estimate_batch(**form.plan())).data)


class ExtendView(APIView):
    permission_classes = [IsResearcher]

    @extend_schema(operation_id="extend_batch", request=PromptFilterSerializer, responses=BatchDetailSerializer)
    def post(self, request: Request, pk: int) -> Response:
        """Adds prompts to an open batch: those added to its set since, or a wider filter. Its tasks stay."""
        batch = batch_to_steer(pk=pk)
        form = PromptFilterSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        try:
            extend_batch(batch=batch, chosen=form.chosen(), by=person(request))
        except StaleError as error:
            raise StaleBatchError(error.messages) from None
        return Response(detail(pk))


class ExtensionEstimateView(APIView):
    permission_classes = [IsResearcher]

    @extend_schema(operation_id="estimate_extension", request=PromptFilterSerializer, responses=EstimateSerializer)
    def post(self, request: Request, pk: int) -> Response:
        """How much `extend/` would add. Nothing is made."""
        form = PromptFilterSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        extension = estimate_extension(batch=batch_to_steer(pk=pk), chosen=form.chosen())
        return Response(EstimateSerializer(extension).data)
