"""Connections that can be cancelled at once, even while the server does not respond."""

import asyncio
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
