"""From a clip to the best file that a format takes."""

from inference_worker.formats.clip import Clip, Colour, FormatError
from inference_worker.formats.table import FORMATS, Format

# Goes up when the same clip gives other bytes: files made before are then made anew.
REVISION = 1
WHITE: Colour = (255, 255, 255)


def find_format(name: str) -> Format:
    """Raises FormatError with the known names."""
    try:
        return FORMATS[name]
    except KeyError:
        raise FormatError(f"there is no format {name!r}; there are {', '.join(FORMATS)}") from None


def make_file(clip: Clip, wanted: Format, *, background: Colour = WHITE) -> bytes:
    """The largest and finest file within the format's limits.

    At each size, largest first, it goes down the container's ladder. Raises FormatError where nothing fits.
    """
    _check_time(clip, wanted)
    smallest = 0
    for side in wanted.sides_for(clip.side):
        sized = clip.at(side)
        for encode in wanted.container.ladder:
            data = encode(sized, background)
            if wanted.most_bytes is None or len(data) <= wanted.most_bytes:
                return data
            smallest = min(smallest or len(data), len(data))
    raise FormatError(
        f"{wanted.title}: at the lowest quality the file still has {smallest / 1000:.0f} kB, at most "
        f"{(wanted.most_bytes or 0) / 1000:.0f} kB are taken; a clip with fewer frames or less motion would fit"
    )


def _check_time(clip: Clip, wanted: Format) -> None:
    if wanted.most_seconds is not None and clip.seconds > wanted.most_seconds:
        raise FormatError(
            f"{wanted.title}: the clip lasts {clip.seconds:g} s, at most {wanted.most_seconds:g} s are taken; "
            "one with fewer frames or a higher frame rate would fit"
        )
    if min(clip.durations) < wanted.shortest_frame_ms:
        raise FormatError(
            f"{wanted.title}: a frame of the clip is shown for {min(clip.durations)} ms, at least "
            f"{wanted.shortest_frame_ms} ms are taken; one with a lower frame rate would fit"
        )
