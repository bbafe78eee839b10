"""Checkpoint folders by address: local ones are used in place, others are fetched once into a cache of limited size."""

import logging
import os
import shutil
import time
import uuid
from pathlib import Path
from urllib.parse import unquote, urlsplit

import fsspec

from inference_worker.folders import FolderError, check_checkpoint, folder_sha256

# Whoever fetches writes something within this time.
ABANDONED_SECONDS = 3600

log = logging.getLogger(__name__)


class WeightsError(Exception):
    """Weights that this worker cannot use, however often it tries."""


class Weights:
    def __init__(self, *, cache: Path, cache_bytes: int, base: Path) -> None:
        """`base`: where relative addresses start. The cache keeps `cache_bytes`, and always the latest folder."""
        self.cache = cache
        self.cache_bytes = cache_bytes
        self.base = base

    def folder(self, *, uri: str, sha256: str) -> Path:
        """The checkpoint's folder on this machine, verified. Raises WeightsError, or OSError for a failed fetch."""
        local = self._local(uri)
        if local is not None:
            return self._verified(local, uri=uri, sha256=sha256)
        cached = self.cache / sha256
        if cached.is_dir():
            try:
                self._verified(cached, uri=uri, sha256=sha256)
            except WeightsError as error:
                log.warning("fetching %s again: %s", uri, error)
                shutil.rmtree(cached)
        if not cached.is_dir():
            self._fetch(uri, sha256, cached)
        os.utime(cached)
        self._evict(keep=cached)
        return cached

    def _local(self, uri: str) -> Path | None:
        parts = urlsplit(uri)
        if parts.scheme == "file":
            return Path(unquote(parts.path))
        return None if parts.scheme else self.base / uri

    def _verified(self, folder: Path, *, uri: str, sha256: str) -> Path:
        try:
            check_checkpoint(folder)
            found = folder_sha256(folder)
        except FolderError as error:
            raise WeightsError(str(error)) from None
        if found != sha256:
            raise WeightsError(
                f"the files at {uri} have sha256 {found[:12]}…, but {sha256[:12]}… was registered: "
                "put the registered files back, or register the changed ones as a new checkpoint"
            )
        return folder

    def _fetch(self, uri: str, sha256: str, target: Path) -> None:
        try:
            filesystem, root = fsspec.core.url_to_fs(uri)
        except (ValueError, ImportError) as error:
            raise WeightsError(f"{uri} is no address this worker can fetch from: {error}") from None
        self.cache.mkdir(parents=True, exist_ok=True)
        beside = self.cache / f"{sha256}.{uuid.uuid4().hex}.part"
        try:
            if not filesystem.isdir(root):
                raise WeightsError(f"there is no folder at {uri}")
            filesystem.get(root.rstrip("/") + "/", f"{beside}/", recursive=True)
            self._verified(beside, uri=uri, sha256=sha256)
            try:
                beside.rename(target)
            except OSError:
                # Another worker on this cache was faster: whatever stands there has this name only if it was verified.
                if not target.is_dir():
                    raise
        finally:
            shutil.rmtree(beside, ignore_errors=True)

    def _evict(self, *, keep: Path) -> None:
        for part in self.cache.glob("*.part"):
            if time.time() - _last_written(part) > ABANDONED_SECONDS:
                log.info("removing what a worker that is gone had begun to fetch: %s", part)
                shutil.rmtree(part, ignore_errors=True)
        folders = sorted(
            (path for path in self.cache.iterdir() if path.is_dir() and path != keep and path.suffix != ".part"),
            key=lambda path: path.stat().st_mtime,
        )
        excess = sum(_size(path) for path in [*folders, keep]) - self.cache_bytes
        for folder in folders:
            if excess <= 0:
                break
            excess -= _size(folder)
            log.info("the cache is full: removing %s", folder)
            shutil.rmtree(folder)


def _last_written(folder: Path) -> float:
    return max(path.stat().st_mtime for path in [folder, *folder.rglob("*")])


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
