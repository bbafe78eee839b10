"""API tokens: made, recognised and revoked. A secret is shown once; only its sha256 is kept."""

import hashlib
import secrets
from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from annotator.accounts.models import ApiToken, User
from annotator.audit.recording import record

MARK = "slp_"
PREFIX_LENGTH = 8
USE_NOTED_EVERY = timedelta(minutes=1)


def digest(secret: str) -> str:
    """sha256, hex. Enough for secrets of 32 random bytes: there is nothing to guess."""
    return hashlib.sha256(secret.encode(errors="surrogatepass")).hexdigest()


def create_token(*, user: User, name: str) -> tuple[ApiToken, str]:
    """A new token and its secret, which cannot be had again."""
    secret = MARK + secrets.token_urlsafe(32)
    with transaction.atomic():
        token = ApiToken.objects.create(user=user, name=name, prefix=secret[:PREFIX_LENGTH], digest=digest(secret))
        record(verb="token.made", by=user, subject=token, name=name)
    return token, secret


def revoke_token(*, token: ApiToken) -> None:
    """By its owner."""
    with transaction.atomic():
        if ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=timezone.now()):
            record(verb="token.revoked", by=token.user, subject=token, name=token.name)


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer slp_…`"""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        scheme, _, secret = get_authorization_header(request).decode("latin-1").partition(" ")
        if scheme.lower() != "bearer":
            return None
        token = ApiToken.objects.select_related("user").filter(digest=digest(secret.strip())).first()
        if token is None:
            raise AuthenticationFailed("This API token is not known here: make one under Account.")
        if token.revoked_at is not None:
            raise AuthenticationFailed("This API token was revoked: make a new one under Account.")
        if not token.user.is_active:
            raise AuthenticationFailed("The account of this API token is switched off: ask an admin.")
        note_use(token=token)
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


def note_use(*, token: ApiToken) -> None:
    """Writes `last_used_at` at most once a minute, so that a busy script costs no write a request."""
    now = timezone.now()
    if token.last_used_at is None or token.last_used_at < now - USE_NOTED_EVERY:
        due = Q(last_used_at=None) | Q(last_used_at__lt=now - USE_NOTED_EVERY)
        ApiToken.objects.filter(due, pk=token.pk).update(last_used_at=now)


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "annotator.accounts.tokens.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "bearerFormat": "slp_…"}
