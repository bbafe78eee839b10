"""Signed sign-in links: `manage.py signin_link` prints one, following it signs in until it expires."""

import time

from django.conf import settings
from django.contrib.auth import login
from django.core import signing
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from annotator.accounts.models import User

SALT = "annotator.signin"
BACKEND = "annotator.accounts.backend.PeopleBackend"
STALE = (
    "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>"
    "<title>Sign in · Stickerloop</title><h1>This sign-in link does not work any more</h1>"
    "<p>It has expired, was cut short, or its account is switched off. Ask for a new one "
    "(<code>manage.py signin_link NAME</code> makes it), or <a href='/signin'>sign in with a password</a>."
)


def signin_path(*, user: User, hours: float = 12) -> str:
    """The path of a link that signs `user` in for the next `hours`."""
    expires = int(time.time() + hours * 3600)
    return f"/signin/{signing.dumps([user.pk, expires], salt=SALT)}"


def user_of_link(*, signed: str) -> User | None:
    """The active user whom a link was made for; None when it was changed or is too old."""
    try:
        key, expires = signing.loads(signed, salt=SALT)
    except signing.BadSignature:
        return None
    if expires < time.time():
        return None
    return User.objects.filter(pk=key, is_active=True).first()


@require_safe
@never_cache
def follow_link(request: HttpRequest, signed: str) -> HttpResponseBase:
    user = user_of_link(signed=signed)
    if user is None:
        return HttpResponse(STALE, status=403)
    if request.method == "GET":
        login(request, user, backend=BACKEND)
    return HttpResponseRedirect(settings.FORCE_SCRIPT_NAME or "/")
