"""Blobs over HTTP. The address is the capability, so this runs before sessions and knows no people."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseNotFound
from django.http.response import HttpResponseBase

from inference_worker.blobs import NAME, BlobError, BlobStore

PREFIX = "/media/"
# Said here and not asked of the machine, whose own table may not know WebP. Nothing that a browser would run.
CONTENT_TYPES = {"png": "image/png", "webp": "image/webp", "gif": "image/gif", "mp4": "video/mp4", "webm": "video/webm"}
store = BlobStore(settings.BLOBS_URL)


def media_url(name: str) -> str:
    return f"{PREFIX}{name}"


class MediaMiddleware:
    """Answers `/media/<sha256>.<ext>`, which may be cached for ever: the bytes behind an address never change."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not request.path_info.startswith(PREFIX):
            return self.get_response(request)
        if request.method not in ("GET", "HEAD"):
            return HttpResponseNotAllowed(["GET", "HEAD"])
        name = request.path_info.removeprefix(PREFIX)
        if not NAME.fullmatch(name):
            return HttpResponseNotFound("No such blob.", content_type="text/plain")
        tag = f'"{name[:64]}"'
        if tag in request.headers.get("If-None-Match", ""):
            return HttpResponse(status=304, headers={"ETag": tag})
        try:
            data = store.get(name)
        except BlobError:
            return HttpResponseNotFound("No such blob.", content_type="text/plain")
        return HttpResponse(
            b"" if request.method == "HEAD" else data,
            content_type=CONTENT_TYPES.get(name[65:], "application/octet-stream"),
            headers={
                "Cache-Control": "public, max-age=31536000, immutable",
                "Content-Length": str(len(data)),
                "ETag": tag,
                "X-Content-Type-Options": "nosniff",
            },
        )
