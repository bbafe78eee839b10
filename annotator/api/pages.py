"""The browser's pages: one document for every address, whose script reads the address."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_safe

from annotator.api.errors import NOT_FOUND

INDEX = settings.BASE_DIR / "frontend" / "dist" / "index.html"
NOT_BUILT = (
    "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>"
    "<title>Stickerloop</title><h1>The pages are not built yet</h1>"
    "<p>Run <code>make frontend</code> in the project's folder and reload. The API at /api/v1/ works without it."
)


@require_safe
@ensure_csrf_cookie
def app_page(request: HttpRequest) -> HttpResponse:
    if "." in request.path_info.rpartition("/")[2]:
        return HttpResponse(NOT_FOUND, status=404, content_type="text/plain")
    try:
        page, status = INDEX.read_text(encoding="utf-8"), 200
    except FileNotFoundError:
        page, status = NOT_BUILT, 503
    return HttpResponse(page, status=status, headers={"Cache-Control": "no-cache"})
