"""What every request and every page passes, whoever sent it: a size limit, and the headers that browsers enforce."""

from collections.abc import Callable

from django.http import HttpRequest, JsonResponse
from django.http.response import HttpResponseBase

LARGEST_JSON = 2**20
# A sticker of 8 MB with its caption and the form around it.
LARGEST_FORM = 10 * 2**20
# A zip of stickers; it goes to disk as it comes.
LARGEST_IMPORT = 2 * 2**30
IMPORTS = "/api/v1/imports/"
# Svelte writes style attributes and its transitions' keyframes; scripts come from files only.
CONTENT_SECURITY_POLICY = "; ".join(
    [
        "default-src 'self'",
        "img-src 'self' blob: data:",
        "style-src 'self' 'unsafe-inline'",
        "worker-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    ]
)


class GuardMiddleware:
    """Refuses what is too large before anybody reads it, and sends pages with their content security policy."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        most = LARGEST_JSON
        if request.content_type == "multipart/form-data":
            most = LARGEST_IMPORT if request.path_info == IMPORTS else LARGEST_FORM
        length = request.META.get("CONTENT_LENGTH") or "0"
        if length.isdecimal() and int(length) > most:
            sentence = f"The request has {int(length) / 2**20:.1f} MB: at most {most // 2**20} MB are taken."
            return JsonResponse({"error": sentence, "fields": {}}, status=413)
        response = self.get_response(request)
        if response.headers.get("Content-Type", "").startswith("text/html"):
            response.headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
        return response
