"""The command line: a sticker in, a looping WebP out, and one clear line for what cannot be done."""

import io
import struct
import zlib
from pathlib import Path

import pytest
import torch
from PIL import Image

from sticker_diffusion.__main__ import main
from sticker_diffusion.checkpoint import FORMAT_VERSION, Description, Provenance, save_checkpoint
from sticker_diffusion.network import AnimationNetwork
from sticker_diffusion.sampler_settings import SamplerSettings
from sticker_diffusion.schedule import ScheduleSettings
from sticker_diffusion.stickers.image import StickerImageError, premultiplied_square, read_sticker, resize


@pytest.fixture
def folder(tiny_network: AnimationNetwork, tmp_path: Path) -> Path:
    description = Description(
        format_version=FORMAT_VERSION,
        name="tiny",
        architecture=tiny_network.architecture,
        schedule=ScheduleSettings(),
        bucket_edges=tuple(float(i) for i in range(15)),
        sampler=SamplerSettings(steps=2, size=48),
        provenance=Provenance(),
    )
    save_checkpoint(tmp_path / "tiny", network=tiny_network, description=description, card="# tiny\n")
    return tmp_path / "tiny"


@pytest.fixture
def sticker(tmp_path: Path) -> Path:
    image = Image.new("RGBA", (60, 40), (0, 0, 0, 0))
    image.paste("red", (20, 10, 40, 30))
    image.save(tmp_path / "sticker.png")
    return tmp_path / "sticker.png"


def huge_png(side: int) -> bytes:
    """A PNG whose header claims side × side pixels, with hardly any data behind it."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", side, side, 8, 6, 0, 0, 0)
    pixels = zlib.compress(b"\0" * 64)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def test_a_sticker_becomes_a_looping_webp_with_transparency(folder: Path, sticker: Path, tmp_path: Path) -> None:
    out = tmp_path / "dog.webp"
    options = ["--checkpoint", str(folder), "--seed", "4", "--steps", "2", "--size", "64", "--bucket", "12"]
    assert main(["animate", str(sticker), "a dog jumping", "-o", str(out), *options]) == 0
    with Image.open(out) as image:
        assert (image.format, image.size) == ("WEBP", (64, 64))
        assert image.n_frames == 8
        assert image.info["loop"] == 0
        assert image.convert("RGBA").getchannel("A").getextrema()[0] < 64


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"caption": "  "}, "caption: must have 1…500 characters"),
        ({"caption": "jump " * 2000}, "caption: must have 1…500 characters, has 9999"),
        ({"sticker": "text.png"}, "text.png: not an image"),
        ({"sticker": "none.png"}, "none.png: no such file"),
        ({"sticker": "large.png"}, "large.png: 5000×5000 pixels is too large; a sticker has at most 4096×4096"),
        ({"sticker": "huge.png"}, "huge.png: too large; a sticker has at most 4096×4096 pixels"),
        ({"out": "dog.gif"}, "dog.gif: the output is an animated WebP"),
        ({"out": "missing/dog.webp"}, "dog.webp: cannot be written"),
        ({"--steps": "0"}, "steps must be 1…100, got 0"),
        ({"--bucket": "17"}, "bucket must be 1…16"),
        ({"--size": "9000"}, "size must be 16…1024"),
        ({"--text-scale": "nan"}, "guidance scales must be 0…30"),
        ({"--seed": "-1"}, "seed: must be 0…"),
        ({"--checkpoint": "nowhere"}, "nowhere: expected a checkpoint folder"),
        ({"--device": "abacus"}, "device: abacus"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_exit_status_two(
    folder: Path,
    sticker: Path,
    capsys: pytest.CaptureFixture[str],
    changes: dict[str, str],
    complaint: str,
) -> None:
    tmp_path = sticker.parent
    (tmp_path / "text.png").write_text("this is no picture")
    (tmp_path / "large.png").write_bytes(huge_png(5_000))
    (tmp_path / "huge.png").write_bytes(huge_png(30_000))
    given = {"sticker": sticker.name, "caption": "jump", "out": "dog.webp", "--checkpoint": folder.name, **changes}
    options = [part for name in given if name.startswith("--") for part in (name, given[name])]
    if given["--checkpoint"] == folder.name:
        options[options.index(folder.name)] = str(folder)
    status = main(
        ["animate", str(tmp_path / given["sticker"]), given["caption"], "-o", str(tmp_path / given["out"]), *options]
    )
    said = capsys.readouterr().err
    assert status == 2
    assert said.startswith("error: ")
    assert said.count("\n") == 1
    assert complaint in said
    assert not (tmp_path / "dog.webp").exists()


def test_help_lists_the_options(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["animate", "--help"])
    assert left.value.code == 0
    said = capsys.readouterr().out
    for option in ("--seed", "--steps", "--text-scale", "--image-scale", "--bucket", "--size", "--checkpoint"):
        assert option in said


def test_an_oblong_sticker_is_centred_and_premultiplied(sticker: Path) -> None:
    square = read_sticker(sticker)
    assert square.size == (60, 60)
    x = premultiplied_square(square, 60)
    assert x[:, 0, 0].tolist() == [-1, -1, -1, -1]
    assert x[:, 29, 29].tolist() == [1, -1, -1, 1]
    torch.testing.assert_close(premultiplied_square(Image.open(sticker), 60), x)


def test_resizing_keeps_colour_under_alpha_and_does_not_ring(sticker: Path) -> None:
    for size in (17, 64, 200):
        x = resize(premultiplied_square(read_sticker(sticker), 60), size)
        assert x.shape == (4, size, size)
        assert (x[:3] <= x[3:]).all()
        assert -1 <= x.min() <= x.max() <= 1


@pytest.mark.parametrize(
    ("mode", "kind"), [("P", "GIF"), ("L", "PNG"), ("RGB", "JPEG"), ("LA", "PNG"), ("RGBA", "WEBP")]
)
def test_stickers_of_every_mode_and_format_are_read(mode: str, kind: str) -> None:
    file = io.BytesIO()
    Image.new("RGBA", (8, 8), "teal").convert(mode).save(file, kind)
    file.seek(0)
    square = read_sticker(file, name=mode)
    assert square.mode == "RGBA"
    assert square.getpixel((4, 4))[3] == 255


def test_a_sticker_without_anything_to_see_is_refused() -> None:
    empty = io.BytesIO()
    Image.new("RGBA", (8, 8), (255, 0, 0, 0)).save(empty, "PNG")
    empty.seek(0)
    with pytest.raises(StickerImageError, match="empty: fully transparent"):
        read_sticker(empty, name="empty")


def test_a_truncated_image_is_refused(sticker: Path) -> None:
    whole = sticker.read_bytes()
    with pytest.raises(StickerImageError, match="cannot be decoded"):
        read_sticker(io.BytesIO(whole[: len(whole) - 40]), name="cut.png")
