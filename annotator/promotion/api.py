from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import APIException
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotator.accounts.access import IsResearcher, person
from annotator.generation.access import batch_to_steer
from annotator.polling import IF_NONE_MATCH, UNCHANGED, fresh
from annotator.promotion.access import promotion_to_see
from annotator.promotion.models import Promotion
from annotator.promotion.promotions import PromotionStateError, promote, revoke
from annotator.promotion.queries import promotions, standing
from annotator.promotion.selection import selection
from annotator.promotion.serializers import (
    PromoteRequest,
    PromotionDetailSerializer,
    PromotionFilterSerializer,
    PromotionSerializer,
    RevokeRequest,
    SelectionShape,
    StandingSerializer,
)


class PromotionStateConflict(APIException):
    status_code = 409


class SelectionView(APIView):
    permission_classes = [IsResearcher]

    @extend_schema(
        operation_id="batch_selection", parameters=[IF_NONE_MATCH], responses={200: SelectionShape, 304: UNCHANGED}
    )
    def get(self, request: Request, pk: int) -> Response:
        """Quality against latency of a batch's sources, who is on the frontier, and what the rule says of students."""
        return fresh(request, SelectionShape(selection(batch_to_steer(pk=pk))).data)


class PromoteView(APIView):
    permission_classes = [IsResearcher]

    @extend_schema(operation_id="promote", request=PromoteRequest, responses={201: PromotionDetailSerializer})
    def post(self, request: Request, pk: int) -> Response:
        """Makes a student of a batch, with its sampler settings, the one to use. Where the rule is not met, a reason is
        asked for, and kept."""
        batch = batch_to_steer(pk=pk)
        form = PromoteRequest(data=request.data)
        form.is_valid(raise_exception=True)
        made = promote(batch=batch, by=person(request), **form.validated_data)
        return Response(PromotionDetailSerializer(promotion_to_see(pk=made.pk)).data, status=201)


class PromotionsView(ListAPIView[Promotion]):
    permission_classes = [IsResearcher]
    serializer_class = PromotionSerializer
    queryset = Promotion.objects.none()

    def get_queryset(self) -> QuerySet[Promotion]:
        form = PromotionFilterSerializer(data=self.request.query_params)
        form.is_valid(raise_exception=True)
        return promotions(batch=form.validated_data.get("batch"))

    @extend_schema(operation_id="promotions", parameters=[PromotionFilterSerializer])
    def get(self, request: Request) -> Response:
        """Promotions, newest first, revoked ones too."""
        return self.list(request)


class StandingView(APIView):
    permission_classes = [IsResearcher]

    @extend_schema(operation_id="standing_promotion", responses=StandingSerializer)
    def get(self, request: Request) -> Response:
        """The promotion that stands: its checkpoint and settings are what pages begin with."""
        return Response(StandingSerializer({"promotion": standing()}).data)


class PromotionView(APIView):
    permission_classes = [IsResearcher]

    @extend_schema(operation_id="promotion", responses=PromotionDetailSerializer)
    def get(self, request: Request, pk: int) -> Response:
        """One promotion, with the figures on which it was decided."""
        return Response(PromotionDetailSerializer(promotion_to_see(pk=pk)).data)


class RevokeView(APIView):
    permission_classes = [IsResearcher]

    @extend_schema(operation_id="revoke_promotion", request=RevokeRequest, responses=PromotionSerializer)
    def post(self, request: Request, pk: int) -> Response:
        """Revokes a promotion: it stays on record, and what stood before it stands again."""
        promotion = promotion_to_see(pk=pk)
        form = RevokeRequest(data=request.data)
        form.is_valid(raise_exception=True)
        try:
            revoke(promotion, by=person(request), reason=form.validated_data["reason"])
        except PromotionStateError as error:
            raise PromotionStateConflict(str(error)) from None
        return Response(PromotionSerializer(promotion).data)
