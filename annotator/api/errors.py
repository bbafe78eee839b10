"""Every error of the API in one shape: `{"error": one sentence for the person who must act, "fields": {name: […]}}`."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import IntegrityError
from django.http import Http404, HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from rest_framework import exceptions, status
from rest_framework.response import Response
from rest_framework.views import exception_handler

MALFORMED = "The request is malformed."
NOT_FOUND = "There is nothing at this address, or it is not yours to see."

# Constraints that two people can run into at once: as PostgreSQL and as SQLite name them, the field, what to do.
TAKEN: list[tuple[tuple[str, ...], str, str]] = [
    (
        ("accounts_user_username_key", "accounts_user.username"),
        "username",
        "This username is taken: choose another.",
    ),
    (
        ("prompts_promptset_name_key", "prompts_promptset.name"),
        "name",
        "There is a prompt set of this name: choose another.",
    ),
    (
        ("prompt_external_id_once_a_set", "prompts_prompt.external_id"),
        "external_id",
        "The set has a prompt of this external_id: choose another.",
    ),
]


class TooLarge(exceptions.APIException):
    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_detail = "The request is too large."


class Conflict(exceptions.ValidationError):
    status_code = status.HTTP_409_CONFLICT


def handle(exc: Exception, context: Mapping[str, Any]) -> Response | None:
    """DRF's exception handler; None (an error of ours) lets Django answer 500 and log the traceback."""
    known = as_api_exception(exc)
    response = exception_handler(known, dict(context)) if known is not None else None
    if response is not None and isinstance(known, exceptions.APIException):
        response.data = body(known)
    return response


def as_api_exception(exc: Exception) -> Exception | None:
    match exc:
        case Http404():
            return exceptions.NotFound(NOT_FOUND)
        case exceptions.NotAuthenticated():
            exc.detail = exceptions.ErrorDetail("Sign in first, or send an API token.", exc.default_code)
        case exceptions.Throttled():
            text = f"Too many attempts: try again in {int(getattr(exc, 'wait', None) or 1)} s."
            exc.detail = exceptions.ErrorDetail(text, exc.default_code)
        case DjangoValidationError():
            return exceptions.ValidationError(
                exc.message_dict if hasattr(exc, "error_dict") else {"non_field_errors": exc.messages}
            )
        case RequestDataTooBig():
            return TooLarge()
        case SuspiciousOperation():
            return exceptions.ParseError(MALFORMED)
        case IntegrityError():
            return taken(exc)
    return exc


def taken(exc: IntegrityError) -> Conflict | None:
    text = str(exc)
    for names, field, message in TAKEN:
        if any(name in text for name in names):
            return Conflict({field: [message]})
    return None


def body(exc: exceptions.APIException) -> dict[str, Any]:
    fields: dict[str, list[str]] = {}
    if isinstance(exc, exceptions.ValidationError):
        for path, message in messages(exc.detail):
            fields.setdefault(path, []).append(message)
    general = fields.pop("non_field_errors", [])
    if general or not fields:
        sentence = " ".join(general) or str(exc.detail)
    else:
        name, found = next(iter(fields.items()))
        sentence = f"{name}: {found[0]}"
    return {"error": sentence, "fields": fields}


def messages(detail: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """DRF's nested details, flat: `sources.0.checkpoint` and what is wrong there."""
    if isinstance(detail, Mapping):
        for name, inner in detail.items():
            own = name != "non_field_errors" or not path
            yield from messages(inner, (f"{path}.{name}" if path else str(name)) if own else path)
    elif isinstance(detail, list):
        for index, inner in enumerate(detail):
            nested = isinstance(inner, (Mapping, list))
            yield from messages(inner, f"{path}.{index}" if nested and path else path)
    else:
        yield path or "non_field_errors", str(detail)


@csrf_exempt
def no_such_address(request: HttpRequest, *args: object, **kwargs: object) -> JsonResponse:
    return JsonResponse({"error": NOT_FOUND, "fields": {}}, status=404)


def malformed(request: HttpRequest, exception: Exception) -> JsonResponse:
    return JsonResponse({"error": MALFORMED, "fields": {}}, status=400)


def server_error(request: HttpRequest) -> JsonResponse:
    sentence = "Something broke on the server; its log says what. Nothing you did is lost: try again."
    return JsonResponse({"error": sentence, "fields": {}}, status=500)
