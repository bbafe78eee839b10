"""Making batches: new ones, clones, and more prompts for one that is open."""

import argparse
import json
from typing import Any

from stickerloop import names
from stickerloop.client import Client
from stickerloop.errors import Refused
from stickerloop.operations import BATCH, CREATE_BATCH, ESTIMATE_BATCH, ESTIMATE_EXTENSION, EXTEND_BATCH
from stickerloop.output import show_object
from stickerloop.parsing import command
from stickerloop.shapes import (
    BatchDetail,
    BatchPlanRequest,
    NewBatchRequest,
    NewSourceRequest,
    PromptFilterRequest,
    Settings,
    Source,
)

SPLITS = ("hitl", "heldout")


def add(nouns: Any) -> None:
    one = command(
        nouns, "create", create, "Queues a batch: prompts of a set, animated by checkpoints, to be judged.",
        "batches create 'Spring 1' --set Spring --source teacher:4",
        "batches create 'Spring 2' --set 3 --source teacher:2:steps=25 --source student:2 --json",
        "batches create 'Dances' --set Spring --words dancing --sample 200 --source teacher:4 --dry-run",
    )  # fmt: skip
    one.add_argument("name")
    one.add_argument("--set", required=True, help="the prompt set's name or number")
    add_sources(one)
    add_filter(one)
    one.add_argument("--overlap", type=int, default=1, help="people who judge each task (default 1)")
    one.add_argument("--priority", type=int, default=0, help="higher goes first")
    one.add_argument("--person-share", type=float, default=0.3, help="of the batch that one person may judge")
    one.add_argument("--instructions", default="", help="shown to annotators")
    one.add_argument("--pooled", action="store_true", help="only people let in may annotate it")
    one.add_argument("--reason", action="append", default=[], help="offered for what is not picked; repeat it")
    one.add_argument("--seed-base", type=int, help="an earlier batch's, to ask for its clips again")
    add_dry_run(one)

    one = command(
        nouns, "clone", clone, "Queues a batch like an earlier one, with new seeds unless told otherwise.",
        "batches clone 3 'Spring 2'", "batches clone 3 'Spring 1, finished' --clips same",
        "batches clone 3 'Against the student' --clips taken --source student:2",
    )  # fmt: skip
    one.add_argument("batch", type=int, metavar="N")
    one.add_argument("name")
    one.add_argument("--clips", choices=("new", "same", "taken"), default="new",
                     help="new ones; the same, where ready ones are not made again; or those as they are")  # fmt: skip
    add_sources(one)
    add_dry_run(one)

    one = command(
        nouns, "extend", extend, "Adds prompts to an open batch: those added to its set since, or a wider filter.",
        "batches extend 3", "batches extend 3 --sample 400 --dry-run",
    )  # fmt: skip
    one.add_argument("batch", type=int, metavar="N")
    add_filter(one)
    add_dry_run(one)


def add_sources(one: argparse.ArgumentParser) -> None:
    one.add_argument("--source", action="append", default=[], type=source,
                     metavar="CHECKPOINT[:CLIPS[:SETTING=VALUE,…]]", help="repeat it for more checkpoints")  # fmt: skip
    one.add_argument("--clips-of", action="append", default=[], type=taken, metavar="SOURCE[:CLIPS]",
                     help="clips that exist, by the id of a source in `batches show`; repeat it")  # fmt: skip


def add_filter(one: argparse.ArgumentParser) -> None:
    one.add_argument("--split", action="append", choices=SPLITS, help="default hitl; repeat it for both")
    one.add_argument("--words", action="append", metavar="WORD", help="only captions with it; repeat it for any of")
    one.add_argument("--unused", action=argparse.BooleanOptionalAction, help="only prompts that no batch has had")
    one.add_argument("--sample", type=int, metavar="N", help="so many of them, always the same ones")


def add_dry_run(one: argparse.ArgumentParser) -> None:
    one.add_argument("--dry-run", action="store_true", help="only says how much it would be, and how long it takes")


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


