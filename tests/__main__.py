"""`python -m tests`: the whole suite on SQLite and the embedded Redis, then on PostgreSQL and Redis where they answer.

With CI=true, services that do not answer fail the run. Tests of the model run once: they touch neither database nor
broker.
"""

import os
import subprocess
import sys
import time

import psycopg

from demo import broker
from demo.machine import ROOT
from tests.browser import chromium

POSTGRESQL = [
    "postgres://postgres@127.0.0.1:5432/stickerloop",
    "postgres://postgres:postgres@127.0.0.1:5432/stickerloop",
]
# Each test process takes a database of its own, from this one on.
REDIS = "redis://127.0.0.1:6379/8"
# Neither database nor broker is theirs to touch.
ONCE = ["tests/sticker_diffusion", "tests/house"]


def database_answers(url: str) -> bool:
    """Whether databases can be made there; the one that `url` names need not exist."""
    server = f"{url.rsplit('/', 1)[0]}/postgres"
    try:
        with psycopg.connect(server, connect_timeout=2) as connection:
            row = connection.execute("SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user")
            return bool((row.fetchone() or [False])[0])
    except psycopg.Error:
        return False


def services() -> tuple[str | None, str | None]:
    """Addresses of a PostgreSQL and of a Redis that answer."""
    named = os.environ.get("DATABASE_URL")
    database = next((url for url in ([named] if named else POSTGRESQL) if database_answers(url)), None)
    redis = os.environ.get("REDIS_URL") or REDIS
    return database, redis if broker.answers(redis) else None


def run(*, title: str, environment: dict[str, str], arguments: list[str]) -> tuple[bool, str]:
    """One pass over the suite; returns whether it passed, and pytest's summary."""
    processes = min(2, os.cpu_count() or 1)
    command = [sys.executable, "-m", "pytest", "-q", "-n", str(processes), "--dist", "loadfile", *arguments]
    print(f"\n── {title} ──", flush=True)
    summary = "pytest said nothing"
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as pytest:
        assert pytest.stdout is not None
        for line in pytest.stdout:
            print(line, end="", flush=True)
            summary = line.strip() or summary
    return pytest.returncode == 0, f"{title}: {summary}"


def main() -> int:
    started = time.monotonic()
    database, redis = services()
    absent = [name for name, url in [("PostgreSQL", database), ("Redis", redis)] if url is None]
    if absent and os.environ.get("CI") == "true":
        print(f"{' and '.join(absent)} did not answer, and with CI=true both must: set DATABASE_URL and REDIS_URL.")
        return 1
    chromium.provide()
    plain = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "REDIS_URL"}}
    plain["OMP_NUM_THREADS"] = "1"
    results = [run(title="SQLite and the embedded Redis", environment=plain, arguments=sys.argv[1:])]
    if database and redis:
        environment = {**plain, "DATABASE_URL": database, "REDIS_URL": redis}
        skipped = [f"--ignore={folder}" for folder in ONCE]
        results.append(run(title="PostgreSQL and Redis", environment=environment, arguments=[*skipped, *sys.argv[1:]]))
    print(f"\nThe whole took {time.monotonic() - started:.0f} s.")
    if absent:
        print(f"Not run on PostgreSQL and Redis: {' and '.join(absent)} did not answer.")
    for _, said in results:
        print(said)
    return 0 if all(passed for passed, _ in results) else 1


if __name__ == "__main__":
    sys.exit(main())
