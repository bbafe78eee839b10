"""Releases over HTTP: previewed, frozen in the background, checked, compared, withdrawn."""

from uuid import UUID

from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import status
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotator.accounts.access import IsAdmin, IsResearcher, person
from annotator.polling import IF_NONE_MATCH, UNCHANGED, fresh
from annotator.releases import queries
from annotator.releases.access import release_to_see
from annotator.releases.check_jobs import ask_check
from annotator.releases.comparing import compare
from annotator.releases.manifest import ManifestError
from annotator.releases.models import Purpose, Release, ReleaseState
from annotator.releases.preview import preview
from annotator.releases.releases import (
    ReleaseStateError,
    check_rule,
    create_release,
    give_up_release,
    withdraw_release,
)
from annotator.releases.rule import Rule
from annotator.releases.serializers import (
    ComparisonShape,
    NewReleaseSerializer,
    PreviewRequestSerializer,
    PreviewShape,
    ReleaseCheckSerializer,
    ReleaseSerializer,
    WithdrawSerializer,
)
from inference_worker.blobs import BlobError


class Conflict(APIException):
    status_code = status.HTTP_409_CONFLICT


def answer(request: Request, public_id: UUID) -> Response:
    return Response(ReleaseSerializer(release_to_see(public_id=public_id)).data)


class PreviewView(APIView):
    permission_classes = [IsResearcher]

    @extend_schema(operation_id="preview_release", request=PreviewRequestSerializer, responses=PreviewShape)
    def post(self, request: Request) -> Response:
        """What a rule would select now, and what it leaves out. Nothing is stored."""
        form = PreviewRequestSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        rule = form.rule()
        check_rule(rule, purpose=Purpose(form.validated_data["purpose"]))
        return Response(preview(rule))


@extend_schema_view(get=extend_schema(operation_id="releases"))
class ReleasesView(ListAPIView[Release]):
    """Releases, newest first."""

    permission_classes = [IsResearcher]
    serializer_class = ReleaseSerializer
    queryset = queries.releases()

    @extend_schema(operation_id="create_release", request=NewReleaseSerializer, responses={201: ReleaseSerializer})
    def post(self, request: Request) -> Response:
        """Queues a release: its labels are frozen in the background as they are when that begins."""
        form = NewReleaseSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        data = form.validated_data
        made = create_release(
            name=data["name"],
            description=data["description"],
            licence=data["licence"],
            purpose=Purpose(data["purpose"]),
            rule=Rule.of(data["rule"]),
            by=person(request),
        )
        return Response(ReleaseSerializer(made).data, status=201)


class ReleaseView(APIView):
    permission_classes = [IsResearcher]

    @extend_schema(
        operation_id="release", parameters=[IF_NONE_MATCH], responses={200: ReleaseSerializer, 304: UNCHANGED}
    )
    def get(self, request: Request, public_id: UUID) -> Response:
        """A release: its rule, its counts, its sha256, and its newest check."""
        return fresh(request, ReleaseSerializer(release_to_see(public_id=public_id)).data)

    @extend_schema(operation_id="give_up_release", responses={204: None})
    def delete(self, request: Request, public_id: UUID) -> Response:
        """Gives up a release that is not frozen."""
        try:
            give_up_release(release_to_see(public_id=public_id), by=person(request))
        except ReleaseStateError as error:
            raise Conflict(str(error)) from None
        return Response(status=204)


class CheckView(APIView):
    permission_classes = [IsResearcher]

    @extend_schema(operation_id="check_release", request=None, responses={202: ReleaseCheckSerializer})
    def post(self, request: Request, public_id: UUID) -> Response:
        """Checks in the background that a release is what was frozen: manifest, labels, and every file of its clips."""
        try:
            asked = ask_check(release_to_see(public_id=public_id), by=person(request))
        except ReleaseStateError as error:
            raise Conflict(str(error)) from None
        return Response(ReleaseCheckSerializer(asked).data, status=202)


class WithdrawView(APIView):
    permission_classes = [IsAdmin]

    @extend_schema(operation_id="withdraw_release", request=WithdrawSerializer, responses=ReleaseSerializer)
    def post(self, request: Request, public_id: UUID) -> Response:
        """Marks a frozen release as withdrawn. It stays readable, and nothing of it changes."""
        form = WithdrawSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        try:
            withdraw_release(release_to_see(public_id=public_id), by=person(request), **form.validated_data)
        except ReleaseStateError as error:
            raise Conflict(str(error)) from None
        return answer(request, public_id)


class CompareView(APIView):
    permission_classes = [IsResearcher]

    @extend_schema(operation_id="compare_releases", responses=ComparisonShape)
    def get(self, request: Request, public_id: UUID, other: UUID) -> Response:
        """Two frozen releases: what only one has, and the labels that differ."""
        pair = release_to_see(public_id=public_id), release_to_see(public_id=other)
        for release in pair:
            if release.state != ReleaseState.FROZEN:
                raise Conflict(f"{release.name} is {release.state}: only frozen releases can be compared.")
        try:
            return Response(compare(*pair))
        except (ManifestError, BlobError) as error:
            raise ValidationError(f"{str(error).rstrip('.')}.") from None
