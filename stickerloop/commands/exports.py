"""`labels export`: asks for an export, waits until it is written, and fetches it in as many goes as it takes."""

import argparse
import hashlib
import time
from pathlib import Path
from typing import Any

import httpx
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from stickerloop.client import Client
from stickerloop.errors import Refused
from stickerloop.operations import ASK_EXPORT, EXPORT, EXPORT_FILE, RELEASES
from stickerloop.output import errors, note, show_object
from stickerloop.parsing import command
from stickerloop.shapes import Export

LAYOUTS = (
    *("verdicts-jsonl", "verdicts-csv", "verdicts-parquet", "kwise", "pairs", "unpaired", "folder", "webdataset"),
)
CLIPS = ("none", "webp", "mp4", "frames", "master")
SECONDS_BETWEEN_LOOKS = 0.5


def add(nouns: Any) -> None:
    one = command(
        nouns, "export", export, "Writes labels to a zip, of a release or of all that was judged so far.",
        "labels export --layout verdicts-csv --batch 3 -o labels.zip",
        "labels export --release spring --layout folder --clips master",
    )  # fmt: skip
    one.add_argument("--layout", choices=LAYOUTS, default="verdicts-jsonl", help="default: verdicts-jsonl")
    one.add_argument("--clips", choices=CLIPS, default="none", help="the files that come along for each clip")
    one.add_argument("--release", metavar="NAME", help="a frozen release; its own rule holds")
    one.add_argument("--batch", type=int, action="append", default=[], metavar="N", help="only batch N; repeatable")
    one.add_argument("--least-shares", type=int, default=1, metavar="K", help="with which a clip is shareable")
    one.add_argument("--least-annotations", type=int, default=1, metavar="N", help="leave out tasks with fewer")
    one.add_argument("--only-shareable", action="store_true", help="of layouts with a clip a row")
    one.add_argument("-o", "--output", type=Path, default=Path("labels.zip"), help="default: labels.zip")


def export(options: argparse.Namespace) -> None:
    rule = {
        "batches": options.batch,
        "splits": ["hitl", "heldout"],
        "least_shares": options.least_shares,
        "least_annotations": options.least_annotations,
    }
    asked = options.client.call(
        ASK_EXPORT,
        {
            "release": release_named(options.client, options.release) if options.release else None,
            "rule": rule,
            "layout": options.layout,
            "clips": options.clips,
            "only_shareable": options.only_shareable,
        },
    )
    ready = written(options.client, asked)
    fetch(options.client, ready, options.output)
    note(f"{ready['rows']:,} rows are in {options.output}.")
    if options.json:
        show_object(
            {"file": str(options.output), "rows": ready["rows"], "bytes": ready["bytes"], "sha256": ready["sha256"]},
            as_json=True,
        )


def release_named(client: Client, name: str) -> str:
    names = []
    for release in client.pages(RELEASES):
        if release["name"] == name:
            return release["public_id"]
        names.append(release["name"])
    raise Refused(f"There is no release {name!r}; there are: {', '.join(names) or 'none yet'}.")


def written(client: Client, export: Export) -> Export:
    etag = ""
    with Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), console=errors
    ) as bars:
        tasks = bars.add_task("tasks", total=None)
        while export["state"] in ("queued", "writing"):
            time.sleep(SECONDS_BETWEEN_LOOKS)
            changed, etag = client.changed(EXPORT, etag, public_id=export["public_id"])
            export = changed or export
            bars.update(tasks, completed=export["tasks_done"], total=export["tasks_to_do"])
    if export["state"] != "ready":
        raise Refused(export["error"] or f"The export was {export['state']}.")
    return export


def fetch(client: Client, export: Export, output: Path) -> None:
    """Into a file beside `output`, from where an earlier try was cut off; renamed when its sha256 is right."""
    part = output.with_name(f"{output.name}.{export['sha256'][:8]}.part")

    def headers() -> dict[str, str]:
        there = part.stat().st_size if part.exists() else 0
        return {"Range": f"bytes={there}-", "If-Range": f'"{export["sha256"]}"'} if there else {}

    def save(response: httpx.Response) -> None:
        with part.open("ab" if response.status_code == 206 else "wb") as file:
            for piece in response.iter_bytes():
                file.write(piece)

    try:
        if not part.exists() or part.stat().st_size < export["bytes"]:
            client.download(EXPORT_FILE, save, headers=headers, public_id=export["public_id"])
        with part.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        if digest != export["sha256"]:
            part.unlink()
            raise Refused(f"What came is not what was written: its sha256 is {digest}. Run it again.")
        part.replace(output)
    except OSError as error:
        raise Refused(f"{output} cannot be written: {error.strerror}; choose another place with -o.") from None
