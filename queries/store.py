"""The one way to the read models: each call is one statement, one round trip, one snapshot.

What must be of one moment over several statements, such as a gate and what stands behind it, is
read in `Store.snapshot`, which takes two round trips more.

PostgreSQL may be away, or worse, silent. A read that has no answer by its deadline says so, and
drops its connection (infra.postgres.prompt).
"""

import asyncio
import math
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, nullcontext
from typing import Any, TypeVar

import msgspec
from psycopg import AsyncConnection, AsyncRawCursor, errors
from psycopg.rows import dict_row

from infra.postgres.pool import STORE_UNAVAILABLE, Pool, translated
from queries.held import Held
from queries.statement import Statement
from schemas.refusals import Unavailable

Row = TypeVar("Row")
Answer = TypeVar("Answer")
Connected = Callable[[], AbstractAsyncContextManager[AsyncConnection[Any]]]


class Store:
    """Reads from `pool`, which was opened read only.

    `answer_s` bounds a request that came without a deadline, or with a distant one. Nothing is read
    where less is there than what was `held` once.
    """

    def __init__(self, pool: Pool, answer_s: float) -> None:
        self.held = Held()
        self._pool = pool
        self._answer_s = answer_s

    def until(self, deadline_s: float) -> "Reader":
        """What one request reads with, up to `deadline_s` on the monotonic clock."""
        return Reader(self._whole, self._bounded(deadline_s))

    def anyhow(self) -> "Reader":
        """What reads how far the read models are, be it less than they held once."""
        return Reader(self._pool.connection, self._bounded(math.inf))

    @asynccontextmanager
    async def _whole(self) -> AsyncIterator[AsyncConnection[Any]]:
        async with self._pool.connection() as connection:
            await self.held.require(connection)
            yield connection

    @asynccontextmanager
    async def snapshot(self, deadline_s: float) -> AsyncIterator["Reader"]:
        """What one request reads with, if all of its statements must see one and the same moment.

        A reader that stood still between two statements could otherwise be let in by the first
        and be handed by the second what was written since. Raises Unavailable STORE_UNAVAILABLE.
        """
        deadline_s = self._bounded(deadline_s)
        # Its end is a round trip as well, on which the server may be lost.
        with translated():
            async with AsyncExitStack() as opened:
                connection = await _within(deadline_s, self._begin(opened))
                yield Reader(lambda: nullcontext(connection), deadline_s)

    async def _begin(self, opened: AsyncExitStack) -> AsyncConnection[Any]:
        connection = await opened.enter_async_context(self._whole())
        # Repeatable read, as pools that only read are opened.
        await opened.enter_async_context(connection.transaction())
        return connection

    def _bounded(self, deadline_s: float) -> float:
        return min(deadline_s, time.monotonic() + self._answer_s)


class Reader:
    """The reads of one request, which share its deadline."""

    def __init__(self, connected: Connected, deadline_s: float) -> None:
        self._connected = connected
        self._deadline_s = deadline_s

    async def rows(
        self, kind: type[Row], statement: Statement, params: Mapping[str, Any]
    ) -> list[Row]:
        """The rows of one statement as Structs of `kind`, whose fields are its columns.

        Raises Unavailable STORE_UNAVAILABLE when PostgreSQL does not answer in time, or when the
        projections have not made their tables yet.
        """
        try:
            rows = await _within(self._deadline_s, self._fetched(statement, params))
        except errors.UndefinedTable as error:
            raise _unavailable("The read models are not there yet.") from error
        return msgspec.convert(rows, list[kind])  # type: ignore[valid-type]

    async def _fetched(
        self, statement: Statement, params: Mapping[str, Any]
    ) -> list[dict[str, Any]]:
        async with (
            self._connected() as connection,
            AsyncRawCursor(connection, row_factory=dict_row) as cursor,
        ):
            # There are few statements, all constant: each connection plans each of them once.
            values = statement.values(params)
            await cursor.execute(statement.text, values, prepare=True, binary=True)
            rows: list[dict[str, Any]] = await cursor.fetchall()
            return rows


async def _within(deadline_s: float, asking: Coroutine[Any, Any, Answer]) -> Answer:
    """What PostgreSQL answers by the deadline; raises Unavailable STORE_UNAVAILABLE."""
    left_s = deadline_s - time.monotonic()
    if left_s <= 0:
        asking.close()
        raise _unavailable("No time was left to ask the database.")
    limit = asyncio.timeout(left_s)
    try:
        with translated():
            async with limit:
                return await asking
    except TimeoutError as error:
        if not limit.expired():
            raise
        raise _unavailable("The database did not answer in time; try again.") from error


def _unavailable(detail: str) -> Unavailable:
    return Unavailable(STORE_UNAVAILABLE, detail)
