"""A relay in front of PostgreSQL.

What counts is the protocol: each Sync or simple query that a client sends makes it wait once.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from tests.relay import Relay, relaying

_WAITS = (b"S", b"Q")
_ENCRYPTION_REQUESTS = (80877103, 80877104)


class Wire(Relay):
    """One relay. `dsn` leads through it."""

    def __init__(self) -> None:
        super().__init__()
        self.dsn = ""

    async def requests(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        """Passes on what a client sends, message by message."""
        while True:
            head = await source.readexactly(8)
            size = int.from_bytes(head[:4], "big")
            await self.passed(sink, head + await source.readexactly(size - 8))
            if int.from_bytes(head[4:], "big") not in _ENCRYPTION_REQUESTS:
                break
        while True:
            head = await source.readexactly(5)
            size = int.from_bytes(head[1:], "big")
            body = await source.readexactly(size - 4)
            await self.counted(head[:1] in _WAITS)
            await self.passed(sink, head + body)


@asynccontextmanager
async def relayed(dsn: str) -> AsyncIterator[Wire]:
    """A relay to the server of `dsn`, on a free port."""
    target = conninfo_to_dict(dsn)
    wire = Wire()
    async with relaying(wire, str(target["host"]), int(str(target["port"]))) as port:
        wire.dsn = make_conninfo(dsn, port=port)
        yield wire
