"""Ends what its parent has started when the parent is gone, however it went: `kill -9` leaves no orphans behind.

Reads lines from standard input: `+<process group>`, which each process says of itself, and `-<process group>` from its
parent. When nobody can write any more, it ends the groups that are left. It needs nothing that only Linux has.
"""

import contextlib
import os
import signal
import sys
import time

PATIENCE_SECONDS = 5


def send(groups: set[int], number: int) -> None:
    for group in list(groups):
        with contextlib.suppress(PermissionError):
            try:
                os.killpg(group, number)
            except ProcessLookupError:
                groups.discard(group)


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    groups: set[int] = set()
    for line in sys.stdin:
        group = int(line[1:])
        groups.add(group) if line[0] == "+" else groups.discard(group)
    send(groups, signal.SIGTERM)
    until = time.monotonic() + PATIENCE_SECONDS
    while groups and time.monotonic() < until:
        time.sleep(0.1)
        send(groups, 0)
    send(groups, signal.SIGKILL)


if __name__ == "__main__":
    main()
