"""A release as a folder on the trainer's machine: its zip is fetched once, checked and unpacked."""

import hashlib
import shutil
import uuid
import zipfile
from pathlib import Path

from inference_worker.blobs import BlobError, BlobStore


def release_folder(name: str, *, blobs: BlobStore, cache: Path) -> Path:
    """The folder of the zip with this blob name. Raises BlobError where it is gone, or is not what its name says."""
    folder = cache / name[:64]
    if folder.is_dir():
        return folder
    cache.mkdir(parents=True, exist_ok=True)
    beside = cache / f"{name[:64]}.{uuid.uuid4().hex}.part"
    packed = beside.with_suffix(".zip")
    try:
        blobs.fetch(name, packed)
        with packed.open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != name[:64]:
                raise BlobError(f"the blob {name} in {blobs.url} is damaged: its bytes have another sha256")
        with zipfile.ZipFile(packed) as archive:
            archive.extractall(beside)
        beside.rename(folder)
    finally:
        packed.unlink(missing_ok=True)
        shutil.rmtree(beside, ignore_errors=True)
    return folder
