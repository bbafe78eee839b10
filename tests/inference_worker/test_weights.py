import os
import shutil
from pathlib import Path
from uuid import uuid4

import fsspec
import pytest

from inference_worker.folders import folder_sha256
from inference_worker.weights import Weights, WeightsError
from tests.inference_worker.conftest import save_tiny_checkpoint


@pytest.fixture
def weights(tmp_path: Path) -> Weights:
    return Weights(cache=tmp_path / "cache", cache_bytes=10**9, base=tmp_path)


def upload(folder: Path) -> str:
    """Puts a folder on the stand-in for an object store; returns its address."""
    uri = f"memory://checkpoints-{uuid4().hex}/tiny"
    fsspec.filesystem("memory").put(f"{folder}/", uri.removeprefix("memory:/") + "/", recursive=True)
    return uri


def test_a_local_folder_is_used_in_place(weights: Weights, tiny_checkpoint: Path) -> None:
    sha256 = folder_sha256(tiny_checkpoint)
    assert weights.folder(uri=tiny_checkpoint.as_uri(), sha256=sha256) == tiny_checkpoint
    assert weights.folder(uri=str(tiny_checkpoint), sha256=sha256) == tiny_checkpoint
    assert not weights.cache.exists()


def test_a_relative_address_starts_at_the_base(weights: Weights, tiny_checkpoint: Path, tmp_path: Path) -> None:
    shutil.copytree(tiny_checkpoint, tmp_path / "checkpoints" / "tiny")
    found = weights.folder(uri="checkpoints/tiny", sha256=folder_sha256(tiny_checkpoint))
    assert found == tmp_path / "checkpoints" / "tiny"


def test_a_remote_folder_is_fetched_once(weights: Weights, tiny_checkpoint: Path) -> None:
    uri, sha256 = upload(tiny_checkpoint), folder_sha256(tiny_checkpoint)
    folder = weights.folder(uri=uri, sha256=sha256)
    assert folder_sha256(folder) == sha256
    fsspec.filesystem("memory").rm(uri.removeprefix("memory:/"), recursive=True)
    assert weights.folder(uri=uri, sha256=sha256) == folder


def test_a_damaged_cached_folder_is_fetched_again(weights: Weights, tiny_checkpoint: Path) -> None:
    uri, sha256 = upload(tiny_checkpoint), folder_sha256(tiny_checkpoint)
    folder = weights.folder(uri=uri, sha256=sha256)
    (folder / "model.safetensors").write_bytes(b"broken")
    assert folder_sha256(weights.folder(uri=uri, sha256=sha256)) == sha256


def test_a_truncated_file_is_named(weights: Weights, tiny_checkpoint: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(tiny_checkpoint, tmp_path / "copy")
    os.truncate(folder / "model.safetensors", 1000)
    with pytest.raises(WeightsError, match=r"model\.safetensors"):
        weights.folder(uri=str(folder), sha256=folder_sha256(tiny_checkpoint))


@pytest.mark.parametrize("place", ["local", "remote"])
def test_other_bytes_than_registered_are_refused(weights: Weights, tiny_checkpoint: Path, place: str) -> None:
    uri = str(tiny_checkpoint) if place == "local" else upload(tiny_checkpoint)
    with pytest.raises(WeightsError, match="was registered"):
        weights.folder(uri=uri, sha256="0" * 64)
    assert not weights.cache.exists() or list(weights.cache.iterdir()) == []


@pytest.mark.parametrize(
    "uri", ["/nowhere/at/all", "file:///nowhere", "memory://nowhere/x", "gopher://host/x", "s4://x"]
)
def test_an_unknown_address_is_refused(weights: Weights, uri: str) -> None:
    with pytest.raises(WeightsError, match=r"nowhere|no address"):
        weights.folder(uri=uri, sha256="0" * 64)


def test_the_cache_lets_go_of_what_was_used_longest_ago(tmp_path: Path) -> None:
    folders = [save_tiny_checkpoint(tmp_path / f"number-{i}") for i in range(3)]
    size = sum(file.stat().st_size for file in folders[0].iterdir())
    weights = Weights(cache=tmp_path / "cache", cache_bytes=int(2.5 * size), base=tmp_path)
    addresses = [(upload(folder), folder_sha256(folder)) for folder in folders]
    for age, (uri, sha256) in zip((200, 300), addresses[:2], strict=True):
        cached = weights.folder(uri=uri, sha256=sha256)
        os.utime(cached, (cached.stat().st_atime - age, cached.stat().st_mtime - age))
    weights.folder(uri=addresses[2][0], sha256=addresses[2][1])
    assert {path.name for path in weights.cache.iterdir()} == {addresses[0][1], addresses[2][1]}


def test_a_worker_that_fetches_what_another_just_fetched_uses_that(
    weights: Weights, tiny_checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sha256 = folder_sha256(tiny_checkpoint)
    verified = Weights._verified

    def other_is_faster(mine: Weights, folder: Path, **asked: str) -> Path:
        if folder.suffix == ".part":
            shutil.copytree(folder, mine.cache / sha256)
        return verified(mine, folder, **asked)

    monkeypatch.setattr(Weights, "_verified", other_is_faster)
    assert weights.folder(uri=upload(tiny_checkpoint), sha256=sha256) == weights.cache / sha256
    assert [path.name for path in weights.cache.iterdir()] == [sha256], "nothing half-fetched is left"


def test_what_a_killed_worker_had_begun_to_fetch_goes_and_what_is_being_fetched_stays(
    weights: Weights, tiny_checkpoint: Path
) -> None:
    for name in ("old.part", "new.part"):
        (weights.cache / name).mkdir(parents=True)
        (weights.cache / name / "model.safetensors").write_bytes(b"half")
    for path in (weights.cache / "old.part", weights.cache / "old.part" / "model.safetensors"):
        os.utime(path, (0, 0))
    os.utime(weights.cache / "new.part", (0, 0))
    weights.folder(uri=upload(tiny_checkpoint), sha256=folder_sha256(tiny_checkpoint))
    assert [path.name for path in weights.cache.glob("*.part")] == ["new.part"]
