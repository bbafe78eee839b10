"""Sticker images: checked before they are decoded, then brought to the one form that is stored."""

from io import BytesIO

from PIL import Image, ImageOps, UnidentifiedImageError

MOST_BYTES = 8 * 2**20
LONGEST_SIDE = 4096
SHORTEST_SIDE = 16
STORED_SIDE = 512
# Of the square, how much the figure's longer side takes: what is left is room to jump, and what our models know.
FIGURE_SHARE = 5 / 8
# A pixel fainter than this is no part of the figure: a speck of compression would keep a whole margin.
FAINTEST = 8
FORMATS = ("PNG", "WEBP", "GIF")
JPEG_MARK = b"\xff\xd8\xff"


class StickerError(ValueError):
    """What is wrong with an image, and what would be right."""


def normalise_sticker(data: bytes, *, accept_opaque: bool = True, accept_jpeg: bool = False) -> bytes:
    """A square PNG with straight alpha, at most STORED_SIDE a side, without metadata: the figure, trimmed of its
    transparent margins, in the middle, its longer side FIGURE_SHARE of the square."""
    image = decode(data, formats=(*FORMATS, "JPEG") if accept_jpeg else FORMATS)
    if not accept_opaque and image.getchannel("A").getextrema() == (255, 255):
        raise StickerError("The image has no transparency, as a photo: cut the figure out, or accept photos")
    box = image.getchannel("A").point([0] * FAINTEST + [255] * (256 - FAINTEST)).getbbox()
    if box is None:
        raise StickerError("The image is fully transparent: there is nothing to animate")
    figure = image.crop(box)
    # Pillow premultiplies when it makes one smaller, so that no colour of transparent pixels bleeds in.
    figure.thumbnail((round(STORED_SIDE * FIGURE_SHARE),) * 2, Image.Resampling.LANCZOS)
    side = round(max(figure.size) / FIGURE_SHARE)
    # What lies under alpha 0 is nobody's business, and would make equal stickers differ.
    seen = figure.getchannel("A").point([0] + [255] * 255)
    stored = Image.new("RGBA", (side, side))
    stored.paste(figure, ((side - figure.width) // 2, (side - figure.height) // 2), mask=seen)
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
        if data.startswith(JPEG_MARK):
            raise StickerError("This is a JPEG photo: cut the figure out as a PNG, or accept photos") from None
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
