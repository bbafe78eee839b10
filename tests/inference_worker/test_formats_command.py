"""`python -m inference_worker.formats`, as a person runs it."""

from pathlib import Path

import pytest

from inference_worker.formats.__main__ import main
from inference_worker.formats.fitting import make_file
from inference_worker.formats.table import FORMATS
from tests.inference_worker.test_formats import bobbing


@pytest.fixture
def loop(tmp_path: Path) -> Path:
    file = tmp_path / "A dog.webp"
    file.write_bytes(make_file(bobbing(4, 32, durations=(1000,) * 4), FORMATS["webp"]))
    return file


def test_it_writes_one_file_a_format(loop: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(loop), "-o", str(tmp_path / "out" / "new"), "--for", "gif, discord", "--background", "navy"]) == 0
    assert {file.name for file in (tmp_path / "out" / "new").iterdir()} == {"a-dog-gif.gif", "a-dog-discord.png"}
    assert "a-dog-discord.png" in capsys.readouterr().out


def test_a_format_that_cannot_hold_the_clip_does_not_stop_the_others(
    loop: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(loop), "-o", str(tmp_path / "out"), "--for", "signal,gif"]) == 2
    assert [file.name for file in (tmp_path / "out").iterdir()] == ["a-dog-gif.gif"]
    assert "Signal sticker: the clip lasts 4 s, at most 3 s" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["LOOP", "--for", "tiktok"], "there is no format 'tiktok'"),
        (["LOOP", "--background", "snowy"], "'snowy' is no colour"),
        (["missing.webp"], "missing.webp: cannot be read (No such file or directory)"),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_written(
    loop: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], says: str
) -> None:
    given = [str(loop) if argument == "LOOP" else argument for argument in arguments]
    assert main([*given, "-o", str(tmp_path / "out")]) == 2
    assert says in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
