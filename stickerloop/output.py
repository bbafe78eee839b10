"""Results on stdout, as a table or as JSON; everything else on stderr."""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

errors = Console(stderr=True, markup=False, highlight=False, soft_wrap=True)


def note(sentence: str) -> None:
    errors.print(sentence)


def show_object(item: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(item, ensure_ascii=False), flush=True)
        return
    table = Table(show_header=False, box=None)
    for name, value in item.items():
        table.add_row(Text(name, style="bold"), Text(in_words(value)))
    console().print(table)


def in_words(value: Any) -> str:
    """For people: a line for each row of a list, and of an object what is not empty."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        told = ((name, in_words(each)) for name, each in value.items())
        return ", ".join(
            f"{name} ({text})" if isinstance(value[name], dict) else f"{name} {text}" for name, text in told if text
        )
    if isinstance(value, list):
        return ("\n" if any(isinstance(each, dict) for each in value) else ", ").join(map(in_words, value))
    return "" if value is None else str(value)


def show_list(items: Iterable[Mapping[str, Any]], columns: Sequence[str], *, as_json: bool, empty: str) -> None:
    if as_json:
        for item in items:
            print(json.dumps(item, ensure_ascii=False), flush=True)
        return
    table = Table(*columns, box=None, header_style="bold")
    for item in items:
        table.add_row(*(Text(str(item[column])) for column in columns))
    if table.row_count:
        console().print(table)
    else:
        note(empty)


def console() -> Console:
    """As wide as the terminal; in a pipe as wide as the rows, so that nothing is cut."""
    return Console(file=sys.stdout, width=None if sys.stdout.isatty() else 1000)
