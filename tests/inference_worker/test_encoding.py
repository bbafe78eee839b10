import io

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from inference_worker.encoding import EncodedClip, Frames, encode, frame_durations, sheet_columns


def spinning_square(frames: int = 8, size: int = 320) -> Frames:
    """A coloured square with a half-transparent rim that turns."""
    still = Image.new("RGBA", (size, size))
    still.paste((40, 90, 220, 128), (size // 4, size // 4, size - size // 4, size - size // 4))
    still.paste((240, 120, 20, 255), (size // 3, size // 3, size - size // 3, size - size // 3))
    turned = [still.rotate(80 * i / frames, Image.Resampling.BICUBIC) for i in range(frames)]
    return np.stack([np.asarray(image) for image in turned])


def decode(data: bytes, *, count: int, frame_rate: float) -> Frames:
    """Every frame of an animation, those that WebP stored once for several included."""
    ends = np.cumsum(frame_durations(count, frame_rate)).tolist()
    frames: list[Frames] = []
    with Image.open(io.BytesIO(data)) as image:
        shown = 0
        for index in range(image.n_frames):
            image.seek(index)
            pixels = np.asarray(image.convert("RGBA"))
            shown += image.info["duration"]
            frames += [pixels] * (ends.index(shown) + 1 - len(frames))
    return np.stack(frames)


def visible(frames: Frames) -> Frames:
    """Colour under alpha 0 is nothing to compare."""
    return np.where(frames[..., 3:] > 0, frames, 0)


@pytest.fixture(scope="module")
def clip() -> EncodedClip:
    return encode(spinning_square(), frame_rate=8)


def test_master_is_bit_equal(clip: EncodedClip) -> None:
    assert np.array_equal(visible(decode(clip.master, count=8, frame_rate=8)), visible(spinning_square()))


@given(
    frames=st.integers(1, 5).flatmap(
        lambda n: arrays(np.uint8, (n, 9, 9, 4), elements=st.sampled_from([0, 1, 127, 255]))
    ),
    frame_rate=st.integers(1, 30),
)
@settings(max_examples=60, deadline=None)
def test_master_is_bit_equal_whatever_the_frames(frames: Frames, frame_rate: int) -> None:
    assume(not (visible(frames) == visible(frames[:1])).all())  # a frozen clip, which never gets here
    master = encode(frames, frame_rate=frame_rate).master
    decoded = decode(master, count=len(frames), frame_rate=frame_rate)
    assert np.array_equal(visible(decoded), visible(frames))


def test_sheet_has_the_frames_in_its_cells(clip: EncodedClip) -> None:
    assert clip.media == {"frames": 8, "columns": 4, "cell": 320, "frame_rate": 8}
    with Image.open(io.BytesIO(clip.sheet)) as sheet:
        assert sheet.format == "WEBP"
        assert sheet.size == (4 * 320, 2 * 320)
        pixels = np.asarray(sheet.convert("RGBA")).astype(int)
    for index, frame in enumerate(spinning_square().astype(int)):
        top, left = index // 4 * 320, index % 4 * 320
        cell = pixels[top : top + 320, left : left + 320]
        assert np.array_equal(cell[..., 3], frame[..., 3]), "alpha is lossless"
        opaque = frame[..., 3] == 255
        assert np.abs(cell - frame)[opaque].mean() < 4


def test_large_frames_shrink_to_a_cell_without_dark_rims() -> None:
    white = np.zeros((8, 512, 512, 4), np.uint8)
    for index, frame in enumerate(white):
        frame[100 + index : 400, 100:400] = 255
    clip = encode(white, frame_rate=8)
    with Image.open(io.BytesIO(clip.sheet)) as sheet:
        pixels = np.asarray(sheet.convert("RGBA"))
    assert pixels.shape == (2 * 320, 4 * 320, 4)
    assert pixels[pixels[..., 3] > 8][:, :3].min() > 200
    assert decode(clip.master, count=8, frame_rate=8).shape == (8, 512, 512, 4)


@pytest.mark.parametrize("count", range(1, 33))
@pytest.mark.parametrize("cell", [64, 320])
def test_sheet_columns_keep_the_sides_small(count: int, cell: int) -> None:
    columns = sheet_columns(count, cell)
    rows = -(-count // columns)
    assert columns * cell <= 4096
    assert rows * cell <= 4096
    assert columns * rows >= count


def test_animation_loops_for_ever_with_exact_times() -> None:
    clip = encode(spinning_square(frames=12, size=64), frame_rate=12)
    with Image.open(io.BytesIO(clip.animation)) as image:
        assert image.info["loop"] == 0
        durations = []
        for index in range(image.n_frames):
            image.seek(index)
            image.load()
            durations.append(image.info["duration"])
        alpha = np.asarray(image.convert("RGBA"))[..., 3]
    assert sum(durations) == 1000
    assert set(durations) == {83, 84}
    assert np.array_equal(alpha, spinning_square(frames=12, size=64)[-1, ..., 3])


@pytest.mark.parametrize(
    "frames",
    [
        np.zeros((33, 8, 8, 4), np.uint8),
        np.zeros((8, 8, 9, 4), np.uint8),
        np.zeros((8, 8, 8, 3), np.uint8),
        np.zeros((8, 8, 8, 4), np.float32),
    ],
    ids=["too many", "oblong", "no alpha", "floats"],
)
def test_other_shapes_are_refused(frames: Frames) -> None:
    with pytest.raises(ValueError, match=r"uint8 RGBA is expected"):
        encode(frames, frame_rate=8)
