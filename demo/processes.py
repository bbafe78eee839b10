"""Starts processes, shows what they say, and ends them all: when one dies, on Ctrl-C, and if this process is killed."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from demo import sentinel

STOP_SECONDS = 6
REMEMBERED_LINES = 15
LOUD = re.compile(r"\b(ERROR|CRITICAL)\b")


def read_procfile(path: Path) -> dict[str, str]:
    """Name → shell command."""
    pairs = (line.split(":", 1) for line in path.read_text().splitlines() if line.strip() and line[0] != "#")
    return {name.strip(): command.strip() for name, command in pairs}


@dataclass
class Process:
    name: str
    popen: subprocess.Popen[str]
    shown: bool
    may_end: bool
    last: deque[str] = field(default_factory=lambda: deque(maxlen=REMEMBERED_LINES))
    reader: threading.Thread | None = None

    def end_of(self) -> str:
        """How it ended, in words."""
        code = self.popen.returncode
        return f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with exit status {code}"


class Processes:
    """A set of processes, each the leader of its own group, with its log in `logs/<name>.log`.

    Only from the main thread. `environment` is all that the processes get.
    """

    def __init__(
        self, *, folder: Path, logs: Path, environment: Mapping[str, str], verbose: bool = False,
        say: Callable[[str], None] = lambda line: print(line, flush=True),
    ) -> None:  # fmt: skip
        self.folder, self.logs, self.environment = folder, logs, dict(environment)
        self.verbose, self.say = verbose, say
        self.running: list[Process] = []
        self.stopping = threading.Event()
        logs.mkdir(parents=True, exist_ok=True)
        self.sentinel = subprocess.Popen(
            [sys.executable, "-I", sentinel.__file__], stdin=subprocess.PIPE, text=True, start_new_session=True
        )

    def start(self, name: str, command: str | Sequence[str], *, shown: bool = False, may_end: bool = False) -> Process:
        """Starts `command`; text goes through the shell.

        `shown`: its lines are for the person at the terminal; `may_end`: it is no accident if it ends with status 0.
        """
        words, given = (command, []) if isinstance(command, str) else ('"$@"', list(command))
        # The process itself tells the sentinel of its group, through its standard input, and only then becomes
        # `command`: it cannot be orphaned in between.
        popen = subprocess.Popen(
            ["/bin/sh", "-c", f'echo "+$$" >&0; exec {words} < /dev/null', "sh", *given],
            cwd=self.folder,
            env=self.environment,
            stdin=self.sentinel.stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        process = Process(name, popen, shown, may_end)
        process.reader = threading.Thread(target=self.read, args=[process], daemon=True)
        process.reader.start()
        self.running.append(process)
        return process

    def read(self, process: Process) -> None:
        assert process.popen.stdout is not None
        with (self.logs / f"{process.name}.log").open("w", buffering=1) as log:
            for line in process.popen.stdout:
                log.write(line)
                process.last.append(line.rstrip())
                if process.shown:
                    self.say(line.rstrip())
                elif self.verbose or (LOUD.search(line) and not self.stopping.is_set()):
                    self.say(f"{process.name:>10} │ {line.rstrip()}")

    def ended(self) -> Process | None:
        """The first process that ended though it should not have."""
        for process in list(self.running):
            if process.popen.poll() is not None:
                if not (process.may_end and process.popen.returncode == 0):
                    return process
                self.forget(process)
        return None

    def watch(self, until: Callable[[], bool] = lambda: False) -> Process | None:
        """Waits until one ends by accident (returns it), `until()` holds, or `stopping` is set (None)."""
        while not self.stopping.is_set() and not until():
            if process := self.ended():
                return process
            self.stopping.wait(0.2)
        return None

    def explain(self, process: Process) -> str:
        """Which process ended, how, and the last it said."""
        if process.reader:
            process.reader.join(1)
        said = "\n".join(f"{process.name:>10} │ {line}" for line in process.last) or "  (it said nothing)"
        return f"The process “{process.name}” {process.end_of()}. The last it said:\n{said}"

    def forget(self, process: Process) -> None:
        """Also ends what it has left behind."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.popen.pid, signal.SIGKILL)
        process.popen.wait()
        self.running.remove(process)
        assert self.sentinel.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self.sentinel.stdin.write(f"-{process.popen.pid}\n")
            self.sentinel.stdin.flush()

    def end(self, processes: Sequence[Process], patience: float = STOP_SECONDS) -> None:
        """Asks `processes` to end, and kills the groups that have not after `patience` seconds."""
        for process in processes:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process.popen.pid, signal.SIGTERM)
        until = time.monotonic() + patience
        while any(process.popen.poll() is None for process in processes) and time.monotonic() < until:
            time.sleep(0.05)
        for process in processes:
            self.forget(process)

    def end_all(self) -> None:
        """Ends all; what was started first (the broker) outlives those that use it."""
        self.stopping.set()
        first = self.running[:1]
        self.end(self.running[1:])
        self.end(first, patience=2)
        assert self.sentinel.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self.sentinel.stdin.close()
        self.sentinel.wait()
