"""Lists by keyset: a page costs the same however far down the list it is, and nothing is shown twice or left out."""

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from functools import reduce
from math import isfinite
from typing import Any

from django.db.models import Q, QuerySet
from rest_framework.exceptions import ValidationError
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.settings import api_settings

LARGEST_KEY = 2**63 - 1


def encode_cursor(*place: float) -> str:
    return urlsafe_b64encode(":".join(map(repr, place)).encode()).decode().rstrip("=")


def decode_cursor(cursor: str, parts: int = 1) -> list[float]:
    """The place that it names: of two parts, a finite number and then the unique key."""
    try:
        text = urlsafe_b64decode(cursor.encode() + b"=" * (-len(cursor) % 4)).decode("ascii")
        *rank, key = text.split(":")
        place = [*map(float, rank), int(key)]
        if not (len(place) == parts and key.isdecimal() and place[-1] <= LARGEST_KEY and all(map(isfinite, place))):
            raise ValueError
    except (ValueError, binascii.Error):
        message = "This cursor is not one that a list here gave: take `next` of the page before, unchanged."
        raise ValidationError({"cursor": [message]}) from None
    return place


class KeysetPagination(BasePagination):
    """`{"results": […], "next": cursor or null}`. A view may name its unique integer key in `keyset` (else `-id`), and
    before it a number to list by, never null, that goes the same way: `-rank -id`."""

    next_cursor: str | None = None

    def paginate_queryset(  # type: ignore[override]
        self, queryset: QuerySet[Any], request: Request, view: Any = None
    ) -> list[Any]:
        keyset: list[str] = getattr(view, "keyset", "-id").split()
        names = [name.removeprefix("-") for name in keyset]
        size: int = getattr(view, "page_size", None) or api_settings.PAGE_SIZE or 50
        if cursor := request.query_params.get("cursor"):
            comparison = "lt" if keyset[0].startswith("-") else "gt"
            queryset = queryset.filter(beyond(names, decode_cursor(cursor, len(names)), comparison))
        page = list(queryset.order_by(*keyset)[: size + 1])
        if len(page) > size:
            page.pop()
            self.next_cursor = encode_cursor(*(reduce(getattr, name.split("__"), page[-1]) for name in names))
        return page

    def get_paginated_response(self, data: Sequence[Any]) -> Response:
        return Response({"results": data, "next": self.next_cursor})

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        return {
            "type": "object",
            "required": ["results", "next"],
            "properties": {
                "results": schema,
                "next": {"type": "string", "nullable": True, "description": "The cursor of the next page, if any."},
            },
        }

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        return [
            {
                "name": "cursor",
                "in": "query",
                "required": False,
                "description": "`next` of the page before.",
                "schema": {"type": "string"},
            }
        ]


def beyond(names: Sequence[str], place: Sequence[float], comparison: str) -> Q:
    """What comes after `place` in the order of `names`."""
    *rank, key = (Q(**{f"{name}__{comparison}": value}) for name, value in zip(names, place, strict=True))
    return rank[0] | Q(**{names[0]: place[0]}) & key if rank else key
