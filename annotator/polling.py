"""Answers to pages that ask again every few seconds."""

import hashlib
from collections.abc import Mapping
from typing import Any

from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from rest_framework.request import Request
from rest_framework.response import Response

from inference_worker.messages import canonical

# For the schema of such a view.
IF_NONE_MATCH = OpenApiParameter("If-None-Match", str, OpenApiParameter.HEADER)
UNCHANGED = OpenApiResponse(description="Nothing has changed since that ETag.")


def fresh(request: Request, data: Mapping[str, Any]) -> Response:
    """The data with its ETag, or 304 where the asker has them already."""
    etag = f'W/"{hashlib.sha256(canonical(dict(data)).encode()).hexdigest()[:32]}"'
    known = [tag.strip() for tag in request.headers.get("If-None-Match", "").split(",")]
    headers = {"ETag": etag, "Cache-Control": "private, no-cache"}
    return Response(status=304, headers=headers) if etag in known else Response(data, headers=headers)
