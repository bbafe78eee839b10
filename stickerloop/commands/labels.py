import argparse
from typing import Any

from stickerloop.commands import exports
from stickerloop.operations import SUMMARY
from stickerloop.output import show_list, show_object
from stickerloop.parsing import command, group


def add(commands: Any) -> None:
    nouns = group(commands, "labels", "What people judged.")
    showing = command(nouns, "show", show, "Counts of what was judged.", "labels show", "labels show --batch 3 --json")
    exports.add(nouns)
    rates = command(
        commands, "shares", shares, "Share rates of each checkpoint, with their interval of 95 %.",
        "shares", "shares --batch 3 --json",
    )  # fmt: skip
    for one in (showing, rates):
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
