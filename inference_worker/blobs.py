"""Content-addressed blobs behind fsspec: a folder by default, S3-compatible storage by URL.

A blob's name is the sha256 of its bytes and its extension, `<64 hex>.<ext>`; it never changes. Records are small JSON
documents under a given name, such as a clip's result. Neither Django nor torch is imported here: both sides use it.
"""

import contextlib
import hashlib
import json
import logging
import os
import re
import shutil
import uuid
from collections.abc import Iterator
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import IO, Any

import fsspec
from fsspec import AbstractFileSystem
from fsspec.implementations.local import LocalFileSystem

NAME = re.compile(r"[0-9a-f]{64}\.[a-z0-9]{1,8}")
KEY = re.compile(r"[0-9A-Za-z_-]{1,100}")

log = logging.getLogger(__name__)


class BlobError(Exception):
    """A blob that is not there, or whose bytes are not what its name says."""


class BlobStore:
    def __init__(self, url: str) -> None:
        """`url`: what fsspec understands, e.g. `file:///srv/blobs` or `s3://bucket/prefix`."""
        self.url = url.rstrip("/")

    @cached_property
    def _place(self) -> tuple[AbstractFileSystem, str]:
        filesystem, root = fsspec.core.url_to_fs(self.url)
        return filesystem, root

    def _path(self, name: str) -> str:
        if not NAME.fullmatch(name):
            raise BlobError(f"{name!r} is not a blob name: sha256 and an extension, such as 'ab12….webp', are expected")
        return f"{self._place[1]}/{name[:2]}/{name}"

    def _record_path(self, kind: str, key: str) -> str:
        if not KEY.fullmatch(kind) or not KEY.fullmatch(key):
            raise BlobError(f"{kind}/{key} is not a record's name: letters, digits, - and _ are expected")
        return f"{self._place[1]}/{kind}/{key[:2]}/{key}.json"

    def _write(self, path: str, data: bytes) -> None:
        """Whole or not at all: an object store uploads so by itself, a file is written beside its place and moved."""
        filesystem, _ = self._place
        if not isinstance(filesystem, LocalFileSystem):
            filesystem.pipe_file(path, data)
            return
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        beside = f"{path}.{uuid.uuid4().hex}.part"
        try:
            with open(beside, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.replace(beside, path)
        except BaseException:
            Path(beside).unlink(missing_ok=True)
            raise

    def put(self, data: bytes, extension: str) -> str:
        """Stores `data` and returns its name. The same bytes again cost a folder one look, or mend a cut blob."""
        name = f"{hashlib.sha256(data).hexdigest()}.{extension}"
        path = self._path(name)
        try:
            there = self._place[0].info(path)["size"] == len(data)
        except FileNotFoundError:
            there = False
        if there and isinstance(self._place[0], LocalFileSystem):
            # Wanted again: a sweep goes by this. An object store says so by being written.
            os.utime(path)
        else:
            self._write(path, data)
        return name

    def put_file(self, file: Path, extension: str) -> str:
        """As `put`, for a file that may not fit into memory."""
        with file.open("rb") as opened:
            name = f"{hashlib.file_digest(opened, 'sha256').hexdigest()}.{extension}"
        path, filesystem = self._path(name), self._place[0]
        if isinstance(filesystem, LocalFileSystem):
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            beside = f"{path}.{uuid.uuid4().hex}.part"
            try:
                shutil.copyfile(file, beside)
                os.replace(beside, path)
            finally:
                Path(beside).unlink(missing_ok=True)
        else:
            filesystem.put_file(str(file), path)
        return name

    def fetch(self, name: str, file: Path) -> None:
        """Copies a blob into `file`, however large it is."""
        try:
            self._place[0].get_file(self._path(name), str(file))
        except FileNotFoundError:
            raise BlobError(f"the blob {name} is not in {self.url}") from None

    def opened(self, name: str) -> IO[bytes]:
        """The blob as a file to read, unchecked: for what does not fit into memory."""
        try:
            file: IO[bytes] = self._place[0].open(self._path(name), "rb")
        except FileNotFoundError:
            raise BlobError(f"the blob {name} is not in {self.url}") from None
        return file

    def get(self, name: str) -> bytes:
        """The blob's bytes, checked against its name."""
        try:
            data: bytes = self._place[0].cat_file(self._path(name))
        except FileNotFoundError:
            raise BlobError(f"the blob {name} is not in {self.url}") from None
        if hashlib.sha256(data).hexdigest() != name[:64]:
            raise BlobError(f"the blob {name} in {self.url} is damaged: its bytes have another sha256")
        return data

    def exists(self, name: str) -> bool:
        found: bool = self._place[0].exists(self._path(name))
        return found

    def delete(self, name: str) -> None:
        self._remove(self._path(name))

    def delete_record(self, kind: str, key: str) -> None:
        self._remove(self._record_path(kind, key))

    def _remove(self, path: str) -> None:
        with contextlib.suppress(FileNotFoundError):
            self._place[0].rm_file(path)

    def names(self, prefix: str) -> Iterator[tuple[str, datetime]]:
        """The blobs whose names begin with these two digits, and when each was put last."""
        for path, moment in self._files(prefix):
            if NAME.fullmatch(name := path.rpartition("/")[2]):
                yield name, moment

    def record_keys(self, kind: str, prefix: str) -> Iterator[tuple[str, datetime]]:
        """The records whose keys begin with these two characters, and when each was put."""
        for path, moment in self._files(f"{kind}/{prefix}"):
            if path.endswith(".json"):
                yield path.rpartition("/")[2].removesuffix(".json"), moment

    def _files(self, folder: str) -> Iterator[tuple[str, datetime]]:
        filesystem, root = self._place
        try:
            paths = filesystem.ls(f"{root}/{folder}", detail=False, refresh=True)
        except FileNotFoundError:
            return
        for path in paths:
            with contextlib.suppress(FileNotFoundError):
                yield path, filesystem.modified(path)

    def put_record(self, kind: str, key: str, record: dict[str, Any]) -> None:
        self._write(self._record_path(kind, key), json.dumps(record).encode())

    def get_record(self, kind: str, key: str) -> dict[str, Any] | None:
        """None where there is no record, or none that can be read: whoever asks then does the work again."""
        try:
            data = self._place[0].cat_file(self._record_path(kind, key))
        except FileNotFoundError:
            return None
        try:
            record: dict[str, Any] = json.loads(data)
        except ValueError:
            log.warning("the record %s/%s in %s is damaged, and ignored", kind, key, self.url)
            return None
        return record
