"""A relay in front of a server that counts round trips as they pass, and can stop between two.

It can be cut as a network is, in one direction or in both: nothing arrives, nobody is told.
"""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from enum import StrEnum


class Way(StrEnum):
    """In which direction nothing passes."""

    BOTH = "both ways"
    THERE = "there"
    BACK = "back"


class Relay:
    """What passes between clients and one server. `round_trips` counts since the last `reset`."""

    def __init__(self) -> None:
        self.round_trips = 0
        self.stopped = asyncio.Event()
        self._open = asyncio.Event()
        self._there = asyncio.Event()
        self._back = asyncio.Event()
        self._stop_after = -1
        self.resume()

    def reset(self) -> None:
        """Counts from 0 again."""
        self.round_trips = 0

    def stop_after(self, round_trips: int) -> None:
        """Counts from 0, and lets so many pass with their answers; `stopped` tells when."""
        self.reset()
        self.stopped.clear()
        self._stop_after = round_trips

    def silence(self, way: Way = Way.BOTH) -> None:
        """Lets nothing through any more that way; connections stay open and new ones hang."""
        {Way.BOTH: self._open, Way.THERE: self._there, Way.BACK: self._back}[way].clear()

    def resume(self) -> None:
        """Lets everything through again."""
        self._stop_after = -1
        self.stopped.clear()
        for way in (self._open, self._there, self._back):
            way.set()

    async def requests(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        """Passes on what a client sends. Counts as many round trips as there are writes."""
        while data := await source.read(1 << 20):
            await self.counted(1)
            await self._there.wait()
            await self.passed(sink, data)

    async def answers(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        """Passes on what the server sends."""
        while data := await source.read(1 << 16):
            await self._back.wait()
            await self.passed(sink, data)

    async def counted(self, round_trips: int) -> None:
        """What is about to pass makes the client wait so often."""
        if self.round_trips == self._stop_after:
            self.stopped.set()
            self.silence()
            await self._open.wait()
        self.round_trips += round_trips

    async def passed(self, sink: asyncio.StreamWriter, data: bytes) -> None:
        """Passes on some bytes, as soon as anything may pass."""
        await self._open.wait()
        sink.write(data)
        await sink.drain()


@asynccontextmanager
async def relaying(relay: Relay, host: str, port: int) -> AsyncIterator[int]:
    """The relay at work for the server at this address; the free port that it listens on.

    While the server is not there, who connects to the relay is refused as well.
    """
    sinks: list[asyncio.StreamWriter] = []
    links: list[asyncio.Task[None]] = []

    async def link(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        try:
            answers, server = await asyncio.open_connection(host, port)
        except OSError:
            sink.transport.abort()
            return
        sinks.extend((sink, server))
        for passing, end in (
            (relay.requests(source, server), server),
            (relay.answers(answers, sink), sink),
        ):
            links.append(asyncio.create_task(_until_closed(passing, end)))

    listener = await asyncio.start_server(link, "127.0.0.1", 0)
    async with listener:
        yield int(listener.sockets[0].getsockname()[1])
        relay.resume()
        for sink in sinks:
            sink.close()
        await asyncio.gather(*links)
        for sink in sinks:
            # Closed for good only once the loop has seen to it.
            with suppress(ConnectionError):
                await sink.wait_closed()


async def _until_closed(passing: Coroutine[None, None, None], sink: asyncio.StreamWriter) -> None:
    """Passes on in one direction until either end closes, and closes the other."""
    with suppress(asyncio.IncompleteReadError, ConnectionError):
        await passing
    sink.close()
