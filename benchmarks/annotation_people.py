"""Annotators over HTTP, as the annotate page speaks: the same requests in the same order, one connection each."""

import asyncio
import json
import secrets
import zlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

# As in frontend/src/annotate/desk.svelte.ts.
IN_HAND, ENOUGH_IN_HAND = 5, 3
CSRF = "b" * 32
BROWSER = (
    "Accept: */*\r\nAccept-Encoding: gzip, deflate, br, zstd\r\nAccept-Language: en\r\n"
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36\r\n"
    "Content-Type: application/json\r\n"
)

Json = dict[str, Any]


@dataclass
class Line:
    """A browser's connection to the server. What the server has closed meanwhile is opened anew, as a browser does."""

    port: int
    session: str
    statuses: Counter[int] = field(default_factory=Counter)
    reader: asyncio.StreamReader | None = None
    writer: asyncio.StreamWriter | None = None

    async def send(self, method: str, path: str, body: Json | None = None) -> Json:
        """The answer, {} where it is none of 2xx."""
        content = b"" if body is None else json.dumps(body).encode()
        site = f"127.0.0.1:{self.port}"
        head = (
            f"{method} /api/v1/annotate/{path} HTTP/1.1\r\nHost: {site}\r\nOrigin: http://{site}\r\n{BROWSER}"
            f"Cookie: csrftoken={CSRF}; sessionid={self.session}\r\nX-CSRFToken: {CSRF}\r\n"
            f"Content-Length: {len(content)}\r\n\r\n"
        )
        for _ in range(2):
            if self.writer is None:
                self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)
            try:
                self.writer.write(head.encode() + content)
                return await self.receive()
            except (asyncio.IncompleteReadError, ConnectionError):
                self.close()
        self.statuses[0] += 1
        return {}

    async def receive(self) -> Json:
        assert self.reader is not None
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        status = int(head[9:12])
        length = int(head.split("content-length: ", 1)[1].split("\r\n", 1)[0])
        content = await self.reader.readexactly(length)
        if "connection: close" in head:
            self.close()
        self.statuses[status] += 1
        if "content-encoding: gzip" in head:
            content = zlib.decompress(content, wbits=31)
        answer: Json = json.loads(content) if 200 <= status < 300 else {}
        return answer

    def close(self) -> None:
        if self.writer is not None:
            self.writer.close()
        self.reader = self.writer = None


@dataclass
class Person:
    """Somebody at one batch. A visit: what there is to judge, a lease, answers that bring the next tasks, one renewal,
    and what is left in hand given back."""

    line: Line
    batch: str
    visit: int
    now: Callable[[], float]
    hand: list[Json] = field(default_factory=list)
    judged: int = 0

    async def arrive(self) -> float:
        """Opens the page; how long the lease took, in seconds."""
        await self.line.send("GET", "batches/")
        began = self.now()
        answer = await self.line.send("POST", f"batches/{self.batch}/leases/", {"count": IN_HAND, "holding": []})
        taken = self.now() - began
        self.take(answer)
        return taken

    async def judge(self) -> None:
        """Submits the task on the screen; the answer brings the next one."""
        task = self.hand.pop(0)
        self.judged += 1
        await self.submit(task)

    async def go_on(self) -> None:
        """What follows a submission: in the middle of a visit a renewal, at its end the way out."""
        if self.judged % self.visit == self.visit // 2 and self.hand:
            await self.line.send("POST", f"assignments/{self.hand[0]['id']}/renew/", {})
        elif self.judged % self.visit == 0:
            await self.leave()

    def choose(self, task: Json) -> list[int]:
        """The slots to share: one at random, for a load."""
        return [1 + secrets.randbelow(len(task["slots"]))]

    async def submit(self, task: Json) -> None:
        shareable = self.choose(task)
        body = {
            "submission": str(uuid4()), "revision": 1, "shareable": shareable, "none": not shareable,
            "elapsed_ms": 4200, "watched_ms": [2100] * len(task["slots"]), "device": "keyboard",
            "comment": "", "want": IN_HAND if len(self.hand) < ENOUGH_IN_HAND else 0,
            "holding": [other["id"] for other in self.hand],
        }  # fmt: skip
        self.take(await self.line.send("PUT", f"assignments/{task['id']}/", body))

    async def leave(self) -> None:
        await self.line.send("POST", f"batches/{self.batch}/return/", {})
        self.hand.clear()

    def take(self, answer: Json) -> None:
        held = {task["id"] for task in self.hand}
        self.hand += [task for task in answer.get("assignments", []) if task["id"] not in held]
