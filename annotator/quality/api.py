from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotator.accounts.access import IsResearcher
from annotator.quality.agreement import Stretch, agreement_by_batch, agreement_over_time
from annotator.quality.answer import answer, summary
from annotator.quality.serializers import (
    AgreementOfBatchesShape,
    AgreementOverTimeRequest,
    AgreementOverTimeShape,
    BatchFilterSerializer,
    LabelsAnswerShape,
    SummarySerializer,
)


def asked_for(request: Request) -> dict[str, Any]:
    form = BatchFilterSerializer(data=request.query_params)
    form.is_valid(raise_exception=True)
    return {"batch": form.validated_data.get("batch")}


class SummaryView(APIView):
    permission_classes = [IsResearcher]

    @extend_schema(operation_id="labels_summary", parameters=[BatchFilterSerializer], responses=SummarySerializer)
    def get(self, request: Request) -> Response:
        """How many labels there are, and each checkpoint's share rate with its interval."""
        return Response(summary(**asked_for(request)))


class AnswerView(APIView):
    permission_classes = [IsResearcher]

    @extend_schema(operation_id="labels_answer", parameters=[BatchFilterSerializer], responses=LabelsAnswerShape)
    def get(self, request: Request) -> Response:
        """Which model makes stickers that people share, and how sure that is."""
        return Response(answer(**asked_for(request)))


class AgreementView(APIView):
    permission_classes = [IsResearcher]

    @extend_schema(operation_id="labels_agreement", responses=AgreementOfBatchesShape)
    def get(self, request: Request) -> Response:
        """Krippendorff's alpha of each batch, oldest first."""
        return Response({"batches": agreement_by_batch()})


class AgreementOverTimeView(APIView):
    permission_classes = [IsResearcher]

    @extend_schema(
        operation_id="labels_agreement_over_time",
        parameters=[AgreementOverTimeRequest],
        responses=AgreementOverTimeShape,
    )
    def get(self, request: Request) -> Response:
        """Krippendorff's alpha of the tasks that were done in each week, or day, in one batch or in all."""
        form = AgreementOverTimeRequest(data=request.query_params)
        form.is_valid(raise_exception=True)
        every = Stretch(form.validated_data["every"])
        stretches = agreement_over_time(every=every, batch=form.validated_data.get("batch"))
        return Response(AgreementOverTimeShape({"every": every, "stretches": stretches}).data)
