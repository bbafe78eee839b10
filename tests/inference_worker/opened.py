"""Shared files, opened by readers of our own: bytes and boxes as their standards lay them out, without Pillow."""

import io
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import av
import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Opened:
    """`loops`: for ever, by the file's own word; a video has no such word. `sound`: whether there is any."""

    size: tuple[int, int]
    durations: list[int]
    alpha: Literal["soft", "hard", "none"]
    loops: bool | None = None
    sound: bool = False


def open_webp(data: bytes) -> Opened:
    """https://developers.google.com/speed/webp/docs/riff_container"""
    assert (data[:4], data[8:16]) == (b"RIFF", b"WEBPVP8X")
    assert struct.unpack("<I", data[4:8])[0] + 8 == len(data)
    flags = data[20]
    width, height = (int.from_bytes(data[at : at + 3], "little") + 1 for at in (24, 27))
    durations, loops, at = [], None, 12
    while at < len(data):
        name, length = data[at : at + 4], struct.unpack("<I", data[at + 4 : at + 8])[0]
        body = data[at + 8 : at + 8 + length]
        if name == b"ANIM":
            loops = struct.unpack("<H", body[4:6])[0] == 0
        elif name == b"ANMF":
            durations.append(int.from_bytes(body[12:15], "little"))
        at += 8 + length + length % 2
    assert flags & 2, "the animation flag"
    return Opened((width, height), durations, "soft" if flags & 16 else "none", loops)


def open_png(data: bytes) -> Opened:
    """https://www.w3.org/TR/png-3/"""
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    at, durations, loops, frames, colour, size = 8, [], None, 0, -1, (0, 0)
    while at < len(data):
        (length,), name = struct.unpack(">I", data[at : at + 4]), data[at + 4 : at + 8]
        body = data[at + 8 : at + 8 + length]
        assert struct.unpack(">I", data[at + 8 + length : at + 12 + length])[0] == zlib.crc32(name + body)
        if name == b"IHDR":
            *size_read, _depth, colour = struct.unpack(">IIBB", body[:10])
            size = (size_read[0], size_read[1])
        elif name == b"acTL":
            frames, plays = struct.unpack(">II", body)
            loops = plays == 0
        elif name == b"fcTL":
            above, below = struct.unpack(">HH", body[20:24])
            durations.append(round(1000 * above / (below or 100)))
        at += 12 + length
    assert frames == len(durations)
    assert colour == 6, "true colour with alpha: a palette stands still on some phones"
    return Opened(size, durations, "soft", loops)


def open_gif(data: bytes) -> Opened:
    """https://www.w3.org/Graphics/GIF/spec-gif89a.txt"""
    assert data[:6] == b"GIF89a"
    width, height, flags = struct.unpack("<HHB", data[6:11])
    at = 13 + (3 << (flags & 7) + 1 if flags & 128 else 0)
    durations, loops, clear = [], None, True
    while data[at] != 0x3B:
        label, at = data[at : at + 2], at + 1
        if label[:1] == b"\x2c":
            table = data[at + 8]
            at += 9 + (3 << (table & 7) + 1 if table & 128 else 0) + 1
        else:
            at += 1
            if label[1] == 0xF9:
                packed, hundredths = struct.unpack("<BH", data[at + 1 : at + 4])
                durations.append(10 * hundredths)
                clear = clear and bool(packed & 1) and packed >> 2 & 7 == 2
            elif data[at + 1 : at + 12] == b"NETSCAPE2.0":
                loops = data[at + 12 : at + 16] == b"\x03\x01\x00\x00"
        while data[at]:
            at += data[at] + 1
        at += 1
    return Opened((width, height), durations, "hard" if clear else "none", loops)


def boxes(data: bytes, *path: bytes) -> Iterator[bytes]:
    """The bodies of the boxes at `path` (ISO/IEC 14496-12), each nested in the one before."""
    at = 0
    while at < len(data):
        (length,), name = struct.unpack(">I", data[at : at + 4]), data[at + 4 : at + 8]
        body = data[at + 8 : at + length] if length else data[at + 8 :]
        if name == path[0]:
            yield from boxes(body, *path[1:]) if path[1:] else [body]
        at += length or len(data)


def open_avif(data: bytes) -> Opened:
    """https://aomediacodec.github.io/av1-avif/, an image sequence: one track of colour, an auxiliary one of alpha."""
    assert next(boxes(data, b"ftyp"))[:4] == b"avis"
    colour, *others = boxes(data, b"moov", b"trak")
    width, height = (side >> 16 for side in struct.unpack(">II", next(boxes(colour, b"tkhd"))[-8:]))
    header = next(boxes(colour, b"mdia", b"mdhd"))
    scale = struct.unpack(">I", header[20:24] if header[0] else header[12:16])[0]
    times = next(boxes(colour, b"mdia", b"minf", b"stbl", b"stts"))[8:]
    durations = [
        round(1000 * length / scale) for count, length in struct.iter_unpack(">II", times) for _ in range(count)
    ]
    repeats = next(boxes(colour, b"edts", b"elst"))[3] & 1
    # Version 0: the length after the header and the two times, the track's id and a reserved word.
    played = next(boxes(colour, b"tkhd"))
    forever = played[28:36] == b"\xff" * 8 if played[0] else played[20:24] == b"\xff" * 4
    alpha = any(next(boxes(track, b"mdia", b"hdlr"))[8:12] == b"auxv" for track in others)
    return Opened((width, height), durations, "soft" if alpha else "none", bool(repeats) and forever)


def open_video(data: bytes) -> Opened:
    frames = video_frames(data)
    with av.open(io.BytesIO(data)) as container:
        stream = container.streams.video[0]
        starts = [round(1000 * packet.pts * packet.time_base) for packet in container.demux(stream) if packet.size]
        whole = round(container.duration / 1000)
        alpha = stream.metadata.get("alpha_mode") == "1" and frames.shape[-1] == 4
        ends = [*sorted(starts)[1:], whole]
        durations = [end - start for start, end in zip(sorted(starts), ends, strict=True)]
        return Opened(
            (stream.width, stream.height), durations, "soft" if alpha else "none", sound=len(container.streams) > 1
        )


def video_frames(data: bytes) -> NDArray[np.uint8]:
    """(F, H, W, 4) RGBA of a VP9 file, (F, H, W, 3) RGB of another.

    FFmpeg's own VP9 decoder drops alpha without a word; libvpx's does not.
    """
    with av.open(io.BytesIO(data)) as container:
        stream = container.streams.video[0]
        transparent = stream.codec_context.name == "vp9"
        decoder = av.CodecContext.create("libvpx-vp9", "r") if transparent else stream.codec_context
        packets = [packet for packet in container.demux(stream) if packet.size]
        frames = [frame for packet in [*packets, None] for frame in decoder.decode(packet)]
        kind = "rgba" if transparent else "rgb24"
        return np.stack([frame.reformat(format=kind).to_ndarray() for frame in frames])


READERS = {
    "webp": open_webp, "png": open_png, "gif": open_gif, "avif": open_avif, "webm": open_video, "mp4": open_video,
}  # fmt: skip
