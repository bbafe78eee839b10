"""A server as it is from afar: what is sent through here arrives half a round trip later, in either direction.

Chromium's own emulation only sees to it that no answer takes less than the latency: a server that works for 60 of the
100 ms would seem to be as near as one that answers at once.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from queue import SimpleQueue
from threading import Thread

AT_ONCE = 2**16


async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, seconds: float) -> None:
    """Passes on what comes in, `seconds` later and in order, however much is under way."""
    loop = asyncio.get_running_loop()
    under_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

    async def arrive() -> None:
        while True:
            due, data = await under_way.get()
            await asyncio.sleep(due - loop.time())
            if not data:
                return
            writer.write(data)
            await writer.drain()

    arriving = asyncio.create_task(arrive())
    data = b"begin"
    with suppress(ConnectionError):
        while data:
            data = await reader.read(AT_ONCE)
            under_way.put_nowait((loop.time() + seconds, data))
        await arriving
    arriving.cancel()
    writer.close()


@contextmanager
def far_away(port: int, *, round_trip: float) -> Iterator[int]:
    """The port of 127.0.0.1 at which the server at `port` is `round_trip` seconds away; a connection costs one more."""
    opened: SimpleQueue[tuple[int, Callable[[], object]]] = SimpleQueue()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # Cancelled when the block ends: browsers keep their connections open.
        with suppress(asyncio.CancelledError, ConnectionError):
            await asyncio.sleep(round_trip)
            there, back = await asyncio.open_connection("127.0.0.1", port)
            await asyncio.gather(carry(reader, back, round_trip / 2), carry(there, writer, round_trip / 2))

    async def serve() -> None:
        loop, over = asyncio.get_running_loop(), asyncio.Event()
        server = await asyncio.start_server(connected, "127.0.0.1", 0)
        opened.put((server.sockets[0].getsockname()[1], lambda: loop.call_soon_threadsafe(over.set)))
        await over.wait()

    thread = Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    own, end = opened.get(timeout=10)
    try:
        yield own
    finally:
        end()
        thread.join(5)
