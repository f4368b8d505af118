"""Connections that can be cancelled at once, even while the server does not respond."""

import asyncio
from datetime import datetime
from typing import Any, TypeVar

from psycopg import AsyncConnection, waiting
from psycopg.abc import PQGen

Result = TypeVar("Result")


class PromptConnection(AsyncConnection[Any]):
    """Ends itself when what waits for it is cancelled.

    Psycopg would ask the server to cancel, and wait up to ten seconds for it to agree: a silent
    server would outlast every deadline. The pool replaces the connection. The server finds out by
    itself, at the latest when the statement's own time is over.
    """

    server: datetime | None = None
    """When the server behind it started, where `introduce` has asked: no other did just then."""

    async def wait(
        self,
        gen: PQGen[Result],
        interval: float = 0.1,
        timeout: float | None = None,  # noqa: ASYNC109  The overridden method has it.
    ) -> Result:
        """The outcome of one exchange with the server."""
        try:
            return await waiting.wait_async(
                gen, self.pgconn.socket, interval=interval, timeout=timeout
            )
        except asyncio.CancelledError:
            self.pgconn.finish()
            raise


async def introduce(connection: AsyncConnection[Any]) -> None:
    """Asks a new connection which server it leads to, for `server_of`."""
    if isinstance(connection, PromptConnection):
        cursor = await connection.execute("select pg_postmaster_start_time()")
        [[connection.server]] = await cursor.fetchall()


def server_of(connection: AsyncConnection[Any]) -> datetime | None:
    """Which server the connection leads to, by when that started; None if nobody has asked."""
    return connection.server if isinstance(connection, PromptConnection) else None
