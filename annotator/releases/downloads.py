"""A blob as a download that can be resumed: single ranges of bytes, as RFC 9110, section 14 has them."""

import re
from base64 import b64encode
from collections.abc import Iterator

from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header
from rest_framework.exceptions import NotFound
from rest_framework.request import Request

from annotator.media import store
from inference_worker.blobs import BlobError

RANGE = re.compile(r"bytes=(\d*)-(\d*)")
PIECE = 1 << 18


def download(request: Request, *, blob: str, size: int, file_name: str) -> HttpResponseBase:
    """Raises NotFound where the blob is gone."""
    tag = f'"{blob[:64]}"'
    headers = {
        "Accept-Ranges": "bytes",
        "Cache-Control": "private, no-cache",
        "Content-Disposition": content_disposition_header(True, file_name) or "attachment",
        "ETag": tag,
        # RFC 9530: of the whole file, whatever part of it is sent.
        "Repr-Digest": f"sha-256=:{b64encode(bytes.fromhex(blob[:64])).decode()}:",
    }
    wanted = RANGE.fullmatch(request.headers.get("Range", "")) if fits(request, tag) else None
    first, last = part(*wanted.groups(), size=size) if wanted else (0, size - 1)
    if first > last:
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
    if not store.exists(blob):
        raise NotFound("The file of this export is lost: ask for it again.")
    answer = StreamingHttpResponse(
        pieces(blob, first=first, last=last),
        status=206 if wanted else 200,
        content_type="application/zip",
        headers=headers,
    )
    answer.headers["Content-Length"] = str(last - first + 1)
    if wanted:
        answer.headers["Content-Range"] = f"bytes {first}-{last}/{size}"
    return answer


def fits(request: Request, tag: str) -> bool:
    """Whether a range may be given: whoever names the file it has begun with names this one."""
    return request.headers.get("If-Range", tag) == tag


def part(first: str, last: str, *, size: int) -> tuple[int, int]:
    """The first and the last byte that are meant; out of order where the file has none of them."""
    if not first:
        return (max(size - int(last), 0), size - 1) if last and int(last) else (1, 0)
    return int(first), min(int(last), size - 1) if last else size - 1


def pieces(blob: str, *, first: int, last: int) -> Iterator[bytes]:
    with store.opened(blob) as file:
        file.seek(first)
        left = last - first + 1
        while left and (piece := file.read(min(PIECE, left))):
            left -= len(piece)
            yield piece
        if left:
            raise BlobError(f"the blob {blob} ends {left} bytes early")
