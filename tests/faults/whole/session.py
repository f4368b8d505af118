"""A client's HTTP connections, opened and closed with the block that needs them."""

from types import TracebackType
from typing import Final, Self

import aiohttp

CONNECTIONS_MAX: Final = 256


class Connected:
    """Has an HTTP session inside its block. Many connections: one that hangs holds up nobody."""

    def __init__(self, connections_max: int = CONNECTIONS_MAX) -> None:
        """`connections_max` of 0 is without a limit."""
        self._connections_max = connections_max
        self._opened: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        connector = aiohttp.TCPConnector(limit=self._connections_max)
        self._opened = aiohttp.ClientSession(connector=connector)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.session.close()

    @property
    def session(self) -> aiohttp.ClientSession:
        """The session, inside the block."""
        assert self._opened is not None
        return self._opened
