import argparse
import time
from typing import Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from stickerloop.errors import Refused
from stickerloop.operations import BATCH
from stickerloop.output import errors, show_object
from stickerloop.parsing import command
from stickerloop.shapes import BatchDetail

# A server that is being upgraded is away for minutes, not for hours.
PATIENCE = 600.0


def add(nouns: Any) -> None:
    one = command(
        nouns, "watch", watch, "Waits until all clips of a batch are generated; a restart of the server is waited for.",
        "batches watch 3", "batches watch 3 --until annotated", "batches watch 3 --json > progress.jsonl",
    )  # fmt: skip
    one.add_argument("batch", type=int, metavar="N")
    one.add_argument("--until", choices=("generated", "annotated"), default="generated")
    one.add_argument("--every", type=float, default=2.0, metavar="SECONDS", help="how often to ask (default 2)")


def watch(options: argparse.Namespace) -> int:
    """With --json, one line of the batch whenever it changed."""
    options.client.patience = PATIENCE
    etag = ""
    with Progress(
        TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(),
        TextColumn("{task.fields[more]}", markup=False), console=errors,
    ) as bars:  # fmt: skip
        generated = bars.add_task("generated", total=None, more="")
        annotated = bars.add_task("annotated", total=None, more="")
        while True:
            batch, etag = options.client.changed(BATCH, etag, id=options.batch)
            if batch is not None:
                progress = batch["progress"]
                clips = progress["clips"]
                bars.update(generated, completed=clips["ready"], total=sum(clips.values()), more=pace(batch))
                bars.update(annotated, completed=progress["counted"], total=progress["wanted"])
                if options.json:
                    show_object(batch, as_json=True)
                if ended(batch, options.until):
                    break
            time.sleep(options.every)
    if batch["state"] == "cancelled":
        raise Refused(f"Batch {options.batch} was cancelled.")
    if failed := clips["failed"]:
        say = progress["errors"][0]["error"] if progress["errors"] else "no reason"
        raise Refused(f"{failed} clips failed ({say}): `stickerloop batches retry {options.batch}` queues them again.")
    return 0


def pace(batch: BatchDetail) -> str:
    progress = batch["progress"]
    parts = []
    if progress["rate"]:
        parts.append(f"{progress['rate']:.1f} a minute")
    if progress["seconds_left"]:
        parts.append(f"{progress['seconds_left'] // 60} min {progress['seconds_left'] % 60} s left")
    if progress["clips"]["failed"]:
        parts.append(f"{progress['clips']['failed']} failed")
    return ", ".join(parts)


def ended(batch: BatchDetail, until: str) -> bool:
    if batch["state"] != "open":
        return True
    progress = batch["progress"]
    made = progress["made"] and not progress["clips"]["queued"] and not progress["clips"]["running"]
    return made and (until == "generated" or progress["counted"] >= progress["wanted"])
