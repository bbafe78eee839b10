"""From a clip, files that services take: each within its limits, opened again by another reader."""

import io
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from inference_worker.encoding import encode
from inference_worker.formats.clip import Clip, FormatError, read_clip, read_colour
from inference_worker.formats.fitting import find_format, make_file
from inference_worker.formats.naming import file_name
from inference_worker.formats.table import FORMATS
from tests.inference_worker.opened import READERS, Opened, video_frames

VIDEOS = {"telegram", "mp4"}
each = pytest.mark.parametrize("name", FORMATS)


def bobbing(count: int = 8, side: int = 96, durations: tuple[int, ...] = ()) -> Clip:
    """A white disc with a red heart that goes up and down, soft at its edge and clear around."""
    frames = []
    for index in range(count):
        large = Image.new("RGBA", (4 * side, 4 * side))
        draw, middle = ImageDraw.Draw(large), side * (2 + 0.5 * np.sin(2 * np.pi * index / count))
        draw.circle((2 * side, middle), 1.2 * side, (255, 255, 255, 255))
        draw.circle((2 * side, middle), 0.6 * side, (220, 30, 60, 255))
        frames.append(large.resize((side, side), Image.Resampling.LANCZOS))
    return Clip(tuple(frames), durations or (125,) * count)


def noisy(count: int = 4, side: int = 64) -> Clip:
    """What compresses badly."""
    random = np.random.default_rng(0).integers(0, 256, (count, side, side, 4), np.uint8)
    return Clip(tuple(Image.fromarray(frame, "RGBA") for frame in random), (125,) * count)


def opened(name: str, data: bytes) -> Opened:
    return READERS[FORMATS[name].container.suffix](data)


def pictures(data: bytes) -> NDArray[np.uint8]:
    """(F, H, W, 4) of an animated image."""
    with Image.open(io.BytesIO(data)) as image:
        frames = []
        for index in range(image.n_frames):
            image.seek(index)
            frames.append(np.asarray(image.convert("RGBA")))
        return np.stack(frames)


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    clip = bobbing()
    return {name: make_file(clip, wanted) for name, wanted in FORMATS.items()}


@each
def test_another_reader_finds_what_the_service_asks_for(files: dict[str, bytes], name: str) -> None:
    wanted, file = FORMATS[name], opened(name, files[name])
    assert len(files[name]) <= (wanted.most_bytes or 10**6)
    assert file.size == (wanted.sides_for(96)[0],) * 2
    loops = 3 if name in VIDEOS else 1
    assert len(file.durations) == 8 * loops
    assert sum(file.durations) == 1000 * loops
    assert sum(file.durations) <= 1000 * (wanted.most_seconds or 10)
    assert min(file.durations) >= wanted.shortest_frame_ms
    assert file.loops is (None if name in VIDEOS else True)
    assert file.alpha == {"gif": "hard", "mp4": "none"}.get(name, "soft")
    assert not file.sound


