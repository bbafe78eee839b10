import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inference_worker.blobs import NAME, BlobError, BlobStore


def file_of(store: BlobStore, name: str) -> Path:
    return Path(store.url.removeprefix("file://")) / name[:2] / name


@pytest.fixture(params=["folder", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> BlobStore:
    """A folder, and fsspec's memory filesystem in the place of an object store."""
    return BlobStore((tmp_path / "blobs").as_uri() if request.param == "folder" else f"memory://{tmp_path}")


@given(data=st.binary(max_size=300), extension=st.sampled_from(["png", "webp", "json"]))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_put_is_got(store: BlobStore, data: bytes, extension: str) -> None:
    name = store.put(data, extension)
    assert NAME.fullmatch(name)
    assert store.get(name) == data
    assert store.exists(name)
    assert store.put(data, extension) == name


def test_a_missing_blob_is_named(store: BlobStore) -> None:
    name = f"{'a' * 64}.png"
    assert not store.exists(name)
    with pytest.raises(BlobError, match=f"{name} is not in"):
        store.get(name)


@pytest.mark.parametrize("name", ["../../etc/passwd", f"{'A' * 64}.png", "abc.png", f"{'a' * 64}", ""])
def test_other_names_are_refused(store: BlobStore, name: str) -> None:
    with pytest.raises(BlobError, match="not a blob name"):
        store.get(name)


def test_a_damaged_blob_is_detected(blobs: BlobStore) -> None:
    name = blobs.put(b"some bytes", "png")
    file_of(blobs, name).write_bytes(b"other byte")
    with pytest.raises(BlobError, match="damaged"):
        blobs.get(name)


def test_a_truncated_blob_is_mended_by_the_same_bytes(blobs: BlobStore) -> None:
    name = blobs.put(b"some bytes", "png")
    file_of(blobs, name).write_bytes(b"some")
    assert blobs.put(b"some bytes", "png") == name
    assert blobs.get(name) == b"some bytes"


def test_a_write_that_fails_leaves_nothing(blobs: BlobStore, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def no_space(source: str, target: str) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", no_space)
    with pytest.raises(OSError, match="No space left"):
        blobs.put(b"some bytes", "png")
    assert [path for path in (tmp_path / "blobs").rglob("*") if path.is_file()] == []


def test_records_are_kept_by_key_and_replaced(store: BlobStore) -> None:
    assert store.get_record("results", "ab12") is None
    store.put_record("results", "ab12", {"sheet": "x", "timings": {"sample": 0.5}})
    store.put_record("results", "ab12", {"sheet": "y"})
    assert store.get_record("results", "ab12") == {"sheet": "y"}


def test_a_damaged_record_counts_as_none(blobs: BlobStore, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    blobs.put_record("results", "ab12", {"sheet": "x"})
    (tmp_path / "blobs" / "results" / "ab" / "ab12.json").write_text('{"sheet": ')
    assert blobs.get_record("results", "ab12") is None
    assert "results/ab12" in caplog.text


@pytest.mark.parametrize(("kind", "key"), [("results", "../x"), ("a/b", "ab12"), ("results", "")])
def test_records_stay_in_their_place(store: BlobStore, kind: str, key: str) -> None:
    with pytest.raises(BlobError, match="not a record's name"):
        store.put_record(kind, key, {})
