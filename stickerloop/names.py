"""Names or numbers of prompt sets and checkpoints, as people give them."""

from collections.abc import Iterable

from stickerloop.client import Client
from stickerloop.errors import Refused
from stickerloop.operations import CHECKPOINTS, PROMPT_SETS


def prompt_set(client: Client, text: str) -> int:
    return find("prompt set", text, ((item["id"], item["name"]) for item in client.pages(PROMPT_SETS)))


def checkpoint(client: Client, text: str) -> int:
    return find("checkpoint", text, ((item["id"], item["name"]) for item in client.pages(CHECKPOINTS)))


def find(what: str, text: str, known: Iterable[tuple[int, str]]) -> int:
    pairs = list(known)
    found = {number for number, name in pairs if name == text or str(number) == text}
    if len(found) == 1:
        return found.pop()
    if found:
        numbers = ", ".join(map(str, sorted(found)))
        raise Refused(f"{text!r} may be any of the {what}s {numbers}: give a name or number that only one has.")
    there = ", ".join(f"{name} ({number})" for number, name in pairs) or "none yet"
    raise Refused(f"There is no {what} {text!r}; there are: {there}.")
