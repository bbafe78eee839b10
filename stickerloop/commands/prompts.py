import argparse
import csv
from pathlib import Path
from typing import Any

from rich.progress import track

from stickerloop import names
from stickerloop.client import Client
from stickerloop.errors import Refused
from stickerloop.operations import ADD_PROMPT, CREATE_PROMPT_SET, PROMPT_SET, PROMPT_SETS, PROMPTS
from stickerloop.output import errors, show_list, show_object
from stickerloop.parsing import command, group
from stickerloop.shapes import Prompt, PromptSetRequest

NEEDED = {"caption", "sticker"}
KNOWN = NEEDED | {"external_id", "split"}
Row = tuple[int, dict[str, str], Path]


def add(commands: Any) -> None:
    nouns = group(commands, "prompts", "Prompt sets: captions and stickers.")
    command(nouns, "list", listed, "Lists prompt sets, newest first.", "prompts list", "prompts list --json")
    showing = command(
        nouns, "show", show, "Lists the prompts of a set.", "prompts show Spring", "prompts show 3 --json"
    )
    showing.add_argument("set", metavar="SET", help="name or number")
    importing = command(
        nouns, "import", import_file, "Adds the prompts of a CSV file to a set. Run again, it adds what is missing.",
        "prompts import prompts.csv --set Spring --licence 'CC BY 4.0'",
    )  # fmt: skip
    importing.add_argument(
        "csv", type=Path, help="columns caption, sticker (a file), and if you like external_id, split"
    )
    importing.add_argument("--set", required=True, metavar="NAME", help="made when it is new")
    importing.add_argument("--licence", default="")
    importing.add_argument("--description", default="")


def listed(options: argparse.Namespace) -> None:
    columns = ("id", "name", "prompts", "licence")
    empty = "There are no prompt sets: `stickerloop prompts import` makes one."
    show_list(options.client.pages(PROMPT_SETS), columns, as_json=options.json, empty=empty)


def show(options: argparse.Namespace) -> None:
    number = names.prompt_set(options.client, options.set)
    prompts = options.client.pages(PROMPTS, id=number)
    columns = ("id", "external_id", "split", "caption")
    show_list(prompts, columns, as_json=options.json, empty="The set has no prompts.")


def import_file(options: argparse.Namespace) -> None:
    client: Client = options.client
    rows = read(options.csv)
    found = [item["id"] for item in client.pages(PROMPT_SETS) if item["name"] == options.set]
    body: PromptSetRequest = {"name": options.set, "description": options.description, "licence": options.licence}
    number = found[0] if found else client.call(CREATE_PROMPT_SET, body)["id"]
    there = {prompt["external_id"]: prompt for prompt in client.pages(PROMPTS, id=number)}
    added = sum(upload(client, number, row, there) for row in track(rows, "Prompts", console=errors))
    prompts = client.call(PROMPT_SET, id=number)["prompts"]
    done = {"prompt_set": number, "name": options.set, "added": added, "there": len(rows) - added, "prompts": prompts}
    show_object(done, as_json=options.json)


def upload(client: Client, number: int, row: Row, there: dict[str, Prompt]) -> bool:
    """Whether it is new. A whole file in one upload would take the place of this and of the loop around it."""
    line, fields, sticker = row
    split = fields.get("split", "").strip().lower() or "hitl"
    external_id = fields.get("external_id", "").strip()
    if same := there.get(external_id):
        if (same["caption"], same["split"]) == (" ".join(fields["caption"].split()), split):
            return False
        raise Refused(f"row {line}: {external_id!r} is in the set with another caption or split: give it its own id.")
    form = {"caption": fields["caption"], "split": split, **({"external_id": external_id} if external_id else {})}
    try:
        client.call(ADD_PROMPT, form, files={"sticker": (sticker.name, sticker.read_bytes())}, id=number)
    except Refused as refusal:
        # Without an id of its own a prompt is known by what it is: a second one is the same.
        if "external_id" in refusal.fields and not external_id:
            return False
        raise Refused(
            f"row {line}: {refusal} The rows before it are in the set.", refusal.status, refusal.fields
        ) from None
    except OSError as error:
        raise Refused(f"row {line}, column sticker: {sticker} cannot be read: {error.strerror}.") from None
    return True


def read(file: Path) -> list[Row]:
    """All rows, before anything is sent, numbered as a spreadsheet does (the header is row 1)."""
    try:
        with file.open(newline="", encoding="utf-8-sig") as lines:
            reader = csv.DictReader(lines, strict=True)
            header = [name.strip() for name in reader.fieldnames or []]
            reader.fieldnames = header
            if not set(header) >= NEEDED or set(header) - KNOWN or len(set(header)) < len(header):
                raise Refused(
                    f"{file}, row 1: the header is {', '.join(header) or 'empty'}; the columns are caption and "
                    "sticker, and if you like external_id and split, once each."
                )
            rows = [(line, row, file.parent / (row["sticker"] or "").strip()) for line, row in enumerate(reader, 2)]
    except UnicodeDecodeError:
        raise Refused(f"{file} is not UTF-8: save it as CSV UTF-8.") from None
    except csv.Error as error:
        raise Refused(f"{file} is not CSV as it should be: {error}.") from None
    except OSError as error:
        raise Refused(f"{file} cannot be read: {error.strerror}.") from None
    for line, row, sticker in rows:
        if None in row or None in row.values():
            raise Refused(f"row {line}: it has more or fewer fields than the header: is a quote missing?")
        if not sticker.is_file():
            raise Refused(f"row {line}, column sticker: there is no file {row['sticker']!r} beside {file.name}.")
    if not rows:
        raise Refused(f"{file} has a header and no rows: there is nothing to import.")
    return rows
