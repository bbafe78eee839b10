"""Every format that a clip can be shared in, and what its service takes.

Limits as their services state them in November 2026. A kB is 1000 bytes here, which keeps to the limit whichever
kilobyte a service means.
"""

from dataclasses import dataclass
from typing import Literal

from inference_worker.formats.image_files import APNG, AVIF, GIF, WEBP, Ladder
from inference_worker.formats.videos import MP4, WEBM


@dataclass(frozen=True)
class Container:
    """A kind of file. `edges`: how much of the transparency it keeps."""

    name: str
    suffix: str
    content_type: str
    ladder: Ladder
    edges: Literal["soft edges", "hard edges", "no transparency"] = "soft edges"

    @property
    def needs_background(self) -> bool:
        """For the whole picture, or for what the soft edges are mixed with."""
        return self.edges != "soft edges"


@dataclass(frozen=True, kw_only=True)
class Format:
    """What a file must be.

    `sides`: the pixels that it may have, largest first; none where it keeps the clip's own. `smaller`: what is taken
    too, where the bytes do not suffice otherwise.
    """

    name: str
    title: str
    container: Container
    sides: tuple[int, ...] = ()
    smaller: tuple[int, ...] = ()
    most_bytes: int | None = None
    most_seconds: float | None = None
    shortest_frame_ms: int = 1

    @property
    def about(self) -> str:
        """For menus: “WebP, 512 px, up to 500 kB”, or “hard edges”."""
        if not self.sides or self.most_bytes is None:
            return self.container.edges
        size = f"{self.most_bytes // 1000} kB"
        if len(self.sides) == 1:
            return f"{self.container.name}, {self.sides[0]} px, up to {size}"
        return f"{self.container.name}, up to {self.sides[0]} px and {size}"

    def sides_for(self, side: int) -> tuple[int, ...]:
        """Which sizes to try: the smallest that loses nothing of a clip of `side` pixels, then smaller ones."""
        enough = [allowed for allowed in self.sides if allowed >= side]
        wanted = tuple(allowed for allowed in self.sides if allowed <= min(enough, default=side))
        return (wanted or (side,)) + self.smaller


webp = Container("WebP", "webp", "image/webp", WEBP)
apng = Container("APNG", "png", "image/png", APNG)
avif = Container("AVIF", "avif", "image/avif", AVIF)
gif = Container("GIF", "gif", "image/gif", GIF, edges="hard edges")
webm = Container("WebM", "webm", "video/webm", WEBM)
mp4 = Container("MP4", "mp4", "video/mp4", MP4, edges="no transparency")

FORMATS = {
    made.name: made
    for made in (
        # https://github.com/WhatsApp/stickers/blob/main/Android/README.md and its StickerPackValidator.java
        Format(
            name="whatsapp", title="WhatsApp sticker", container=webp, sides=(512,), most_bytes=500_000,
            most_seconds=10, shortest_frame_ms=8,
        ),
        # https://core.telegram.org/stickers/webm-vp9-encoding, https://core.telegram.org/stickers: 30 frames a second
        Format(
            name="telegram", title="Telegram sticker", container=webm, sides=(512,), most_bytes=256_000,
            most_seconds=3, shortest_frame_ms=33,
        ),
        # https://support.signal.org/hc/en-us/articles/360031836512-Stickers: what moves is APNG, WebP stands still;
        # smaller squares are taken too.
        Format(
            name="signal", title="Signal sticker", container=apng, sides=(512,), smaller=(384, 256), most_bytes=300_000,
            most_seconds=3,
        ),
        # https://discord.com/developers/docs/resources/sticker#create-guild-sticker
        Format(
            name="discord", title="Discord sticker", container=apng, sides=(320,), most_bytes=512_000, most_seconds=5
        ),
        # https://developer.apple.com/design/human-interface-guidelines/imessage-apps-and-stickers
        Format(
            name="imessage", title="iMessage sticker", container=apng, sides=(618, 408, 300), most_bytes=500_000
        ),
        Format(name="webp", title="WebP", container=webp),
        Format(name="apng", title="APNG", container=apng),
        Format(name="avif", title="AVIF", container=avif),
        # Browsers show frames shorter than this for 100 ms.
        Format(name="gif", title="GIF", container=gif, shortest_frame_ms=20),
        Format(name="mp4", title="MP4", container=mp4),
    )
}  # fmt: skip
