"""A release reaches the trainer as a zip, and is unpacked once."""

import io
import zipfile
from pathlib import Path

import pytest

from inference_worker.blobs import BlobError, BlobStore
from inference_worker.released import release_folder


@pytest.fixture
def blobs(tmp_path: Path) -> BlobStore:
    return BlobStore((tmp_path / "blobs").as_uri())


def packed(**files: bytes) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return data.getvalue()


def test_it_is_fetched_once(blobs: BlobStore, tmp_path: Path) -> None:
    name = blobs.put(packed(metadata=b"{}"), "zip")
    folder = release_folder(name, blobs=blobs, cache=tmp_path / "cache")
    assert (folder / "metadata").read_bytes() == b"{}"
    blobs.delete(name)
    assert release_folder(name, blobs=blobs, cache=tmp_path / "cache") == folder
    assert [path.name for path in (tmp_path / "cache").iterdir()] == [name[:64]]


def test_a_damaged_or_lost_one_leaves_nothing(blobs: BlobStore, tmp_path: Path) -> None:
    name = blobs.put(packed(metadata=b"{}"), "zip")
    Path(blobs._path(name)).write_bytes(packed(metadata=b"other"))
    with pytest.raises(BlobError, match="damaged"):
        release_folder(name, blobs=blobs, cache=tmp_path / "cache")
    blobs.delete(name)
    with pytest.raises(BlobError, match="is not in"):
        release_folder(name, blobs=blobs, cache=tmp_path / "cache")
    assert list((tmp_path / "cache").iterdir()) == []
