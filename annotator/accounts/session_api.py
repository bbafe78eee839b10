"""Signing in and out, and joining by invitation: what somebody without an account can reach."""

from typing import Any

from django.conf import settings
from django.contrib.auth import authenticate, login, logout
from django.http import Http404
from django.middleware.csrf import get_token
from drf_spectacular.utils import extend_schema
from rest_framework.authentication import SessionAuthentication
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotator.accounts import invitations, people
from annotator.accounts.models import Role, User
from annotator.accounts.serializers import AcceptSerializer, DemoSerializer, PasswordSerializer, SessionSerializer
from annotator.accounts.signin import BACKEND
from annotator.accounts.throttles import AddressThrottle, SignInThrottle


def session_of(request: Request) -> dict[str, Any]:
    user = request.user
    signed_in = {"username": user.username, "role": user.role} if isinstance(user, User) else None
    return {"user": signed_in, "demo": settings.DEMO, "csrf": get_token(request._request)}


class EntryView(APIView):
    """A door for strangers: nobody need be signed in, but a write must come from our own pages."""

    permission_classes = [AllowAny]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if request.method not in ("GET", "HEAD", "OPTIONS"):
            SessionAuthentication().enforce_csrf(request)

    def enter(self, request: Request, user: User) -> Response:
        login(request._request, user, backend=BACKEND)
        request.user = user
        return Response(session_of(request))


class SessionView(EntryView):
    def get_throttles(self) -> list[Any]:
        return [SignInThrottle(), AddressThrottle()] if self.request.method == "POST" else []

    @extend_schema(operation_id="session", responses=SessionSerializer)
    def get(self, request: Request) -> Response:
        """Who is signed in, if anybody, and the CSRF token for writes."""
        return Response(session_of(request))

    @extend_schema(operation_id="sign_in", request=PasswordSerializer, responses=SessionSerializer)
    def post(self, request: Request) -> Response:
        """Signs in with a name and a password."""
        form = PasswordSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        user = authenticate(request._request, **form.validated_data)
        if not isinstance(user, User):
            raise AuthenticationFailed("Username and password do not match, or the account is switched off.")
        return self.enter(request, user)

    @extend_schema(operation_id="sign_out", responses={204: None})
    def delete(self, request: Request) -> Response:
        """Signs out of this browser."""
        logout(request._request)
        return Response(status=204)


class DemoView(EntryView):
    throttle_classes = [AddressThrottle]

    @extend_schema(operation_id="sign_in_demo", request=DemoSerializer, responses=SessionSerializer)
    def post(self, request: Request) -> Response:
        """Signs in as the demo's annotator, researcher or admin, where the installation is a demo."""
        if not settings.DEMO:
            raise Http404
        form = DemoSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        return self.enter(request, people.demo_person(role=Role(form.validated_data["role"])))


class AcceptView(EntryView):
    throttle_classes = [AddressThrottle]

    @extend_schema(operation_id="accept_invitation", request=AcceptSerializer, responses=SessionSerializer)
    def post(self, request: Request) -> Response:
        """Makes the account of an invitation and signs it in."""
        if isinstance(request.user, User):
            raise PermissionDenied(f"You are signed in as {request.user.username}: sign out, then join.")
        form = AcceptSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        return self.enter(request, invitations.accept_invitation(**form.validated_data))
