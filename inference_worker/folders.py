"""What a checkpoint folder is, byte by byte: for those who register it and those who load it. Standard library only."""

import hashlib
import json
import struct
from pathlib import Path

# One of them says what a folder is: a checkpoint of our own, or a public pipeline that an engine runs.
CHECKPOINT_FILE = "checkpoint.json"
ENGINE_FILE = "engine.json"


class FolderError(Exception):
    """A checkpoint folder that is not there, or a file in it that is not whole."""


def checkpoint_files(folder: Path) -> list[str]:
    """The relative POSIX paths of the folder's files, sorted; hidden ones, such as `.DS_Store`, do not count."""
    if not folder.is_dir():
        raise FolderError(f"{folder} is not a folder: a checkpoint is a folder with checkpoint.json and its weights")
    paths = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    names = sorted(path.as_posix() for path in paths if not any(part.startswith(".") for part in path.parts))
    if not names:
        raise FolderError(f"{folder} is empty: a checkpoint is a folder with checkpoint.json and its weights")
    return names


def folder_sha256(folder: Path) -> str:
    """The sha256 (hex) over the lines "relative/posix/path\\0sha256hex\\n" of the folder's sorted files."""
    whole = hashlib.sha256()
    for name in checkpoint_files(folder):
        with (folder / name).open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        whole.update(f"{name}\0{digest}\n".encode())
    return whole.hexdigest()


def check_safetensors(path: Path) -> None:
    """Raises FolderError unless the file is as long as its own header says.

    The format: 8 bytes little-endian header length, the header as JSON (tensor → data_offsets), then the data.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        start = file.read(8)
        if len(start) < 8:
            raise FolderError(f"{path} is not a safetensors file: it has {size} bytes")
        (header_size,) = struct.unpack("<Q", start)
        if 8 + header_size > size:
            raise FolderError(f"{path} is truncated or not a safetensors file: its header goes beyond its {size} bytes")
        try:
            header = json.loads(file.read(header_size))
            ends = [entry["data_offsets"][1] for name, entry in header.items() if name != "__metadata__"]
        except (ValueError, KeyError, TypeError, AttributeError, IndexError):
            raise FolderError(f"{path} is not a safetensors file: its header cannot be read") from None
    expected = 8 + header_size + max(ends, default=0)
    if size != expected:
        raise FolderError(f"{path} has {size} bytes, but its header describes {expected}: fetch or export it again")


def check_checkpoint(folder: Path) -> None:
    """Raises FolderError unless the folder has a checkpoint.json or an engine.json, and whole safetensors.

    A folder with an engine.json may have no weights: those of a pipeline on the hub are there, at a pinned commit.
    """
    names = checkpoint_files(folder)
    described = [name for name in (CHECKPOINT_FILE, ENGINE_FILE) if name in names]
    if not described:
        raise FolderError(f"{folder} has no {CHECKPOINT_FILE} and no {ENGINE_FILE}: is it the checkpoint's own folder?")
    if len(described) > 1:
        raise FolderError(f"{folder} has both {CHECKPOINT_FILE} and {ENGINE_FILE}: only one can say what it is")
    weights = [name for name in names if name.endswith(".safetensors")]
    if not weights and described == [CHECKPOINT_FILE]:
        raise FolderError(f"{folder} has no .safetensors file: the weights are missing")
    for name in weights:
        check_safetensors(folder / name)
