"""The command `measure`: clips in files to a table or JSON, and clear words for what is broken."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sticker_diffusion.__main__ import main
from sticker_diffusion.metrics import clip_file
from sticker_diffusion.metrics.clip_file import ClipFileError, Frames, read_clip
from sticker_diffusion.stickers.clips import render_clip
from sticker_diffusion.stickers.image import straight_bytes
from tests.sticker_diffusion.stickers import sticker


def frames_of(verb: str = "jumping") -> Frames:
    return straight_bytes(render_clip(sticker(), verb=verb)).numpy()


def write(file: Path, frames: Frames, duration: int | list[int] = 125) -> Path:
    images = [Image.fromarray(frame, "RGBA") for frame in frames]
    options = {"format": "PNG"} if file.suffix == ".png" else {"lossless": True} if file.suffix == ".webp" else {}
    images[0].save(file, save_all=True, append_images=images[1:], duration=duration, loop=0, **options)
    return file


def sheet(frames: Frames, columns: int) -> Image.Image:
    side = frames.shape[1]
    picture = Image.new("RGBA", (columns * side, len(frames) // columns * side))
    for index, frame in enumerate(frames):
        picture.paste(Image.fromarray(frame, "RGBA"), (index % columns * side, index // columns * side))
    return picture


@pytest.mark.parametrize("ending", ["webp", "png", "gif", "avif"])
def test_an_animation_is_read_in_every_format(tmp_path: Path, ending: str) -> None:
    frames = frames_of()
    read = read_clip(write(tmp_path / f"clip.{ending}", frames))
    assert (read.shape, read.dtype) == ((8, 64, 64, 4), np.uint8)
    opaque = frames[..., 3] == 255
    error = np.abs(read.astype(int) - frames)[opaque].mean()
    assert error < (0.01 if ending in {"webp", "png"} else 12)


def test_equal_neighbours_that_a_file_merged_come_back(tmp_path: Path) -> None:
    frames = frames_of()
    merged = write(tmp_path / "clip.webp", frames[[0, 2, 4, 7]], duration=[250, 125, 375, 250])
    read = read_clip(merged)
    assert [int(np.abs(frames[[0, 2, 4, 7]].astype(int) - frame).sum((1, 2, 3)).argmin()) for frame in read] == [
        0, 0, 1, 2, 2, 2, 3, 3,
    ]  # fmt: skip


def test_more_frames_than_are_measured_are_sampled_down_over_the_whole_loop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clip_file, "MOST_FRAMES", 4)
    frames = frames_of()
    read = read_clip(write(tmp_path / "clip.png", frames))
    assert len(read) == 4
    assert np.array_equal(read[-1], frames[6]) or np.array_equal(read[-1], frames[7])


@pytest.mark.parametrize("columns", [8, 4, 2, 1])
def test_a_sprite_sheet_is_cut_into_its_cells(tmp_path: Path, columns: int) -> None:
    frames = frames_of()
    sheet(frames, columns).save(tmp_path / "sheet.png")
    assert np.array_equal(read_clip(tmp_path / "sheet.png"), frames)


def test_a_sheet_of_another_count_is_cut_when_told_and_a_picture_is_one_frame(tmp_path: Path) -> None:
    frames = frames_of()
    sheet(frames[[0, 1, 2, 3]], 2).save(tmp_path / "four.png")
    assert len(read_clip(tmp_path / "four.png", sheet_frames=4)) == 4
    assert len(read_clip(tmp_path / "four.png")) == 1


def test_oblong_frames_are_centred_on_transparency(tmp_path: Path) -> None:
    frames = frames_of()[:, 16:48]
    read = read_clip(write(tmp_path / "clip.png", frames))
    assert read.shape == (8, 64, 64, 4)
    assert not read[:, :16].any()
    assert np.array_equal(read[:, 16:48], frames)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("text", "not a clip in any of WEBP, PNG, GIF, AVIF"),
        ("cut", "cannot be decoded as a clip"),
        ("large", "1100×8 pixels; at most 1024×1024"),
        ("large cells", "frames of 1100×1100 pixels; at most 1024×1024"),
        ("folder", "is a folder"),
        ("none", "no such file"),
    ],
)
def test_a_file_that_is_no_clip_is_refused_by_name(tmp_path: Path, content: str, complaint: str) -> None:
    file = tmp_path / "clip.png"
    if content == "text":
        file.write_text("this is no picture")
    elif content == "cut":
        whole = write(file, frames_of()).read_bytes()
        file.write_bytes(whole[: len(whole) // 2])
    elif content == "large":
        write(file, np.zeros((2, 8, 1100, 4), np.uint8) + np.arange(2, dtype=np.uint8)[:, None, None, None])
    elif content == "large cells":
        Image.new("RGBA", (2200, 1100)).save(file)
    elif content == "folder":
        file.mkdir()
    sheet_frames = 2 if content == "large cells" else 8
    with pytest.raises(ClipFileError, match=rf"clip\.png: .*{complaint}"):
        read_clip(file, sheet_frames=sheet_frames)


def test_a_folder_becomes_a_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path / "a.webp", frames_of("jumping"))
    write(tmp_path / "b.png", frames_of("hearts"))
    (tmp_path / "notes.txt").write_text("not a clip, and not looked at")
    captions = tmp_path / "captions.csv"
    captions.write_text("file,caption\na.webp,a crab jumping\nb.png,a crab sleeping\n")
    assert main(["measure", str(tmp_path), "--captions", str(captions)]) == 0
    head, first, second = capsys.readouterr().out.splitlines()
    assert head.replace("  ", " ").endswith("seam flicker sharp frozen")
    assert first.split()[:2] == ["a.webp", "jumping"]
    assert second.split()[:2] == ["b.png", "hearts"]
    assert second.split()[3] == "sleeping"
    assert first.split()[-1] == "no"


def test_a_broken_clip_is_named_and_the_others_are_measured(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path / "a.webp", frames_of())
    (tmp_path / "b.gif").write_text("this is no picture")
    write(tmp_path / "c.png", np.zeros_like(frames_of()) + np.arange(8, dtype=np.uint8)[:, None, None, None] % 1)
    assert main(["measure", str(tmp_path), "--json", "--caption", "jump"]) == 1
    said = capsys.readouterr()
    good, text, empty = json.loads(said.out)
    assert (good["verb_seen"], good["recognised"], good["frames"]) == ("jumping", True, 8)
    assert text["error"].endswith("b.gif: not a clip in any of WEBP, PNG, GIF, AVIF")
    assert "c.png: fully transparent in all" in empty["error"]
    assert said.err.count("error: ") == 2
    assert main(["measure", str(tmp_path)]) == 1
    assert "b.gif   broken" in capsys.readouterr().out


def test_the_sticker_given_is_what_a_clip_is_measured_against(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clip = write(tmp_path / "a.webp", frames_of())
    other = tmp_path / "other.png"
    Image.fromarray(straight_bytes(sticker("🦝")[None])[0].numpy(), "RGBA").save(other)
    identities = []
    for options in ([], ["--sticker", str(other)]):
        assert main(["measure", str(clip), "--json", *options]) == 0
        identities.append(json.loads(capsys.readouterr().out)[0]["identity_db"])
    assert identities[0] > identities[1] + 10


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--captions", "none.csv"], "none.csv: cannot be read as CSV"),
        (["--captions", "wrong.csv"], "wrong.csv: expected the columns file,caption"),
        (["--sticker", "none.png"], "none.png: no such file"),
        (["--sheet-frames", "0"], "--sheet-frames: must be 1…256, got 0"),
        (["empty"], "empty: no clips; expected .webp, .png"),
    ],
)
def test_what_concerns_all_clips_is_one_line_and_exit_status_two(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    complaint: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    (tmp_path / "wrong.csv").write_text("name,text\n")
    write(tmp_path / "a.webp", frames_of())
    assert main(["measure", "a.webp", *options]) == 2
    said = capsys.readouterr()
    assert said.err.startswith("error: ")
    assert complaint in said.err
    assert said.out == ""