def taken(text: str) -> tuple[int, int]:
    number, _, clips = text.partition(":")
    if not number.isdecimal() or (clips and not clips.isdecimal()):
        raise argparse.ArgumentTypeError(
            f"{text!r}: the number of a source is expected, and after a colon of its clips"
        )
    return int(number), int(clips or 1)


def create(options: argparse.Namespace) -> None:
    client: Client = options.client
    if not options.source and not options.clips_of:
        raise Refused("Name at least one --source CHECKPOINT or --clips-of SOURCE.")
    plan: BatchPlanRequest = {
        **filter_over(options, {"splits": ["hitl"], "words": [], "unused_only": False, "sample": None}),
        "prompt_set": names.prompt_set(client, options.set),
        "sources": sources(options),
        "seed_base": options.seed_base,
    }
    body: NewBatchRequest = {
        **plan,
        "name": options.name,
        "overlap": options.overlap,
        "priority": options.priority,
        "person_share": options.person_share,
        "instructions": options.instructions,
        "pooled": options.pooled,
        "reasons": options.reason,
    }
    queue(options, plan, body)


def clone(options: argparse.Namespace) -> None:
    batch = options.client.call(BATCH, id=options.batch)
    plan: BatchPlanRequest = {
        "prompt_set": batch["prompt_set"],
        "splits": batch["splits"],
        "words": batch["words"],
        # The prompts of the clone were in a batch: in this one.
        "unused_only": False,
        "sample": batch["sample"],
        "sources": [*(cloned(one, options.clips) for one in batch["sources"]), *sources(options)],
        "seed_base": batch["seed_base"] if options.clips == "same" else None,
    }
    body: NewBatchRequest = {
        **plan,
        "name": options.name,
        "overlap": batch["overlap"],
        "priority": batch["priority"],
        "person_share": batch["person_share"],
        "instructions": batch["instructions"],
        "pooled": batch["pooled"],
        "reasons": batch["reasons"],
    }
    queue(options, plan, body)


def queue(options: argparse.Namespace, plan: BatchPlanRequest, body: NewBatchRequest) -> None:
    client: Client = options.client
    answer = client.call(ESTIMATE_BATCH, plan) if options.dry_run else client.call(CREATE_BATCH, body)
    show_object(answer, as_json=options.json)


def extend(options: argparse.Namespace) -> None:
    client: Client = options.client
    batch: BatchDetail = client.call(BATCH, id=options.batch)
    own: PromptFilterRequest = {
        "splits": batch["splits"],
        "words": batch["words"],
        "unused_only": batch["unused_only"],
        "sample": batch["sample"],
    }
    body = filter_over(options, own)
    operation = ESTIMATE_EXTENSION if options.dry_run else EXTEND_BATCH
    show_object(client.call(operation, body, id=options.batch), as_json=options.json)


def filter_over(options: argparse.Namespace, own: PromptFilterRequest) -> PromptFilterRequest:
    """What was asked for; `own` where nothing was."""
    return {
        "splits": options.split or own["splits"],
        "words": own["words"] if options.words is None else options.words,
        "unused_only": own["unused_only"] if options.unused is None else options.unused,
        "sample": own["sample"] if options.sample is None else options.sample,
    }


def sources(options: argparse.Namespace) -> list[NewSourceRequest]:
    made: list[NewSourceRequest] = [
        {"checkpoint": names.checkpoint(options.client, name), "clips_per_prompt": clips, "settings": settings}
        for name, clips, settings in options.source
    ]
    existing: list[NewSourceRequest] = [
        {"clips_of": number, "clips_per_prompt": clips} for number, clips in options.clips_of
    ]
    return made + existing


def cloned(one: Source, clips: str) -> NewSourceRequest:
    if clips == "taken" or one["clips_of"]:
        return {"clips_of": one["id"], "clips_per_prompt": one["clips_per_prompt"]}
    return {
        "checkpoint": one["checkpoint"],
        "clips_per_prompt": one["clips_per_prompt"],
        "settings": one["changed"],
    }
