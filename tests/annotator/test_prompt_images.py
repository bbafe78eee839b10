from io import BytesIO

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from annotator.prompts.images import FIGURE_SHARE, STORED_SIDE, StickerError, normalise_sticker
from tests.annotator.stickers import animated, drawn, encoded, png_header


def stored(data: bytes) -> Image.Image:
    return Image.open(BytesIO(normalise_sticker(data)), formats=["PNG"])


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "GIF"])
def test_each_format_becomes_a_png_with_alpha(kind: str) -> None:
    options = {"lossless": True} if kind == "WEBP" else {}
    image = stored(encoded(drawn(), kind, **options))
    assert (image.format, image.mode) == ("PNG", "RGBA")
    assert image.getpixel((image.width // 2, image.height // 2)) == (255, 0, 0, 255)
    assert image.getpixel((1, 1)) == (0, 0, 0, 0)


@pytest.mark.parametrize("mode", ["RGB", "P", "L", "LA", "1"])
def test_each_mode_is_taken(mode: str) -> None:
    assert stored(encoded(drawn(mode))).mode == "RGBA"


def test_sixteen_bits_of_grey_keep_their_shades() -> None:
    grey = Image.new("I;16", (64, 64), 0x8000)
    assert stored(encoded(grey)).getpixel((51, 51)) == (128, 128, 128, 255)


def test_another_shape_is_centred_on_a_transparent_square() -> None:
    image = stored(encoded(Image.new("RGBA", (100, 40), "lime")))
    assert image.size == (160, 160)
    assert image.getbbox() == (30, 60, 130, 100)


def test_margins_are_trimmed_so_that_equal_figures_are_one_sticker() -> None:
    figure = drawn().crop(drawn().getbbox())
    placed = []
    for size, at in [((64, 64), (3, 9)), ((400, 90), (300, 0)), (figure.size, (0, 0))]:
        canvas = Image.new("RGBA", size)
        canvas.paste(figure, at)
        # A speck that nobody sees.
        canvas.putpixel((0, 0), canvas.getpixel((0, 0)) if at == (0, 0) else (9, 9, 9, 3))
        placed.append(normalise_sticker(encoded(canvas)))
    assert len(set(placed)) == 1
    assert normalise_sticker(placed[0]) == placed[0]
    image = Image.open(BytesIO(placed[0]))
    left, top, right, bottom = image.getbbox()
    assert (right - left) / image.width == pytest.approx(FIGURE_SHARE, abs=0.01)
    assert abs(left - (image.width - right)) <= 1
    assert abs(top - (image.height - bottom)) <= 1


def test_a_large_one_is_made_smaller_without_a_dark_edge() -> None:
    image = stored(encoded(drawn(size=(2000, 2000))))
    assert image.size == (STORED_SIDE, STORED_SIDE)
    edge = [pixel for pixel in image.get_flattened_data() if 0 < pixel[3] < 255]
    assert edge
    assert min(pixel[0] for pixel in edge if pixel[3] > 20) > 240


def test_nothing_but_pixels_is_kept() -> None:
    told = PngInfo()
    told.add_text("Author", "somebody")
    hidden = drawn()
    hidden.putpixel((0, 0), (1, 2, 3, 0))
    data = normalise_sticker(encoded(hidden, pnginfo=told, exif=b"Exif\0\0MM\0*\0\0\0\x08\0\0\0\0\0\0"))
    assert data == normalise_sticker(encoded(drawn()))
    assert b"somebody" not in data
    assert Image.open(BytesIO(data)).info == {}


def test_a_photo_held_upright_is_turned_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    turned = Image.new("RGBA", (64, 64), "red")
    turned.paste("blue", (0, 0, 64, 32))
    image = stored(encoded(turned, exif=exif))
    middle = image.width // 2
    assert image.getpixel((middle + 28, middle)) == (0, 0, 255, 255)
    assert image.getpixel((middle - 28, middle)) == (255, 0, 0, 255)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        pytest.param(b"", "is empty", id="empty"),
        pytest.param(b"hello, I am a text file", "not a PNG, WebP or GIF", id="text"),
        pytest.param(b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not a PNG, WebP or GIF", id="svg"),
        pytest.param(encoded(drawn("RGB"), "JPEG"), "JPEG photo: cut the figure out as a PNG, or accept", id="jpeg"),
        pytest.param(encoded(drawn("CMYK"), "TIFF"), "not a PNG, WebP or GIF", id="cmyk"),
        pytest.param(png_header(30_000, 30_000), "far too large: at most 4096", id="bomb"),
        pytest.param(png_header(5000, 10), "5000 × 10 pixels: at most 4096", id="wide"),
        pytest.param(encoded(drawn(size=(8, 8))), "8 × 8 pixels: at least 16", id="tiny"),
        pytest.param(png_header(64, 64), "damaged or cut short", id="little-data"),
        pytest.param(encoded()[:-60], "damaged or cut short", id="truncated"),
        pytest.param(encoded()[:20], "(not a PNG|damaged)", id="header-only"),
        pytest.param(animated("GIF"), "is animated", id="animated-gif"),
        pytest.param(animated("WEBP"), "is animated", id="animated-webp"),
        pytest.param(animated("PNG"), "is animated", id="animated-png"),
        pytest.param(encoded(Image.new("RGBA", (64, 64))), "fully transparent", id="nothing"),
        pytest.param(encoded() + b"\0" * (8 * 2**20), "8.0 MB: at most 8 MB", id="heavy"),
    ],
)
def test_what_is_no_sticker_is_refused_with_a_reason(data: bytes, sentence: str) -> None:
    with pytest.raises(StickerError, match=sentence):
        normalise_sticker(data)


def test_a_bomb_is_refused_before_it_is_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    def unpack(*given: object) -> None:
        raise AssertionError("pixels were unpacked")

    monkeypatch.setattr(Image.Image, "load", unpack)
    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", unpack)
    for side in (4097, 12_000, 30_000):
        with pytest.raises(StickerError, match="at most 4096"):
            normalise_sticker(png_header(side, side))
