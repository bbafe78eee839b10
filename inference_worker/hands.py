"""What a worker has in its hands: clips that wait, are sampled or are encoded, and which of them are still wanted."""

import time
from collections import deque
from collections.abc import Iterable
from dataclasses import replace
from threading import Condition

from inference_worker.messages import ClipRequest, Generate


class Hands:
    """Shared by the threads that take messages, sample, deliver and report. A key is here once, until released."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._waiting: deque[Generate] = deque()
        self._attempts: dict[str, int] = {}
        self._dropped: set[str] = set()
        self._close_by: float | None = None

    def take(self, message: Generate) -> None:
        """Puts a micro-batch in line. A clip that is here already only answers for the newer attempt from now on."""
        with self._changed:
            fresh = []
            for request in message.requests:
                if request.key in self._attempts:
                    self._attempts[request.key] = max(self._attempts[request.key], request.attempt)
                    self._dropped.discard(request.key)
                else:
                    self._attempts[request.key] = request.attempt
                    fresh.append(request.to_json())
            if fresh:
                self._waiting.append(replace(message, clips=fresh))
                self._changed.notify_all()

    def next(self) -> Generate | None:
        """Waits for the next micro-batch; None once the worker closes."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._close_by is not None)
            return None if self._close_by is not None else self._waiting.popleft()

    def drop(self, keys: Iterable[str]) -> None:
        """Clips in line go at once; those begun are marked, and heard of between two steps."""
        with self._changed:
            begun = self._attempts.keys() - {clip["key"] for message in self._waiting for clip in message.clips}
            for key in keys:
                if key in begun:
                    self._dropped.add(key)
                else:
                    self._attempts.pop(key, None)
            kept = ([clip for clip in message.clips if clip["key"] in self._attempts] for message in self._waiting)
            messages = [replace(message, clips=clips) for message, clips in zip(self._waiting, kept, strict=True)]
            self._waiting = deque(message for message in messages if message.clips)

    def wanted(self, requests: Iterable[ClipRequest]) -> list[ClipRequest]:
        """Those not dropped; the dropped ones are let go."""
        with self._changed:
            requests = list(requests)
            for request in requests:
                if request.key in self._dropped:
                    self._forget(request.key)
            return [request for request in requests if request.key in self._attempts]

    def any_wanted(self, requests: Iterable[ClipRequest]) -> bool:
        with self._changed:
            return any(request.key in self._attempts and request.key not in self._dropped for request in requests)

    def attempt(self, key: str) -> int | None:
        """The attempt to answer for, or None where the clip was dropped."""
        with self._changed:
            return None if key in self._dropped else self._attempts.get(key)

    def release(self, key: str) -> int | None:
        """Lets go of a clip that is answered for; returns the attempt to answer for, or None where it was dropped."""
        with self._changed:
            dropped = key in self._dropped
            attempt = self._forget(key)
            return None if dropped else attempt

    def _forget(self, key: str) -> int | None:
        self._dropped.discard(key)
        return self._attempts.pop(key, None)

    def keys(self) -> list[str]:
        """All that is held and wanted, in the order taken."""
        with self._changed:
            return [key for key in self._attempts if key not in self._dropped]

    def let_go(self) -> list[str]:
        """Empties the hands; returns the keys that were wanted and not answered for."""
        with self._changed:
            left = self.keys()
            self._waiting.clear()
            self._attempts.clear()
            self._dropped.clear()
            return left

    def close(self, seconds: float) -> None:
        """Nothing more is begun; what is begun has `seconds` to end."""
        with self._changed:
            self._close_by = time.monotonic() + seconds
            self._changed.notify_all()

    @property
    def seconds_left(self) -> float | None:
        """None while the worker is open."""
        return None if self._close_by is None else self._close_by - time.monotonic()
