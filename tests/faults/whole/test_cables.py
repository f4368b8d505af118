"""Cables: what passes arrives, what is cut waits without a word, and arrives once it is mended."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest

from tests.faults.whole.cables import Cables
from tests.relay import Way

SILENT_S = 0.2
SECONDS = 10.0
NAME = "queries redis"


@pytest.fixture
def cables() -> Iterator[Cables]:
    made = Cables()
    yield made
    made.close()


@asynccontextmanager
async def echoing() -> AsyncIterator[tuple[int, list[bytes]]]:
    """A server that says what it hears; its port, and what it heard."""
    heard: list[bytes] = []
    sinks: list[asyncio.StreamWriter] = []

    async def echo(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        sinks.append(sink)
        while line := await source.readline():
            heard.append(line)
            sink.write(line)

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1], heard
        for sink in sinks:
            sink.close()
            await sink.wait_closed()


async def test_what_passes_arrives(cables: Cables) -> None:
    async with echoing() as (port, _):
        source, sink = await asyncio.open_connection("127.0.0.1", cables.lay(NAME, port))
        sink.write(b"hey\n")
        assert await source.readline() == b"hey\n"
        sink.close()


@pytest.mark.parametrize(
    ("way", "arrives"), [(Way.THERE, False), (Way.BOTH, False), (Way.BACK, True)]
)
async def test_what_is_cut_waits_and_nobody_is_told(
    cables: Cables, way: Way, arrives: bool
) -> None:
    async with echoing() as (port, heard):
        source, sink = await asyncio.open_connection("127.0.0.1", cables.lay(NAME, port))
        cables.cut(NAME, way)
        sink.write(b"hey\n")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(SILENT_S):
                await source.readline()
        assert bool(heard) is arrives
        cables.mend()
        sink.write(b"you\n")
        async with asyncio.timeout(SECONDS):
            assert await source.read(8) or heard
            while len(heard) < 2:  # noqa: ASYNC110  The server rings no bell.
                await asyncio.sleep(0.01)
        assert heard == [b"hey\n", b"you\n"]
        sink.close()


async def test_who_comes_while_the_server_is_away_is_refused(cables: Cables) -> None:
    async with echoing() as (port, _):
        near = cables.lay(NAME, port)
    source, sink = await asyncio.open_connection("127.0.0.1", near)
    with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
        async with asyncio.timeout(SECONDS):
            await source.readexactly(1)
    sink.close()
