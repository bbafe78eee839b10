"""How each annotator judges, and setting them aside, for admins."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotator.accounts.access import IsAdmin, person
from annotator.accounts.models import User
from annotator.quality.access import annotator_to_look_at
from annotator.quality.annotators import annotators, figures
from annotator.quality.serializers import AnnotatorShape, SetAsideRequest
from annotator.quality.setting_aside import set_aside, take_back


def detail(pk: int) -> dict[str, Any]:
    found = annotator_to_look_at(pk=pk)
    return dict(AnnotatorShape(found, context={"figures": figures([found])}).data)


@extend_schema_view(get=extend_schema(operation_id="annotators"))
class AnnotatorsView(ListAPIView[User]):
    """Everybody who has judged something, the newest account first, with figures over their last 300 tasks."""

    permission_classes = [IsAdmin]
    serializer_class = AnnotatorShape
    queryset = User.objects.none()
    page_size = 20

    def get_queryset(self) -> QuerySet[User]:
        return annotators()

    def paginate_queryset(self, queryset: Any) -> Any:
        page = super().paginate_queryset(queryset)
        self.page = [] if page is None else list(page)
        return page

    def get_serializer_context(self) -> dict[str, Any]:
        return {**super().get_serializer_context(), "figures": figures(getattr(self, "page", []))}


class SetAsideView(APIView):
    permission_classes = [IsAdmin]

    @extend_schema(operation_id="set_aside", request=SetAsideRequest, responses=AnnotatorShape)
    def put(self, request: Request, pk: int) -> Response:
        """Takes somebody's labels out of every rate and of releases to come. Nothing is deleted."""
        found = annotator_to_look_at(pk=pk)
        form = SetAsideRequest(data=request.data)
        form.is_valid(raise_exception=True)
        set_aside(person=found, reason=form.validated_data["reason"], by=person(request))
        return Response(detail(pk))

    @extend_schema(operation_id="take_back", request=None, responses={200: AnnotatorShape})
    def delete(self, request: Request, pk: int) -> Response:
        """Takes them back: their labels count again as they did."""
        take_back(person=annotator_to_look_at(pk=pk), by=person(request))
        return Response(detail(pk))
