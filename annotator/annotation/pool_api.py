"""Who may annotate a batch, for the researchers who decide it."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotator.accounts import access
from annotator.accounts.access import IsResearcher
from annotator.annotation import queries
from annotator.annotation.access import place_to_change
from annotator.annotation.models import Enrolment
from annotator.annotation.pool import change_place, let_in
from annotator.annotation.serializers import LetInRequest, PlaceChangesRequest, PlaceSerializer
from annotator.generation.access import batch_to_steer


@extend_schema_view(get=extend_schema(operation_id="batch_people"))
class BatchPeopleView(ListAPIView[Enrolment]):
    """Who was let into the batch or has come to it, newest first."""

    permission_classes = [IsResearcher]
    serializer_class = PlaceSerializer
    queryset = Enrolment.objects.none()

    def get_queryset(self) -> QuerySet[Enrolment]:
        return queries.people_of(batch_to_steer(pk=self.kwargs["pk"]))

    @extend_schema(operation_id="let_into_batch", request=LetInRequest, responses={204: None})
    def post(self, request: Request, pk: int) -> Response:
        """Lets people in by name: all of them, or none where a name is wrong. Who was removed is taken back."""
        batch = batch_to_steer(pk=pk)
        form = LetInRequest(data=request.data)
        form.is_valid(raise_exception=True)
        let_in(batch=batch, by=access.person(request), **form.validated_data)
        return Response(status=204)


class BatchPersonView(APIView):
    permission_classes = [IsResearcher]

    @extend_schema(operation_id="change_place", request=PlaceChangesRequest, responses=PlaceSerializer)
    def patch(self, request: Request, pk: int, person: int) -> Response:
        """Caps somebody, removes them (what they hold goes back, what they judged stays) or takes them back."""
        place = place_to_change(batch_id=pk, user_id=person)
        form = PlaceChangesRequest(data=request.data)
        form.is_valid(raise_exception=True)
        changes: dict[str, Any] = form.validated_data
        change_place(enrolment=place, changes=changes, by=access.person(request))
        return Response(PlaceSerializer(place_to_change(batch_id=pk, user_id=person)).data)
