"""People, invitations and API tokens."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.generics import GenericAPIView, ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from annotator.accounts import access, invitations, people, tokens
from annotator.accounts.access import IsAdmin, IsAnnotator
from annotator.accounts.models import ApiToken, Invitation, User
from annotator.accounts.serializers import (
    InvitationSerializer,
    InviteSerializer,
    NewInvitationSerializer,
    NewTokenSerializer,
    PersonSerializer,
    TokenSerializer,
)


@extend_schema_view(get=extend_schema(operation_id="people"))
class PeopleView(ListAPIView[User]):
    """Everybody with an account, newest first."""

    permission_classes = [IsAdmin]
    serializer_class = PersonSerializer
    queryset = User.objects.all()


class PersonView(GenericAPIView[User]):
    permission_classes = [IsAdmin]
    serializer_class = PersonSerializer
    queryset = User.objects.all()

    @extend_schema(operation_id="change_person")
    def patch(self, request: Request, pk: int) -> Response:
        """Gives somebody else another role, or switches the account off: sessions and tokens end at once."""
        user = self.get_object()
        form = PersonSerializer(user, data=request.data, partial=True)
        form.is_valid(raise_exception=True)
        changed = people.change_person(user=user, by=access.person(request), **form.validated_data)
        return Response(PersonSerializer(changed).data)


@extend_schema_view(get=extend_schema(operation_id="invitations"))
class InvitationsView(ListAPIView[Invitation]):
    """Invitations, newest first; `accepted_by` is null while one is open."""

    permission_classes = [IsAdmin]
    serializer_class = InvitationSerializer
    queryset = Invitation.objects.select_related("created_by", "accepted_by")

    @extend_schema(operation_id="invite", request=InviteSerializer, responses={201: NewInvitationSerializer})
    def post(self, request: Request) -> Response:
        """A new invitation. Its secret and link are shown this once."""
        form = InviteSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        invitation, secret = invitations.invite(by=access.person(request), **form.validated_data)
        shown = InvitationSerializer(invitation).data
        link = request.build_absolute_uri(f"/join/{secret}")
        return Response({**shown, "secret": secret, "link": link}, status=201)


class InvitationView(GenericAPIView[Invitation]):
    permission_classes = [IsAdmin]
    serializer_class = InvitationSerializer
    queryset = Invitation.objects.all()

    @extend_schema(operation_id="withdraw_invitation", responses={204: None})
    def delete(self, request: Request, pk: int) -> Response:
        """Takes back an invitation that nobody has followed yet."""
        invitations.withdraw_invitation(invitation=self.get_object(), by=access.person(request))
        return Response(status=204)


@extend_schema_view(get=extend_schema(operation_id="tokens"))
class TokensView(ListAPIView[ApiToken]):
    """One's own API tokens, newest first."""

    permission_classes = [IsAnnotator]
    serializer_class = TokenSerializer
    queryset = ApiToken.objects.none()

    def get_queryset(self) -> QuerySet[ApiToken]:
        return access.own_tokens(self.request)

    @extend_schema(operation_id="create_token", request=TokenSerializer, responses={201: NewTokenSerializer})
    def post(self, request: Request) -> Response:
        """A new API token with one's own rights. Its secret is shown this once."""
        form = TokenSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        token, secret = tokens.create_token(user=access.person(request), **form.validated_data)
        shown: dict[str, Any] = {**TokenSerializer(token).data, "secret": secret}
        return Response(shown, status=201)


class TokenView(GenericAPIView[ApiToken]):
    permission_classes = [IsAnnotator]
    serializer_class = TokenSerializer
    queryset = ApiToken.objects.none()

    def get_queryset(self) -> QuerySet[ApiToken]:
        return access.own_tokens(self.request)

    @extend_schema(operation_id="revoke_token", responses={204: None})
    def delete(self, request: Request, pk: int) -> Response:
        """Ends one of one's own tokens: what still uses it is refused from now on."""
        tokens.revoke_token(token=self.get_object())
        return Response(status=204)
