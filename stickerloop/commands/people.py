import argparse
from typing import Any

from stickerloop.operations import INVITE, PEOPLE
from stickerloop.output import show_list, show_object
from stickerloop.parsing import command, group
from stickerloop.shapes import InviteRequest


def add(commands: Any) -> None:
    nouns = group(commands, "people", "Who may come in, for admins.")
    command(nouns, "list", listed, "Lists people, newest first.", "people list", "people list --json")
    inviting = command(
        nouns, "invite", invite, "Makes a link by which one person joins. It is shown this once.",
        "people invite --role annotator --note 'Anna, spring'",
    )  # fmt: skip
    inviting.add_argument("--role", choices=("annotator", "researcher", "admin"), default="annotator")
    inviting.add_argument("--note", default="", help="whom it is for")
    inviting.add_argument("--days", type=int, default=7, help="how long the link works (default 7)")


def listed(options: argparse.Namespace) -> None:
    columns = ("id", "username", "role", "is_active", "last_login")
    show_list(options.client.pages(PEOPLE), columns, as_json=options.json, empty="There is nobody.")


def invite(options: argparse.Namespace) -> None:
    body: InviteRequest = {"role": options.role, "note": options.note, "days": options.days}
    show_object(options.client.call(INVITE, body), as_json=options.json)