@each
def test_the_picture_is_the_clips_own(files: dict[str, bytes], name: str) -> None:
    """Mean difference from the clip, both on white; and clear corners."""
    shown = video_frames(files[name])[:8] if name in VIDEOS else pictures(files[name])
    side = shown.shape[1]
    if shown.shape[-1] == 4:
        assert not shown[:, [0, 0, -1, -1], [0, -1, 0, -1], 3].any()
        assert (shown[:, side // 2, side // 2] == 255)[..., 3].all()
        found = Clip(tuple(Image.fromarray(frame, "RGBA") for frame in shown), (125,) * 8).over((255, 255, 255))
    else:
        found = [Image.fromarray(frame) for frame in shown]
    truth = np.stack([np.asarray(frame, float) for frame in bobbing().at(side).over((255, 255, 255))])
    assert np.abs(np.stack(found) - truth).mean() < 1.5


@pytest.mark.parametrize(("name", "darkest"), [("telegram", 254), ("avif", 254), ("signal", 254), ("whatsapp", 250)])
def test_a_white_outline_is_white_where_it_is_half_transparent(
    files: dict[str, bytes], name: str, darkest: int
) -> None:
    """Enlarging, and colour stored coarser than alpha, would take black from below the transparent pixels around."""
    shown = video_frames(files[name])[:8] if name in VIDEOS else pictures(files[name])
    beside_the_heart = np.abs(np.arange(shown.shape[2]) / shown.shape[2] - 0.5) > 0.22
    edge = (shown[..., 3] > 24) & (shown[..., 3] < 232) & beside_the_heart
    assert edge.any()
    assert shown[edge][:, :3].min() >= darkest


@each
def test_frames_that_stay_keep_their_time(name: str) -> None:
    """A master stores equal neighbours once, and shows them for longer."""
    clip = bobbing(3, durations=(125, 250, 625))
    durations = opened(name, make_file(clip, FORMATS[name])).durations
    if name == "gif":
        assert durations == [120, 260, 620]
    else:
        assert durations == [125, 250, 625] * (3 if name in VIDEOS else 1)


def test_a_file_goes_down_in_colours_before_it_goes_down_in_size() -> None:
    clip, wanted = bobbing(4, 128), replace(FORMATS["signal"], sides=(128,), smaller=(64,))
    whole = len(make_file(clip, replace(wanted, most_bytes=None)))
    fewer = make_file(clip, replace(wanted, most_bytes=int(0.8 * whole)))
    assert opened("signal", fewer).size == (128, 128)
    assert len(fewer) <= 0.8 * whole
    smaller = make_file(clip, replace(wanted, most_bytes=int(0.3 * whole)))
    assert opened("signal", smaller).size == (64, 64)
    assert len(smaller) <= 0.3 * whole


@pytest.mark.parametrize("name", ["whatsapp", "telegram", "signal"])
def test_what_cannot_fit_is_refused_in_words(name: str) -> None:
    wanted = replace(FORMATS[name], most_bytes=2_000, sides=(64,), smaller=())
    with pytest.raises(FormatError, match=r"at the lowest quality the file still has \d+ kB, at most 2 kB"):
        make_file(noisy(), wanted)


def test_a_video_that_does_not_fit_three_times_is_there_once() -> None:
    wanted = replace(FORMATS["telegram"], most_bytes=9_000, sides=(64,))
    data = make_file(noisy(), wanted)
    assert len(opened("telegram", data).durations) == 4
    assert len(data) <= 9_000


@pytest.mark.parametrize(
    ("name", "durations", "says"),
    [
        ("telegram", (800,) * 4, "lasts 3.2 s, at most 3 s"),
        ("whatsapp", (3000,) * 4, "lasts 12 s, at most 10 s"),
        ("telegram", (20,) * 4, "shown for 20 ms, at least 33 ms"),
        ("whatsapp", (7,) * 4, "shown for 7 ms, at least 8 ms"),
    ],
)
def test_what_is_too_long_or_too_fast_is_refused_in_words(name: str, durations: tuple[int, ...], says: str) -> None:
    with pytest.raises(FormatError, match=says):
        make_file(bobbing(4, durations=durations), FORMATS[name])


@pytest.mark.parametrize(
    ("name", "side", "tried"),
    [
        ("imessage", 64, (300,)),
        ("imessage", 320, (408, 300)),
        ("imessage", 512, (618, 408, 300)),
        ("imessage", 1024, (618, 408, 300)),
        ("discord", 512, (320,)),
        ("signal", 64, (512, 384, 256)),
        ("gif", 96, (96,)),
    ],
)
def test_a_clip_is_enlarged_only_where_the_service_asks_for_it(name: str, side: int, tried: tuple[int, ...]) -> None:
    assert FORMATS[name].sides_for(side) == tried


def test_the_background_shows_through_what_is_not_transparent() -> None:
    clip = bobbing(4, 95)
    (corner,) = np.unique(video_frames(make_file(clip, FORMATS["mp4"], background=(0, 128, 0)))[:, 0, 0], axis=0)
    assert np.abs(corner - [0, 128, 0]).max() <= 3
    green, white = (
        pictures(make_file(clip, FORMATS["gif"], background=colour)) for colour in ((0, 128, 0), (255, 255, 255))
    )
    assert set(np.unique(green[..., 3])) == {0, 255}
    assert green[..., 0][green[..., 3] == 255].min() < 150, "edges are mixed with the green"
    assert white[..., 0][white[..., 3] == 255].min() > 180


def test_a_gif_keeps_the_length_of_the_loop() -> None:
    clip = bobbing(9, 32, durations=(33, 33, 34) * 3)
    assert sum(opened("gif", make_file(clip, FORMATS["gif"])).durations) == 300


def test_a_master_is_read_as_it_was_written() -> None:
    frames = np.stack([np.asarray(frame) for frame in bobbing().frames])
    clip = read_clip(encode(frames, frame_rate=8).master, name="master")
    assert clip.durations == (125,) * 8
    for read, written in zip(clip.frames, bobbing().frames, strict=True):
        assert np.array_equal(read.convert("RGBa"), written.convert("RGBa"))


def still() -> bytes:
    out = io.BytesIO()
    bobbing().frames[0].save(out, "PNG")
    return out.getvalue()


WHOLE = make_file(bobbing(3, 32), FORMATS["webp"])


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "no animated WEBP"),
        (b"no picture at all", "no animated WEBP"),
        (WHOLE[: len(WHOLE) // 2], "damaged|no animated"),
        (make_file(bobbing(3, 32), FORMATS["gif"])[:600], "damaged"),
        (still(), "does not move"),
        (make_file(noisy(65, 16), FORMATS["gif"]), "65 frames of 16 × 16"),
        (make_file(bobbing(2, 1040), FORMATS["gif"]), "1040 × 1040"),
    ],
    ids=["empty", "text", "half a webp", "half a gif", "still", "too many frames", "too large"],
)
def test_a_file_that_is_no_clip_is_refused_in_words(data: bytes, says: str) -> None:
    with pytest.raises(FormatError, match=f"loop.webp: .*({says})"):
        read_clip(data, name="loop.webp")


def test_colours_and_formats_have_names() -> None:
    assert read_colour("ff8000") == read_colour("#ff8000") == (255, 128, 0)
    assert read_colour("white") == (255, 255, 255)
    with pytest.raises(FormatError, match="'snowy' is no colour"):
        read_colour("snowy")
    with pytest.raises(FormatError, match="'tiktok'; there are whatsapp, telegram"):
        find_format("tiktok")


@pytest.mark.parametrize(
    ("caption", "name"),
    [
        ("A dog, jumping!", "a-dog-jumping-telegram.webm"),
        ("ein Bär / слон", "ein-bär-слон-telegram.webm"),
        ('../"..\r\n', "sticker-telegram.webm"),
        ("a " * 60, f"{'a-' * 29}a-telegram.webm"),
    ],
)
def test_a_file_is_named_after_its_caption(caption: str, name: str) -> None:
    assert file_name(caption, FORMATS["telegram"]) == name
