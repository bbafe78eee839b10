"""A clip as a file that people share, made from its lossless master when somebody asks."""

import hashlib
from dataclasses import dataclass

from annotator.generation.models import Clip
from annotator.media import store
from inference_worker.formats.clip import Colour, read_clip
from inference_worker.formats.fitting import REVISION, make_file
from inference_worker.formats.naming import file_name
from inference_worker.formats.table import Format


@dataclass(frozen=True)
class SharedFile:
    name: str
    content_type: str
    data: bytes


def shared_file(*, clip: Clip, wanted: Format, background: Colour) -> SharedFile:
    """Takes up to seconds. Raises BlobError where the master is gone, FormatError where it does not fit the format."""
    master = read_clip(store.get(clip.master), name="clip")
    data = make_file(master, wanted, background=background)
    return SharedFile(file_name(clip.caption, wanted), wanted.container.content_type, data)


def file_tag(*, clip: Clip, wanted: Format, background: Colour) -> str:
    """An ETag, known without making the file: all that its bytes and its name follow from."""
    follows_from = repr((clip.master, clip.caption, wanted.name, background, REVISION))
    return f'"{hashlib.sha256(follows_from.encode()).hexdigest()[:32]}"'
