import argparse
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

import httpx

from stickerloop.operations import EXPORT_LABELS, SUMMARY
from stickerloop.output import note, show_list, show_object
from stickerloop.parsing import command, group
from stickerloop.saving import replacing


def add(commands: Any) -> None:
    nouns = group(commands, "labels", "What people judged.")
    showing = command(nouns, "show", show, "Counts of what was judged.", "labels show", "labels show --batch 3 --json")
    exporting = command(
        nouns, "export", export, "Writes one row a verdict, to a file or to stdout.",
        "labels export --format csv --batch 3 -o labels.csv", "labels export | jq .shareable",
    )  # fmt: skip
    exporting.add_argument("--format", choices=("jsonl", "csv"), default="jsonl")
    exporting.add_argument("-o", "--output", type=Path, help="the file, which is there whole or not at all")
    rates = command(
        commands, "shares", shares, "Share rates of each checkpoint, with their interval of 95 %.",
        "shares", "shares --batch 3 --json",
    )  # fmt: skip
    for one in (showing, exporting, rates):
        one.add_argument("--batch", type=int, metavar="N", help="only the labels of this batch")


def show(options: argparse.Namespace) -> None:
    summary = options.client.call(SUMMARY, query={"batch": options.batch})
    show_object({name: value for name, value in summary.items() if name != "share_rates"}, as_json=options.json)


def shares(options: argparse.Namespace) -> None:
    rates = options.client.call(SUMMARY, query={"batch": options.batch})["share_rates"]
    columns = ("checkpoint", "name", "role", "shown", "shareable", "rate", "low", "high")
    shown = rates if options.json else [{**rate, **percent(rate)} for rate in rates]
    show_list(shown, columns, as_json=options.json, empty="Nothing was judged yet.")


def percent(rate: dict[str, float]) -> dict[str, str]:
    return {name: f"{100 * rate[name]:.1f} %" for name in ("rate", "low", "high")}


def export(options: argparse.Namespace) -> None:
    query = {"batch": options.batch, "format": options.format}
    if options.output is None:
        # By way of a file: a connection that breaks half-way is asked again, and stdout cannot be taken back.
        with tempfile.TemporaryDirectory() as folder:
            whole = Path(folder) / "labels"
            options.client.download(EXPORT_LABELS, lambda response: save(response, whole), query)
            with whole.open("rb") as rows:
                shutil.copyfileobj(rows, sys.stdout.buffer)
        return
    options.client.download(EXPORT_LABELS, lambda response: save(response, options.output), query)
    note(f"{options.output} is written.")
    if options.json:
        show_object({"file": str(options.output), "bytes": options.output.stat().st_size}, as_json=True)


def save(response: httpx.Response, path: Path) -> None:
    with replacing(path) as out:
        for piece in response.iter_bytes():
            out.write(piece)
