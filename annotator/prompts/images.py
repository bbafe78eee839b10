"""Sticker images: checked before they are decoded, then brought to the one form that is stored."""

from io import BytesIO

from PIL import Image, ImageOps, UnidentifiedImageError

MOST_BYTES = 8 * 2**20
LONGEST_SIDE = 4096
SHORTEST_SIDE = 16
STORED_SIDE = 512
FORMATS = ("PNG", "WEBP", "GIF")


class StickerError(ValueError):
    """What is wrong with an image, and what would be right."""


def normalise_sticker(data: bytes, *, accept_opaque: bool = True, accept_jpeg: bool = False) -> bytes:
    """A square PNG with straight alpha, at most STORED_SIDE a side, without metadata.

    A square image keeps its transparent margin; another is centred on a transparent square.
    """
    image = decode(data, formats=(*FORMATS, "JPEG") if accept_jpeg else FORMATS)
    if not accept_opaque and image.getchannel("A").getextrema() == (255, 255):
        raise StickerError("The image has no transparency, as a photo: cut the figure out, or accept photos")
    side = max(image.size)
    square = Image.new("RGBA", (side, side))
    square.paste(image, ((side - image.width) // 2, (side - image.height) // 2))
    if side > STORED_SIDE:
        # Pillow premultiplies for this, so that no colour of transparent pixels bleeds in.
        square = square.resize((STORED_SIDE, STORED_SIDE), Image.Resampling.LANCZOS)
    alpha = square.getchannel("A")
    if alpha.getextrema() == (0, 0):
        raise StickerError("The image is fully transparent: there is nothing to animate")
    # What lies under alpha 0 is nobody's business, and would make equal stickers differ.
    seen = alpha.point([0] + [255] * 255)
    stored = Image.new("RGBA", square.size)
    stored.paste(square, mask=seen)
    png = BytesIO()
    stored.save(png, "PNG")
    return png.getvalue()


def decode(data: bytes, *, formats: tuple[str, ...] = FORMATS) -> Image.Image:
    """An RGBA image. Size and kind are read from the header, before any pixel is unpacked."""
    if not data:
        raise StickerError("The file is empty: a PNG, WebP or GIF image is expected")
    if len(data) > MOST_BYTES:
        raise StickerError(f"The file has {len(data) / 2**20:.1f} MB: at most {MOST_BYTES // 2**20} MB are taken")
    try:
        image = Image.open(BytesIO(data), formats=formats)
    except UnidentifiedImageError:
        raise StickerError("This is not a PNG, WebP or GIF image, whatever its name says") from None
    except Image.DecompressionBombError:
        raise StickerError(f"The image is far too large: at most {LONGEST_SIDE} pixels a side are taken") from None
    except Exception as error:  # a decoder may raise anything on bytes that somebody else made
        raise StickerError(f"The image is damaged: {error}") from None
    if max(image.size) > LONGEST_SIDE:
        size = f"{image.width} × {image.height}"
        raise StickerError(f"The image has {size} pixels: at most {LONGEST_SIDE} a side are taken")
    if min(image.size) < SHORTEST_SIDE:
        size = f"{image.width} × {image.height}"
        raise StickerError(f"The image has {size} pixels: at least {SHORTEST_SIDE} a side are needed")
    if getattr(image, "is_animated", False):
        raise StickerError("The image is animated: a sticker is a static image")
    try:
        image.load()
        return as_rgba(ImageOps.exif_transpose(image))
    except Exception as error:
        raise StickerError(f"The image is damaged or cut short: {error}") from None


def as_rgba(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I"):
        # 16 bits of grey: a plain conversion would clip all but the darkest 256 levels.
        image = image.convert("I").point(lambda grey: grey * (1 / 256)).convert("L")
    return image.convert("RGBA")
