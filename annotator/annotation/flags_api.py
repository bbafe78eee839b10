"""Flags, for the researchers who decide on them."""

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotator.accounts.access import IsResearcher, person
from annotator.annotation import queries
from annotator.annotation.access import flag_to_resolve
from annotator.annotation.flags import Decision, resolve
from annotator.annotation.models import Flag
from annotator.annotation.serializers import DecisionRequest, FlagSerializer, ResolvedShape


@extend_schema_view(
    get=extend_schema(
        operation_id="flags",
        parameters=[OpenApiParameter("resolved", bool, description="true: the settled ones as well.")],
    )
)
class FlagsView(ListAPIView[Flag]):
    """What annotators have flagged and nobody has settled, newest first."""

    permission_classes = [IsResearcher]
    serializer_class = FlagSerializer
    queryset = Flag.objects.none()

    def get_queryset(self) -> QuerySet[Flag]:
        return queries.flags(unresolved=self.request.query_params.get("resolved") != "true")


class ResolveView(APIView):
    permission_classes = [IsResearcher]

    @extend_schema(operation_id="resolve_flag", request=DecisionRequest, responses=ResolvedShape)
    def post(self, request: Request, pk: int) -> Response:
        """Settles every open flag of the flagged task: `release` puts it back in line, `void` takes it out for good."""
        flag = flag_to_resolve(pk=pk)
        form = DecisionRequest(data=request.data)
        form.is_valid(raise_exception=True)
        settled = resolve(flag=flag, decision=Decision(form.validated_data["decision"]), by=person(request))
        return Response({"resolved": settled})
