"""Lists by keyset: a page costs the same however far down the list it is, and nothing is shown twice or left out."""

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from functools import reduce
from typing import Any

from django.db.models import QuerySet
from rest_framework.exceptions import ValidationError
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.settings import api_settings

LARGEST_KEY = 2**63 - 1


def encode_cursor(key: int) -> str:
    return urlsafe_b64encode(str(key).encode()).decode().rstrip("=")


def decode_cursor(cursor: str) -> int:
    try:
        text = urlsafe_b64decode(cursor.encode() + b"=" * (-len(cursor) % 4)).decode("ascii")
        if not (text.isdecimal() and int(text) <= LARGEST_KEY):
            raise ValueError
    except (ValueError, binascii.Error):
        message = "This cursor is not one that a list here gave: take `next` of the page before, unchanged."
        raise ValidationError({"cursor": [message]}) from None
    return int(text)


class KeysetPagination(BasePagination):
    """`{"results": […], "next": cursor or null}`. A view may name its unique integer key in `keyset` (else `-id`)."""

    next_cursor: str | None = None

    def paginate_queryset(  # type: ignore[override]
        self, queryset: QuerySet[Any], request: Request, view: Any = None
    ) -> list[Any]:
        keyset: str = getattr(view, "keyset", "-id")
        name = keyset.removeprefix("-")
        size: int = getattr(view, "page_size", None) or api_settings.PAGE_SIZE or 50
        if cursor := request.query_params.get("cursor"):
            comparison = "lt" if keyset.startswith("-") else "gt"
            queryset = queryset.filter(**{f"{name}__{comparison}": decode_cursor(cursor)})
        page = list(queryset.order_by(keyset)[: size + 1])
        if len(page) > size:
            page.pop()
            self.next_cursor = encode_cursor(reduce(getattr, name.split("__"), page[-1]))
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
