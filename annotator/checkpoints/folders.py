"""Where a checkpoint's files are.

A `uri` with a scheme (`file:///srv/weights/a`, `s3://bucket/a`) says it whole. One without a scheme is relative to the
project's folder, where manage.py is: shipped checkpoints survive a moved checkout. An absolute path is stored as `file://`.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit

import fsspec
from django.conf import settings

from inference_worker.folders import FolderError


def uri_of(place: str) -> str:
    """What is stored for what a person typed: a path (absolute, or relative to where they stand) or a URI."""
    if "://" in place:
        return place.rstrip("/")
    folder = Path(place).expanduser().resolve()
    project = settings.BASE_DIR.resolve()
    return folder.relative_to(project).as_posix() if folder.is_relative_to(project) else folder.as_uri()


@contextmanager
def local_folder(uri: str) -> Iterator[Path]:
    """The files of `uri` in a local folder; those of a remote one are fetched and removed again."""
    address = urlsplit(uri)
    if not address.scheme:
        yield settings.BASE_DIR / uri
    elif address.scheme == "file":
        yield Path(unquote(address.path))
    else:
        with tempfile.TemporaryDirectory(prefix="stickerloop-checkpoint-") as folder:
            try:
                filesystem, root = fsspec.core.url_to_fs(uri)
                filesystem.get(f"{root}/", folder, recursive=True)
            except (ImportError, OSError, ValueError) as error:
                raise FolderError(f"{uri} cannot be fetched: {error}") from error
            yield Path(folder)
