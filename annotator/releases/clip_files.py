"""The files of clips in an export, each once."""

from io import BytesIO

from PIL import Image

from annotator.media import store
from annotator.releases.archive import Archive
from annotator.releases.judged import JudgedClip
from annotator.releases.models import ClipFiles
from inference_worker.formats.clip import read_clip
from inference_worker.formats.fitting import make_file
from inference_worker.formats.table import FORMATS

WHITE = (255, 255, 255)


def clip_files(clip: JudgedClip, kind: ClipFiles) -> dict[str, bytes]:
    """By what comes after the clip's key: one file, or one a frame. Raises BlobError and FormatError."""
    match kind:
        case ClipFiles.WEBP:
            return {".webp": store.get(clip.animation)}
        case ClipFiles.MASTER:
            return {".webp": store.get(clip.master)}
        case ClipFiles.MP4:
            master = read_clip(store.get(clip.master), name="clip")
            return {".mp4": make_file(master, FORMATS["mp4"], background=WHITE)}
        case ClipFiles.FRAMES:
            frames = read_clip(store.get(clip.master), name="clip").frames
            return {f"/{number:03}.png": as_png(frame) for number, frame in enumerate(frames)}
    return {}


def as_png(frame: Image.Image) -> bytes:
    file = BytesIO()
    frame.save(file, "PNG")
    return file.getvalue()


class ClipFolder:
    """`clips/` and `stickers/` of an archive."""

    def __init__(self, archive: Archive, kind: ClipFiles) -> None:
        self.archive, self.kind = archive, kind
        self.placed: dict[str, list[str]] = {}

    def place(self, clip: JudgedClip) -> list[str]:
        """The paths of the clip's files, which it puts there the first time; empty where no files are wanted."""
        if clip.key not in self.placed:
            files = clip_files(clip, self.kind)
            for ending, data in files.items():
                self.archive.add(f"clips/{clip.key}{ending}", data)
            self.placed[clip.key] = [f"clips/{clip.key}{ending}" for ending in files]
        return self.placed[clip.key]

    def place_sticker(self, name: str) -> str:
        """As a path, too."""
        path = f"stickers/{name}"
        if path not in self.archive:
            self.archive.add(path, store.get(name))
        return path
