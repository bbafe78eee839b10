"""Whether this machine can run the demo: each thing that cannot be worked around, in one sentence."""

import importlib
import socket
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


class SetupError(Exception):
    """Why the demo cannot go on, said to the person who started it."""


def check_python() -> None:
    """The standard library's modules that distributions leave out or build without."""
    packages = {"venv": "python3-venv", "ensurepip": "python3-venv", "sqlite3": "libsqlite3", "ssl": "openssl"}
    for module, package in packages.items():
        try:
            importlib.import_module(module)
        except ImportError:
            raise SetupError(
                f"This Python ({sys.executable}) lacks the module {module}: install your system's {package} package, "
                "or name another Python with make demo PYTHON=…"
            ) from None
    import sqlite3  # noqa: PLC0415 - may be missing, as said above

    if sqlite3.sqlite_version_info < (3, 31):
        raise SetupError(f"This Python's SQLite is {sqlite3.sqlite_version}; 3.31 or later is needed.")


def check_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise SetupError(
            f"Nothing can be written in {folder} ({reason}): copy Stickerloop to a folder of your own."
        ) from None


def check_port(port: int) -> None:
    """That nobody listens on `port` of this machine, and that we may."""
    if not 1 <= port <= 65535:
        raise SetupError(f"{port} is no port: a number from 1024 to 65535 is expected, as in make demo PORT=8080")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except PermissionError:
            raise SetupError(
                f"Only root may use port {port}: choose one above 1023, as in make demo PORT=8080"
            ) from None
        except OSError:
            raise SetupError(
                f"Port {port} is in use by another program: choose another, as in make demo PORT={port % 60000 + 1}"
            ) from None
