"""A relay in front of PostgreSQL that counts round trips as they pass, and can fall silent.

What counts is the protocol: each Sync or simple query that a client sends makes it wait once.
"""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress

from psycopg.conninfo import conninfo_to_dict, make_conninfo

_WAITS = (b"S", b"Q")
_ENCRYPTION_REQUESTS = (80877103, 80877104)


class Wire:
    """One relay. `dsn` leads through it; `round_trips` counts since the last `reset`."""

    def __init__(self, dsn: str) -> None:
        self.dsn = dsn
        self.round_trips = 0
        self._open = asyncio.Event()
        self._open.set()

    def reset(self) -> None:
        """Counts from 0 again."""
        self.round_trips = 0

    def silence(self) -> None:
        """Lets nothing through any more; connections stay open and new ones hang."""
        self._open.clear()

    def resume(self) -> None:
        """Lets everything through again."""
        self._open.set()

    async def requests(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        """Passes on what a client sends, message by message."""
        while True:
            head = await source.readexactly(8)
            size = int.from_bytes(head[:4], "big")
            await self._pass(sink, head + await source.readexactly(size - 8))
            if int.from_bytes(head[4:], "big") not in _ENCRYPTION_REQUESTS:
                break
        while True:
            head = await source.readexactly(5)
            size = int.from_bytes(head[1:], "big")
            body = await source.readexactly(size - 4)
            self.round_trips += head[:1] in _WAITS
            await self._pass(sink, head + body)

    async def answers(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        """Passes on what the server sends."""
        while data := await source.read(1 << 16):
            await self._pass(sink, data)

    async def _pass(self, sink: asyncio.StreamWriter, data: bytes) -> None:
        await self._open.wait()
        sink.write(data)
        await sink.drain()


@asynccontextmanager
async def relayed(dsn: str) -> AsyncIterator[Wire]:
    """A relay to the server of `dsn`, on a free port."""
    target = conninfo_to_dict(dsn)
    sinks: list[asyncio.StreamWriter] = []
    links: list[asyncio.Task[None]] = []

    async def link(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        answers, server = await asyncio.open_connection(
            str(target["host"]), int(str(target["port"]))
        )
        sinks.extend((sink, server))
        for passing, end in (
            (wire.requests(source, server), server),
            (wire.answers(answers, sink), sink),
        ):
            links.append(asyncio.create_task(_until_closed(passing, end)))

    listener = await asyncio.start_server(link, "127.0.0.1", 0)
    wire = Wire(make_conninfo(dsn, port=listener.sockets[0].getsockname()[1]))
    async with listener:
        yield wire
        wire.resume()
        for sink in sinks:
            sink.close()
        await asyncio.gather(*links)


async def _until_closed(passing: Coroutine[None, None, None], sink: asyncio.StreamWriter) -> None:
    """Passes on in one direction until either end closes, and closes the other."""
    with suppress(asyncio.IncompleteReadError, ConnectionError):
        await passing
    sink.close()
