import argparse
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
from rich.progress import track

from stickerloop.client import Client
from stickerloop.errors import Refused
from stickerloop.operations import BATCH_CLIPS, CLIP_FILE
from stickerloop.output import errors, note, show_list, show_object
from stickerloop.parsing import command, group
from stickerloop.saving import replacing
from stickerloop.shapes import GalleryClip

TARGETS = ("whatsapp", "telegram", "signal", "discord", "imessage", "webp", "apng", "avif", "gif", "mp4")
ENDINGS = {
    "image/avif": "avif", "image/gif": "gif", "image/png": "png", "image/webp": "webp", "video/mp4": "mp4",
    "video/webm": "webm",
}  # fmt: skip


def add(commands: Any) -> None:
    nouns = group(commands, "clips", "The clips of a batch.")
    listing = command(nouns, "list", listed, "Lists clips, prompt after prompt.", "clips list 3 --state failed --json")
    listing.add_argument("--state", choices=("queued", "running", "ready", "failed"))
    getting = command(
        nouns, "download", download, "Downloads the ready clips. Run again, it fetches what is not there yet.",
        "clips download 3 -o clips", "clips download 3 --format telegram -o telegram",
    )  # fmt: skip
    getting.add_argument("--format", choices=TARGETS, default="webp")
    getting.add_argument("--background", help="rrggbb or a CSS name, for formats without soft transparency")
    getting.add_argument("-o", "--output", type=Path, default=Path("clips"), help="the folder (default clips)")
    for one in (listing, getting):
        one.add_argument("batch", type=int, metavar="N")


def listed(options: argparse.Namespace) -> None:
    columns = ("id", "task", "checkpoint_name", "state", "seed", "caption")
    clips = options.client.pages(BATCH_CLIPS, {"state": options.state}, id=options.batch)
    show_list(clips, columns, as_json=options.json, empty="There are no such clips.")


def download(options: argparse.Namespace) -> int:
    clips = list(options.client.pages(BATCH_CLIPS, {"state": "ready"}, id=options.batch))
    there = {path.stem for path in options.output.glob("*.*")}
    fetched, refused = 0, 0
    for clip in track(wanted(clips, there, options.format), "Clips", total=len(clips), console=errors):
        try:
            fetch(options.client, clip, options)
            fetched += 1
        except Refused as refusal:
            if refusal.status != 400:
                raise
            note(f"clip {clip['id']}: {refusal}")
            refused += 1
    done = {"folder": str(options.output), "fetched": fetched, "there": len(clips) - fetched - refused}
    show_object({**done, "refused": refused}, as_json=options.json)
    return 1 if refused else 0


def wanted(clips: list[GalleryClip], there: set[str], target: str) -> Iterator[GalleryClip]:
    return (clip for clip in clips if stem(clip, target) not in there)


def stem(clip: GalleryClip, target: str) -> str:
    """Prompt, checkpoint, and enough of the key to tell two clips of the same apart."""
    return "-".join(
        [str(clip["task"]), plain(clip["caption"]), plain(clip["checkpoint_name"]), clip["key"][:12], target]
    )


def plain(text: str) -> str:
    return re.sub(r"\W+", "_", text).strip("_")[:40]


def fetch(client: Client, clip: GalleryClip, options: argparse.Namespace) -> None:
    def save(response: httpx.Response) -> None:
        ending = ENDINGS[response.headers["Content-Type"].partition(";")[0]]
        with replacing(options.output / f"{stem(clip, options.format)}.{ending}") as out:
            for piece in response.iter_bytes():
                out.write(piece)

    client.download(CLIP_FILE, save, {"background": options.background}, key=clip["key"], target=options.format)
