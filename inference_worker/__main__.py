"""python -m inference_worker: a worker that animates the clips which the web side asks for."""

import argparse
import fcntl
import hashlib
import logging
import os
import re
import socket
import sys
import tempfile
from pathlib import Path
from typing import IO

from inference_worker.app import app
from inference_worker.worker import Options, Worker

# As on the web side, so that shipped checkpoints are found wherever the worker is started.
PROJECT = Path(__file__).resolve().parents[1]
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")


def parser() -> argparse.ArgumentParser:
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "stickerloop"
    root = argparse.ArgumentParser(
        prog="python -m inference_worker",
        description="Animates the clips that the web side asks for, until SIGTERM or Ctrl-C; a second stops at once.",
        epilog="Environment, the same as on the web side: REDIS_URL, the broker (default redis://127.0.0.1:6379/0); "
        "BLOBS_URL, where stickers and clips lie, e.g. file:///srv/blobs or s3://bucket/prefix (needed).",
    )
    root.add_argument("--name", help="the worker's name and queue; one per running worker (default: HOST-DEVICE)")
    root.add_argument("--device", default="cpu", help="cpu, cuda or cuda:N")
    root.add_argument(
        "--dtype",
        choices=["bfloat16", "float16", "float32"],
        help="compute in this type whatever a batch asks for (default: as asked, but float32 where a CPU emulates it)",
    )
    root.add_argument("--micro-batch", type=int, help="clips sampled at once (default: 2 on a CPU, 16 on a GPU)")
    root.add_argument("--compile", action="store_true", help="compile the network whatever a batch asks for")
    root.add_argument("--threads", type=int, help="CPU threads for sampling (default: all cores)")
    root.add_argument("--cache", type=Path, default=cache, help=f"folder for fetched checkpoints (default: {cache})")
    root.add_argument("--cache-gb", type=float, default=50, help="what that folder may hold (default: 50)")
    root.add_argument(
        "--base", type=Path, default=PROJECT, help="where relative checkpoint addresses start (default: the project)"
    )
    root.add_argument("--log", default="INFO", choices=["DEBUG", "INFO", "WARNING", "ERROR"], help="(default: INFO)")
    return root


def read_options(arguments: list[str] | None = None) -> tuple[Options, str]:
    """The options and the log level. Exits with a sentence where something is wrong."""
    root = parser()
    given = root.parse_args(arguments)
    device = check_device(given.device, root)
    name = given.name or f"{socket.gethostname().split('.')[0]}-{device.replace(':', '')}"
    if not NAME.fullmatch(name):
        root.error(f"--name {name!r}: letters, digits, dots, - and _ are expected, 80 at most")
    blobs_url = os.environ.get("BLOBS_URL")
    if not blobs_url:
        root.error(
            "set BLOBS_URL to the store of the web side, e.g. file:///srv/stickerloop/blobs or s3://bucket/prefix"
        )
    micro_batch = (2 if device == "cpu" else 16) if given.micro_batch is None else given.micro_batch
    if not 1 <= micro_batch <= 256:
        root.error(f"--micro-batch {micro_batch}: 1…256 clips are expected")
    if given.threads is not None and given.threads < 1:
        root.error(f"--threads {given.threads}: 1 or more is expected")
    options = Options(
        name=name,
        device=device,
        dtype=given.dtype,
        micro_batch=micro_batch,
        compile=given.compile,
        threads=given.threads,
        blobs_url=blobs_url,
        cache=given.cache,
        cache_gb=given.cache_gb,
        base=given.base.resolve(),
    )
    return options, given.log


def check_device(device: str, root: argparse.ArgumentParser) -> str:
    if device == "cpu":
        return device
    if not re.fullmatch(r"cuda(:\d+)?", device):
        root.error(f"--device {device!r}: cpu, cuda or cuda:N is expected")
    import torch  # noqa: PLC0415

    index = int(device.partition(":")[2] or 0)
    if index >= torch.cuda.device_count():
        root.error(f"--device {device}: this machine has {torch.cuda.device_count()} CUDA devices that torch can use")
    return device


def hold_name(name: str) -> IO[str]:
    """Locks the name on this machine, as two workers on one queue would take each other's messages."""
    broker = hashlib.sha256(str(app.conf.broker_url).encode()).hexdigest()[:12]
    lock = (Path(tempfile.gettempdir()) / f"stickerloop-worker-{os.getuid()}-{broker}-{name}.lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        sys.exit(f"error: a worker named {name} runs on this machine already; give this one another --name")
    return lock


def main() -> None:
    # Read when torch loads. Its threads spin at every barrier otherwise: ten times slower where they share their cores.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    options, level = read_options()
    logging.basicConfig(level=level, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("celery").setLevel(max(logging.WARNING, logging.getLevelName(level)))
    lock = hold_name(options.name)
    logging.getLogger("inference_worker").info(
        "worker %s on %s, %d at once", options.name, options.device, options.micro_batch
    )
    Worker(options).run()
    lock.close()


if __name__ == "__main__":
    main()
