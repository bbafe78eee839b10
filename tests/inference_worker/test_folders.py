import hashlib
import json
import shutil
import struct
from pathlib import Path

import pytest

from inference_worker.folders import FolderError, check_checkpoint, check_safetensors, folder_sha256


def write(folder: Path, files: dict[str, bytes]) -> Path:
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def test_the_hash_is_over_sorted_paths_and_their_hashes(tmp_path: Path) -> None:
    folder = write(tmp_path, {"model.safetensors": b"w", "checkpoint.json": b"{}", "pictures/a.webp": b"p"})
    lines = f"checkpoint.json\0{sha(b'{}')}\nmodel.safetensors\0{sha(b'w')}\npictures/a.webp\0{sha(b'p')}\n"
    assert folder_sha256(folder) == sha(lines.encode())


@pytest.mark.parametrize("change", ["content", "name", "more"])
def test_any_change_changes_the_hash(tmp_path: Path, change: str) -> None:
    before = folder_sha256(write(tmp_path, {"a": b"1", "b": b"2"}))
    if change == "content":
        (tmp_path / "b").write_bytes(b"3")
    elif change == "name":
        (tmp_path / "b").rename(tmp_path / "c")
    else:
        (tmp_path / "c").write_bytes(b"")
    assert folder_sha256(tmp_path) != before


def test_hidden_files_and_the_place_do_not_count(tmp_path: Path) -> None:
    one = write(tmp_path / "one", {"a": b"1"})
    other = write(tmp_path / "other", {"a": b"1", ".DS_Store": b"x", ".git/config": b"y"})
    assert folder_sha256(one) == folder_sha256(other)


def test_a_folder_that_is_missing_or_empty_is_named(tmp_path: Path) -> None:
    with pytest.raises(FolderError, match="nowhere is not a folder"):
        folder_sha256(tmp_path / "nowhere")
    with pytest.raises(FolderError, match="is empty"):
        folder_sha256(tmp_path)


def test_a_whole_checkpoint_passes(tiny_checkpoint: Path) -> None:
    check_checkpoint(tiny_checkpoint)


@pytest.mark.parametrize("missing", ["checkpoint.json", "model.safetensors"])
def test_a_missing_file_is_named(tiny_checkpoint: Path, tmp_path: Path, missing: str) -> None:
    folder = shutil.copytree(tiny_checkpoint, tmp_path / "copy")
    (folder / missing).unlink()
    with pytest.raises(FolderError, match=r"\.json" if missing == "checkpoint.json" else r"\.safetensors"):
        check_checkpoint(folder)


@pytest.mark.parametrize("keep", [0, 5, 100, -1])
def test_truncated_weights_are_found(tiny_checkpoint: Path, tmp_path: Path, keep: int) -> None:
    whole = (tiny_checkpoint / "model.safetensors").read_bytes()
    file = tmp_path / "model.safetensors"
    file.write_bytes(whole[:keep])
    with pytest.raises(FolderError, match=r"model\.safetensors"):
        check_safetensors(file)


@pytest.mark.parametrize("header", [b"not json", b"[1]", json.dumps({"w": {"data_offsets": [0]}}).encode()])
def test_a_foreign_header_is_found(tmp_path: Path, header: bytes) -> None:
    file = tmp_path / "model.safetensors"
    file.write_bytes(struct.pack("<Q", len(header)) + header)
    with pytest.raises(FolderError, match="header cannot be read"):
        check_safetensors(file)
