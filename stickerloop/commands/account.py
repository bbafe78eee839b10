import argparse
import getpass
import os
import sys
from typing import Any

from stickerloop import config
from stickerloop.client import MAKE_A_TOKEN, Client
from stickerloop.errors import Refused
from stickerloop.operations import SESSION
from stickerloop.output import note, show_object
from stickerloop.parsing import command
from stickerloop.shapes import SignedIn


def add(commands: Any) -> None:
    command(
        commands, "login", login, "Keeps a server's address and your token. It is asked for, or read from stdin.",
        "login --url https://stickers.example.org", "login --url https://stickers.example.org < token.txt",
        needs_client=False,
    )  # fmt: skip
    command(commands, "whoami", whoami, "Says whose token this is.", "whoami", "whoami --json")


def login(options: argparse.Namespace) -> None:
    url = options.url or os.environ.get("STICKERLOOP_URL")
    if not url:
        raise Refused("Which server? `stickerloop login --url https://…`.")
    token = (getpass.getpass("Token (slp_…): ") if sys.stdin.isatty() else sys.stdin.readline()).strip()
    if not token:
        raise Refused(f"No token was given. {MAKE_A_TOKEN}")
    user = who(Client(url=url, token=token, note=note))
    config.write(url=url, token=token)
    note(f"Kept in {config.file()}.")
    show_object({"url": url, **user}, as_json=options.json)


def whoami(options: argparse.Namespace) -> None:
    show_object({"url": options.client.url, **who(options.client)}, as_json=options.json)


def who(client: Client) -> SignedIn:
    user = client.call(SESSION)["user"]
    if user is None:
        raise Refused(f"This token is nobody's. {MAKE_A_TOKEN}")
    return user
