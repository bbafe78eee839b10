"""Where the address and the token come from: the option, the environment, the file that `stickerloop login` writes."""

import json
import os
from pathlib import Path

from stickerloop.client import MAKE_A_TOKEN
from stickerloop.errors import Refused
from stickerloop.saving import replacing


def file() -> Path:
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "stickerloop" / "config.json"


def kept() -> dict[str, str]:
    try:
        text = json.loads(file().read_text(encoding="utf-8"))
        return {name: str(text[name]) for name in ("url", "token")}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError):
        raise Refused(f"{file()} cannot be read as it should be: `stickerloop login` writes it anew.") from None


def write(*, url: str, token: str) -> None:
    """Readable by its owner alone."""
    with replacing(file()) as out:
        out.write(json.dumps({"url": url, "token": token}).encode())


def place(option: str | None) -> tuple[str, str]:
    """Address and token. A token that was kept for one server is never sent to another."""
    told = option or os.environ.get("STICKERLOOP_URL")
    token = os.environ.get("STICKERLOOP_TOKEN")
    if told and token:
        return told, token
    saved = kept()
    url = told or saved.get("url")
    if not url:
        raise Refused("No server is named: `stickerloop login --url https://…`, or set STICKERLOOP_URL.")
    if not token and saved.get("url", "").rstrip("/") == url.rstrip("/"):
        token = saved["token"]
    if not token:
        raise Refused(f"There is no token for {url}. {MAKE_A_TOKEN}")
    return url, token
