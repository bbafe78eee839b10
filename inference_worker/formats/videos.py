"""Clips as video files without sound: WebM with transparency (VP9), MP4 on a colour (H.264).

Players may show a video only once, so short loops are repeated.
"""

from fractions import Fraction
from functools import partial
from io import BytesIO
from itertools import accumulate
from typing import Literal

import av
from av.packet import Packet
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc
from av.video.stream import VideoStream
from PIL import Image

from inference_worker.formats.clip import Clip, Colour
from inference_worker.formats.image_files import Ladder

Codec = Literal["libvpx-vp9", "libx264"]

MILLISECOND = Fraction(1, 1000)
FILLED_MS = 3000


def webm(clip: Clip, _background: Colour, *, crf: int, repeat: bool = True) -> bytes:
    """VP9 with an alpha plane: as many whole loops as fit into three seconds, or one. `crf` 0…63, lower is better.

    Hidden reference frames stay off, as they have no alpha plane to go with them.
    """
    loops = max(1, FILLED_MS // sum(clip.durations)) if repeat else 1
    options = {"crf": str(crf), "b": "0", "deadline": "good", "cpu-used": "4", "auto-alt-ref": "0"}
    return _encoded(
        clip.bled * loops, clip.durations * loops, kind="webm", codec="libvpx-vp9", pixels="yuva420p", options=options
    )


def mp4(clip: Clip, background: Colour, *, crf: int) -> bytes:
    """H.264 that every player takes, at least three seconds of it. `crf` 0…51, lower is better.

    Frames stand in the order in which they are shown, as MP4 takes the last one's time from the last stored.
    """
    loops = -(-FILLED_MS // sum(clip.durations))
    even = clip.at(clip.side + clip.side % 2)
    options = {"crf": str(crf), "preset": "medium", "tune": "animation", "bf": "0"}
    return _encoded(
        even.over(background) * loops, even.durations * loops, kind="mp4", codec="libx264", pixels="yuv420p",
        options=options,
    )  # fmt: skip


def _encoded(
    images: list[Image.Image],
    durations: tuple[int, ...],
    *,
    kind: str,
    codec: Codec,
    pixels: str,
    options: dict[str, str],
) -> bytes:
    """Every frame keeps its own time, to the millisecond, so that a file may say nothing of a frame rate."""
    out = BytesIO()
    packets: list[Packet[VideoStream]] = []
    container = av.open(out, "w", format=kind)
    stream = container.add_stream(codec, rate=Fraction(1000 * len(durations), sum(durations)), options=options)
    context = stream.codec_context
    context.width, context.height = images[0].size
    context.pix_fmt, context.time_base, context.thread_count = pixels, MILLISECOND, 1
    context.color_range, context.colorspace = ColorRange.MPEG, Colorspace.ITU709
    context.color_primaries, context.color_trc = ColorPrimaries.BT709, ColorTrc.BT709
    lasts = dict(zip(accumulate(durations, initial=0), durations, strict=False))
    for image, start in zip(images, lasts, strict=True):
        frame = av.VideoFrame.from_bytes(image.convert("RGBA").tobytes(), *image.size, format="rgba").reformat(
            format=pixels, dst_colorspace=Colorspace.ITU709, dst_color_range=ColorRange.MPEG
        )
        frame.pts, frame.time_base = start, MILLISECOND
        packets += stream.encode(frame)
    packets += stream.encode()
    for packet in packets:
        # Encoders forget how long a frame lasts; without this the last one would last as long as the mean.
        packet.duration = lasts[packet.pts or 0]
        container.mux(packet)
    container.close()
    return out.getvalue()


WEBM: Ladder = (
    *(partial(webm, crf=crf) for crf in (18, 28, 38)),
    *(partial(webm, crf=crf, repeat=False) for crf in (30, 42, 55)),
)
MP4: Ladder = (partial(mp4, crf=18),)
