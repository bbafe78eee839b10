import pytest

from inference_worker.__main__ import hold_name, read_options


@pytest.fixture(autouse=True)
def _store(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BLOBS_URL", "file:///srv/blobs")


def test_the_defaults_need_nothing_but_the_store() -> None:
    options, level = read_options([])
    assert options.name.endswith("-cpu")
    assert (options.device, options.dtype, options.compile, options.threads) == ("cpu", None, False, None)
    assert (options.base / "inference_worker").is_dir()
    assert (options.blobs_url, level) == ("file:///srv/blobs", "INFO")


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["--device", "tpu"], "cpu, cuda or cuda:N is expected"),
        (["--device", "cuda:77"], "CUDA devices that torch can use"),
        (["--name", "a b"], "letters, digits"),
        (["--micro-batch", "1000"], "1…256 clips are expected"),
        (["--threads", "0"], "1 or more"),
        (["--dtype", "int8"], "bfloat16"),
    ],
)
def test_a_wrong_option_is_explained(arguments: list[str], error: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as told:
        read_options(arguments)
    assert told.value.code == 2
    assert error in capsys.readouterr().err


def test_a_missing_store_is_explained(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.delenv("BLOBS_URL")
    with pytest.raises(SystemExit):
        read_options([])
    assert "set BLOBS_URL" in capsys.readouterr().err


def test_a_name_is_held_once() -> None:
    lock = hold_name("held-once")
    with pytest.raises(SystemExit, match="a worker named held-once runs on this machine already"):
        hold_name("held-once")
    lock.close()
    hold_name("held-once").close()
