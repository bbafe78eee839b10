"""Images made on the spot, good and bad."""

import struct
import zlib
from io import BytesIO
from typing import Any

from PIL import Image, ImageDraw


def drawn(mode: str = "RGBA", size: tuple[int, int] = (64, 64)) -> Image.Image:
    """A red disc on nothing."""
    image = Image.new("RGBA", size)
    ImageDraw.Draw(image).ellipse([size[0] // 8, size[1] // 8, size[0] * 7 // 8, size[1] * 7 // 8], fill="red")
    return image.convert(mode)


def encoded(image: Image.Image | None = None, kind: str = "PNG", **options: Any) -> bytes:
    data = BytesIO()
    (image or drawn()).save(data, kind, **options)
    return data.getvalue()


def animated(kind: str) -> bytes:
    other = drawn()
    other.paste("blue", (0, 0, 20, 20))
    return encoded(drawn(), kind, save_all=True, append_images=[other])


def png_header(width: int, height: int) -> bytes:
    """A PNG that says it is `width` × `height`, in under a hundred bytes."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    rows = zlib.compress(b"\0" * 1024)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
