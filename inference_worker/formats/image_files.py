"""Clips as animated image files, all looping for ever: WebP, APNG, AVIF and GIF.

An encoder takes a clip and a background, which only what cannot be transparent uses. A ladder holds the encoders of
one container, best first: whoever has a limit to keep goes down it.
"""

from collections.abc import Callable
from functools import partial
from io import BytesIO
from itertools import accumulate, pairwise
from typing import Any

from PIL import Image

from inference_worker.formats.clip import Clip, Colour

Encode = Callable[[Clip, Colour], bytes]
Ladder = tuple[Encode, ...]

GIF_CLEAR = 255


def webp(clip: Clip, _background: Colour, *, quality: int) -> bytes:
    """Lossy colour, lossless alpha."""
    return _saved(clip.frames, "WEBP", list(clip.durations), loop=0, quality=quality, alpha_quality=100, method=4)


def apng(clip: Clip, _background: Colour, *, bits: int) -> bytes:
    """Truecolour, each channel rounded to `bits`; 8 are lossless.

    No palette: Signal on iOS shows such files standing still (https://github.com/signalapp/Signal-iOS/issues/4611), and
    Pillow's palettes with alpha, so written, are larger at an equal error.
    """
    steps = 2**bits - 1
    table = [round(round(value * steps / 255) * 255 / steps) for value in range(256)]
    frames = [_without_hidden_colour(frame.point(table * 4)) for frame in clip.frames]
    return _saved(frames, "PNG", list(clip.durations), loop=0, compress_level=6)


def avif(clip: Clip, _background: Colour, *, quality: int) -> bytes:
    return _saved(clip.bled, "AVIF", list(clip.durations), quality=quality, speed=6)


def gif(clip: Clip, background: Colour) -> bytes:
    """One palette of 255 colours for all frames, dithered, and one bit of alpha.

    Soft edges are mixed with `background`. GIF counts in hundredths of a second: each frame ends at the nearest one, so
    that the loop keeps its length.
    """
    shown = clip.over(background)
    palette = _stacked(shown).quantize(GIF_CLEAR, method=Image.Quantize.MEDIANCUT)
    frames = []
    for frame, colours in zip(clip.frames, shown, strict=True):
        indexed = colours.quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG)
        indexed.paste(GIF_CLEAR, mask=frame.getchannel("A").point([255] * 128 + [0] * 128))
        frames.append(indexed)
    ends = [round(end / 10) for end in accumulate(clip.durations, initial=0)]
    durations = [10 * (end - start) for start, end in pairwise(ends)]
    return _saved(frames, "GIF", durations, loop=0, disposal=2, transparency=GIF_CLEAR, optimize=False)


def _saved(frames: Any, kind: str, durations: list[int], **options: Any) -> bytes:
    out = BytesIO()
    first, *rest = frames
    first.save(out, kind, save_all=True, append_images=rest, duration=durations, **options)
    return out.getvalue()


def _stacked(images: list[Image.Image]) -> Image.Image:
    side = images[0].width
    column = Image.new("RGB", (side, side * len(images)))
    for index, image in enumerate(images):
        column.paste(image, (0, side * index))
    return column


def _without_hidden_colour(frame: Image.Image) -> Image.Image:
    """The colours under alpha 0 are seen by nobody, and cost bytes."""
    shown = Image.new("RGBA", frame.size)
    shown.paste(frame, mask=frame.getchannel("A").point([0] + [255] * 255))
    return shown


WEBP: Ladder = tuple(partial(webp, quality=quality) for quality in (95, 85, 70, 50, 30))
APNG: Ladder = tuple(partial(apng, bits=bits) for bits in (8, 6, 5, 4))
AVIF: Ladder = (partial(avif, quality=80),)
GIF: Ladder = (gif,)
