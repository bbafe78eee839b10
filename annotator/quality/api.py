from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotator.accounts.access import IsResearcher
from annotator.quality import queries
from annotator.quality.serializers import BatchFilterSerializer, SummarySerializer


class SummaryView(APIView):
    permission_classes = [IsResearcher]

    @extend_schema(operation_id="labels_summary", parameters=[BatchFilterSerializer], responses=SummarySerializer)
    def get(self, request: Request) -> Response:
        """How many labels there are, and each checkpoint's share rate with its interval."""
        form = BatchFilterSerializer(data=request.query_params)
        form.is_valid(raise_exception=True)
        return Response(queries.summary(batch=form.validated_data.get("batch")))
