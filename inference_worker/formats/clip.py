"""A clip to share: square frames with straight alpha and how long each is shown, read from an animated image."""

import re
import warnings
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO

from PIL import Image, ImageColor, ImageFilter, ImageStat, UnidentifiedImageError

Colour = tuple[int, int, int]

READ = ("WEBP", "PNG", "GIF", "AVIF")
MOST_BYTES = 64 * 2**20
LONGEST_SIDE = 1024
MOST_FRAMES = 64
# What browsers show a frame for that states no duration.
UNSTATED_MS = 100
HEX = re.compile(r"[0-9a-fA-F]{6}")


class FormatError(ValueError):
    """A clip that cannot be read or made into a file; the message says what was wrong and what would be right."""


@dataclass(frozen=True)
class Clip:
    """`frames`: RGBA with straight alpha, all `side` × `side` pixels; `durations`: milliseconds, one a frame."""

    frames: tuple[Image.Image, ...]
    durations: tuple[int, ...]

    @property
    def side(self) -> int:
        return self.frames[0].width

    @property
    def seconds(self) -> float:
        return sum(self.durations) / 1000

    def at(self, side: int) -> "Clip":
        """The clip at another size. Pillow premultiplies for this: no colour of transparent pixels bleeds in."""
        if side == self.side:
            return self
        return Clip(
            tuple(frame.resize((side, side), Image.Resampling.LANCZOS) for frame in self.frames), self.durations
        )

    def over(self, background: Colour) -> list[Image.Image]:
        """The frames as RGB, on a colour."""
        solid = Image.new("RGBA", (self.side, self.side), background)
        return [Image.alpha_composite(solid, frame).convert("RGB") for frame in self.frames]

    @cached_property
    def bled(self) -> list[Image.Image]:
        """The frames with their colours continued a little way below transparent pixels, and one colour beyond.

        Codecs that store colour apart from alpha, and coarser, would otherwise darken every edge, and spend nearly
        twice the bytes on it.
        """
        colour = outline_colour(self.frames)
        return [bleed(frame, colour) for frame in self.frames]


def bleed(frame: Image.Image, beyond: Colour) -> Image.Image:
    """`frame`, its alpha unchanged; each all but transparent pixel takes the mean colour near it, or `beyond`."""
    alpha = frame.getchannel("A")
    near = frame.convert("RGBa").filter(ImageFilter.GaussianBlur(frame.width / 128)).convert("RGBA")
    filled = Image.new("RGB", frame.size, beyond)
    filled.paste(near.convert("RGB"), mask=_between(near.getchannel("A"), 8, 255))
    filled.paste(frame.convert("RGB"), mask=_between(alpha, 32, 255))
    filled.putalpha(alpha)
    return filled


def outline_colour(frames: tuple[Image.Image, ...]) -> Colour:
    """The mean colour of half-transparent pixels, which are edges; black where there are none."""
    total, count = [0.0, 0.0, 0.0], 0
    for frame in frames:
        edges = ImageStat.Stat(frame.convert("RGB"), mask=_between(frame.getchannel("A"), 32, 254))
        total = [before + more for before, more in zip(total, edges.sum, strict=True)]
        count += edges.count[0]
    red, green, blue = (round(value / max(count, 1)) for value in total)
    return red, green, blue


def read_clip(data: bytes, *, name: str) -> Clip:
    """The animation in an image file, centred on a transparent square where it is oblong. Raises FormatError."""
    if len(data) > MOST_BYTES:
        raise FormatError(f"{name}: has {len(data) / 2**20:.0f} MB; a clip has at most {MOST_BYTES // 2**20} MB")
    try:
        # The bound below is ours and stricter than Pillow's warning.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            image = Image.open(BytesIO(data), formats=READ)
            count = getattr(image, "n_frames", 1)
    except (UnidentifiedImageError, Image.DecompressionBombError):
        raise FormatError(f"{name}: is no animated {', '.join(READ[:-1])} or {READ[-1]} image") from None
    except Exception as error:  # a decoder may raise anything on bytes that somebody else made
        raise FormatError(f"{name}: is damaged ({error})") from error
    if max(image.size) > LONGEST_SIDE or count > MOST_FRAMES:
        raise FormatError(
            f"{name}: has {count} frames of {image.width} × {image.height} pixels; a clip has at most {MOST_FRAMES} "
            f"frames of {LONGEST_SIDE} pixels a side"
        )
    if count < 2:
        raise FormatError(f"{name}: does not move, it has a single frame; an animation has at least two")
    try:
        return _decode(image, count)
    except Exception as error:
        raise FormatError(f"{name}: is damaged or cut short ({error})") from error


def read_colour(text: str) -> Colour:
    """`#rrggbb`, with or without its #, or a CSS name. Raises FormatError."""
    try:
        colour = ImageColor.getrgb(f"#{text}" if HEX.fullmatch(text) else text)
    except ValueError:
        raise FormatError(f"background: {text!r} is no colour; ffffff or white, say, is expected") from None
    return colour[:3]


def _decode(image: Image.Image, count: int) -> Clip:
    frames, durations = [], []
    for index in range(count):
        image.seek(index)
        frame = image.convert("RGBA")
        side = max(frame.size)
        square = Image.new("RGBA", (side, side))
        square.paste(frame, ((side - frame.width) // 2, (side - frame.height) // 2))
        frames.append(square)
        durations.append(round(image.info.get("duration") or UNSTATED_MS))
    return Clip(tuple(frames), tuple(durations))


def _between(channel: Image.Image, least: int, most: int) -> Image.Image:
    """255 where the channel is in the range, else 0."""
    return channel.point([255 * (least <= value <= most) for value in range(256)])
