import argparse
from typing import Any

from stickerloop.commands import queueing
from stickerloop.operations import BATCH, BATCHES, CANCEL_BATCH, CHANGE_BATCH, CLOSE_BATCH, RETRY_FAILED
from stickerloop.output import show_list, show_object
from stickerloop.parsing import Run, command, group
from stickerloop.shapes import PatchedBatchChangesRequest, RetryRequest

SWITCHES = ("generation", "annotation")


def add(commands: Any) -> Any:
    nouns = group(commands, "batches", "Batches of clips to be judged.")
    command(nouns, "list", listed, "Lists batches, newest first.", "batches list", "batches list --json")
    queueing.add(nouns)
    numbered: list[tuple[str, Run, str]] = [
        ("show", show, "All about one batch."),
        ("cancel", cancel, "Ends a batch for good; what was annotated stays."),
        ("close", close, "Ends a batch as finished; its annotations can no longer be revised."),
    ]
    for name, run, about in numbered:
        command(nouns, name, run, about, f"batches {name} 3").add_argument("batch", type=int, metavar="N")
    for name, run in (("pause", pause), ("resume", resume)):
        one = command(nouns, name, run, f"{name.capitalize()}s generation, annotation, or both.",
                      f"batches {name} 3", f"batches {name} 3 --only generation")  # fmt: skip
        one.add_argument("batch", type=int, metavar="N")
        one.add_argument("--only", choices=SWITCHES)
    again = command(nouns, "retry", retry, "Queues the failed clips again.",
                    "batches retry 3", "batches retry 3 --error 'out of memory'")  # fmt: skip
    again.add_argument("batch", type=int, metavar="N")
    again.add_argument("--error", help="only those that failed with just these words")
    first = command(nouns, "priority", priority, "Moves a batch: higher goes first.", "batches priority 3 10")
    first.add_argument("batch", type=int, metavar="N")
    first.add_argument("priority", type=int, help="-100 to 100")
    return nouns


def listed(options: argparse.Namespace) -> None:
    columns = ("id", "name", "state", "prompt_set_name", "prompts", "priority")
    empty = "There are no batches: `stickerloop batches create` makes one."
    show_list(options.client.pages(BATCHES), columns, as_json=options.json, empty=empty)


def show(options: argparse.Namespace) -> None:
    show_object(options.client.call(BATCH, id=options.batch), as_json=options.json)


def cancel(options: argparse.Namespace) -> None:
    show_object(options.client.call(CANCEL_BATCH, id=options.batch), as_json=options.json)


def close(options: argparse.Namespace) -> None:
    show_object(options.client.call(CLOSE_BATCH, id=options.batch), as_json=options.json)


def retry(options: argparse.Namespace) -> None:
    body: RetryRequest = {} if options.error is None else {"error": options.error}
    show_object(options.client.call(RETRY_FAILED, body, id=options.batch), as_json=options.json)


def pause(options: argparse.Namespace) -> None:
    switch(options, paused=True)


def resume(options: argparse.Namespace) -> None:
    switch(options, paused=False)


def switch(options: argparse.Namespace, *, paused: bool) -> None:
    body: PatchedBatchChangesRequest = {}
    if options.only != "annotation":
        body["generation_paused"] = paused
    if options.only != "generation":
        body["annotation_paused"] = paused
    show_object(options.client.call(CHANGE_BATCH, body, id=options.batch), as_json=options.json)


def priority(options: argparse.Namespace) -> None:
    body: PatchedBatchChangesRequest = {"priority": options.priority}
    show_object(options.client.call(CHANGE_BATCH, body, id=options.batch), as_json=options.json)
