import argparse
import json
from typing import Any

from stickerloop import names
from stickerloop.client import Client
from stickerloop.operations import (
    BATCH,
    BATCHES,
    CANCEL_BATCH,
    CHANGE_BATCH,
    CLOSE_BATCH,
    CREATE_BATCH,
    RETRY_FAILED,
)
from stickerloop.output import show_list, show_object
from stickerloop.parsing import Run, command, group
from stickerloop.shapes import NewBatchRequest, NewSourceRequest, PatchedBatchChangesRequest, Settings

SWITCHES = ("generation", "annotation")


def add(commands: Any) -> Any:
    nouns = group(commands, "batches", "Batches of clips to be judged.")
    command(nouns, "list", listed, "Lists batches, newest first.", "batches list", "batches list --json")
    add_create(nouns)
    numbered: list[tuple[str, Run, str]] = [
        ("show", show, "All about one batch."),
        ("cancel", cancel, "Ends a batch for good; what was annotated stays."),
        ("close", close, "Ends a batch as finished; its annotations can no longer be revised."),
        ("retry", retry, "Queues the failed clips again."),
    ]
    for name, run, about in numbered:
        command(nouns, name, run, about, f"batches {name} 3").add_argument("batch", type=int, metavar="N")
    for name, run in (("pause", pause), ("resume", resume)):
        one = command(nouns, name, run, f"{name.capitalize()}s generation, annotation, or both.",
                      f"batches {name} 3", f"batches {name} 3 --only generation")  # fmt: skip
        one.add_argument("batch", type=int, metavar="N")
        one.add_argument("--only", choices=SWITCHES)
    first = command(nouns, "priority", priority, "Moves a batch: higher goes first.", "batches priority 3 10")
    first.add_argument("batch", type=int, metavar="N")
    first.add_argument("priority", type=int, help="-100 to 100")
    return nouns


def add_create(nouns: Any) -> None:
    one = command(
        nouns, "create", create, "Queues a batch: prompts of a set, animated by checkpoints, to be judged.",
        "batches create 'Spring 1' --set Spring --source teacher:4",
        "batches create 'Spring 2' --set 3 --source teacher:2:steps=25 --source student:2 --json",
    )  # fmt: skip
    one.add_argument("name")
    one.add_argument("--set", required=True, help="the prompt set's name or number")
    one.add_argument("--source", required=True, action="append", type=source,
                     metavar="CHECKPOINT[:CLIPS[:SETTING=VALUE,…]]", help="repeat it for more checkpoints")  # fmt: skip
    one.add_argument("--split", action="append", choices=("hitl", "heldout"), help="default hitl; repeat it for both")
    one.add_argument("--overlap", type=int, default=1, help="people who judge each task (default 1)")
    one.add_argument("--priority", type=int, default=0, help="higher goes first")
    one.add_argument("--person-share", type=float, default=0.3, help="of the batch that one person may judge")
    one.add_argument("--instructions", default="", help="shown to annotators")
    one.add_argument("--pooled", action="store_true", help="only people let in may annotate it")
    one.add_argument("--reason", action="append", default=[], help="offered for what is not picked; repeat it")
    one.add_argument("--seed-base", type=int, help="an earlier batch's, to ask for its clips again")


def source(text: str) -> tuple[str, int, Settings]:
    name, _, rest = text.partition(":")
    clips, _, pairs = rest.partition(":")
    if clips and not clips.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r}: a number of clips is expected after the first colon")
    settings: Settings = {}
    for pair in filter(None, pairs.split(",")):
        setting, equals, value = pair.partition("=")
        if not equals:
            raise argparse.ArgumentTypeError(f"{pair!r}: SETTING=VALUE is expected")
        try:
            settings[setting] = json.loads(value)
        except json.JSONDecodeError:
            settings[setting] = value
    return name, int(clips or 1), settings


def create(options: argparse.Namespace) -> None:
    client: Client = options.client
    sources: list[NewSourceRequest] = [
        {"checkpoint": names.checkpoint(client, name), "clips_per_prompt": clips, "settings": settings}
        for name, clips, settings in options.source
    ]
    body: NewBatchRequest = {
        "name": options.name,
        "prompt_set": names.prompt_set(client, options.set),
        "sources": sources,
        "splits": options.split or ["hitl"],
        "overlap": options.overlap,
        "priority": options.priority,
        "person_share": options.person_share,
        "instructions": options.instructions,
        "pooled": options.pooled,
        "reasons": options.reason,
    }
    if options.seed_base is not None:
        body["seed_base"] = options.seed_base
    show_object(client.call(CREATE_BATCH, body), as_json=options.json)


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
    show_object(options.client.call(RETRY_FAILED, id=options.batch), as_json=options.json)


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
